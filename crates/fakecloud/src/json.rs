//! Writes JSON straight into a byte buffer.
//!
//! Rows differ by microversion and by role, so a fluent writer with plain `if`s says more than a struct full of
//! `skip_serializing_if`; and a page of 1,000 servers (2 MB) must not be built as a tree first. Knows no OpenStack.

use std::io::Write as _;

use crate::ids::Id;

/// Something that can stand as a JSON value.
pub(crate) trait Json {
    fn write(&self, out: &mut Vec<u8>);
}

/// An id without dashes, as keystone writes them.
#[derive(Debug)]
pub(crate) struct Hex(pub Id);

/// `null`.
#[derive(Debug)]
pub(crate) struct Null;

/// The empty list.
#[derive(Debug)]
pub(crate) struct NoItems;

impl Json for str {
    fn write(&self, out: &mut Vec<u8>) {
        // Writing to a Vec cannot fail, and a str is always serialisable.
        let _ = serde_json::to_writer(out, self);
    }
}

impl Json for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }
}

impl Json for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Json for Null {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
    }
}

impl Json for NoItems {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"[]");
    }
}

impl Json for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        let _ = write!(out, "{self}");
    }
}

impl Json for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        let _ = write!(out, "{self}");
    }
}

impl Json for u32 {
    fn write(&self, out: &mut Vec<u8>) {
        u64::from(*self).write(out);
    }
}

impl Json for i32 {
    fn write(&self, out: &mut Vec<u8>) {
        i64::from(*self).write(out);
    }
}

/// Text of our own making (urls, numbered names): written without escaping, so never for what a client chose.
impl Json for std::fmt::Arguments<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        let _ = out.write_fmt(*self);
        out.push(b'"');
    }
}

impl Json for Id {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(&self.dashed());
        out.push(b'"');
    }
}

impl Json for Hex {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(&self.0.hex());
        out.push(b'"');
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => Null.write(out),
        }
    }
}

impl<T: Json> Json for [T] {
    fn write(&self, out: &mut Vec<u8>) {
        list(out, |l| {
            for item in self {
                l.put(item);
            }
        });
    }
}

impl<T: Json, const N: usize> Json for [T; N] {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_slice().write(out);
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_slice().write(out);
    }
}

impl<T: Json + ?Sized> Json for &T {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
}

impl Json for serde_json::Value {
    fn write(&self, out: &mut Vec<u8>) {
        let _ = serde_json::to_writer(out, self);
    }
}

/// An object being written.
#[derive(Debug)]
pub(crate) struct Obj<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl Obj<'_> {
    /// Keys are ours, never a client's: they need no escaping.
    fn key(&mut self, key: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    pub(crate) fn put(&mut self, key: &str, value: impl Json) -> &mut Self {
        self.key(key);
        value.write(self.out);
        self
    }

    pub(crate) fn obj(&mut self, key: &str, fill: impl FnOnce(&mut Obj<'_>)) -> &mut Self {
        self.key(key);
        object(self.out, fill);
        self
    }

    pub(crate) fn list(&mut self, key: &str, fill: impl FnOnce(&mut List<'_>)) -> &mut Self {
        self.key(key);
        list(self.out, fill);
        self
    }
}

/// A list being written.
#[derive(Debug)]
pub(crate) struct List<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl List<'_> {
    /// The buffer, positioned after the comma the next item needs.
    pub(crate) fn next(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        self.out
    }

    pub(crate) fn put(&mut self, value: &(impl Json + ?Sized)) {
        value.write(self.next());
    }

    pub(crate) fn obj(&mut self, fill: impl FnOnce(&mut Obj<'_>)) {
        object(self.next(), fill);
    }
}

pub(crate) fn object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Obj<'_>)) {
    out.push(b'{');
    fill(&mut Obj { out, empty: true });
    out.push(b'}');
}

/// Goes on with an object that already has fields, and closes it.
pub(crate) fn resume_object(out: &mut Vec<u8>, fill: impl FnOnce(&mut Obj<'_>)) {
    fill(&mut Obj { out, empty: false });
    out.push(b'}');
}

pub(crate) fn list(out: &mut Vec<u8>, fill: impl FnOnce(&mut List<'_>)) {
    out.push(b'[');
    fill(&mut List { out, empty: true });
    out.push(b']');
}

/// A whole document.
pub(crate) fn document(fill: impl FnOnce(&mut Obj<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    object(&mut out, fill);
    out
}
