//! Reading a row where it lies.

use super::stored::{CollectionRows, Head};
use super::{VERSION, tag};
use crate::collection::Field;
use crate::menu::CollectionIx;
use crate::value::{LinkRef, Value};

/// One row, read only.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'a> {
    pub(super) rows: &'a CollectionRows,
    pub(super) head: &'a Head,
}

impl<'a> RowView<'a> {
    pub fn head(self) -> &'a Head {
        self.head
    }

    /// Text form of the identity.
    pub fn key(self) -> &'a str {
        text(self.head.key.of(&self.rows.bytes))
    }

    /// The identity's text form as bytes: for ordering and hashing, where nobody reads it.
    pub fn key_bytes(self) -> &'a [u8] {
        self.head.key.of(&self.rows.bytes)
    }

    pub fn body(self) -> &'a [u8] {
        self.head.body.of(&self.rows.bytes)
    }

    /// The provider's own document.
    pub fn raw(self) -> Option<&'a str> {
        (self.head.raw.len > 0).then(|| text(self.raw_bytes()))
    }

    /// The provider's own document as packed by [`CollectionRows::push_copy_packed`].
    pub fn packed_raw(self) -> Option<&'a [u8]> {
        (self.head.raw.len > 0).then(|| self.raw_bytes())
    }

    pub(super) fn raw_bytes(self) -> &'a [u8] {
        self.head.raw.of(&self.rows.bytes)
    }

    /// (number of the secondary ref counted from 1, text form of the key)
    pub fn secondary_keys(self) -> impl Iterator<Item = (u8, &'a str)> {
        let range = self.head.secondary.start as usize..(self.head.secondary.start + self.head.secondary.len) as usize;
        self.rows.secondary[range].iter().map(move |s| (s.by, text(s.key.of(&self.rows.bytes))))
    }

    /// The sent fields, in field order.
    pub fn fields(self) -> Fields<'a> {
        Fields { rest: self.body() }
    }

    /// The links among the fields, in field order. Passes over everything else without reading it.
    pub fn links(self) -> impl Iterator<Item = (Field, LinkView<'a>)> {
        let mut rest = self.body();
        std::iter::from_fn(move || {
            while let Some((field, tail)) = rest.split_first() {
                if *field == VERSION {
                    break;
                }
                rest = tail;
                if rest.first() == Some(&tag::LINK) {
                    if let FieldValue::Link(link) = take_value(&mut rest) {
                        return Some((Field(*field), link));
                    }
                } else {
                    skip_value(&mut rest);
                }
            }
            None
        })
    }

    /// The version it was written with. Passes over everything else.
    pub fn version(self) -> Option<i64> {
        let mut rest = self.body();
        while let Some((field, tail)) = rest.split_first() {
            rest = tail;
            match (*field, rest.first()) {
                (VERSION, _) => {
                    let FieldValue::Int(version) = take_value(&mut rest) else { return None };
                    return Some(version);
                }
                (_, Some(&tag::LINK)) => drop(take_value(&mut rest)),
                _ => skip_value(&mut rest),
            }
        }
        None
    }

    pub fn get(self, field: Field) -> Option<FieldValue<'a>> {
        self.fields().find(|(f, _)| *f == field).map(|(_, v)| v)
    }

    /// Which fields are sent, one bit each.
    pub fn mask(self) -> u64 {
        self.fields().fold(0, |mask, (field, _)| mask | 1 << field.0)
    }
}

/// A field's value, borrowed from its row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FieldValue<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Time(i64),
    Text(&'a str),
    Json(&'a str),
    Link(LinkView<'a>),
}

/// A link in a row: see [`LinkRef`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkView<'a> {
    pub target: CollectionIx,
    pub by: u8,
    pub key: &'a str,
    /// Set when the value of this field of the target is wanted instead of the link.
    pub value_of: Option<Field>,
    default: &'a [u8],
}

impl<'a> LinkView<'a> {
    /// What a value link gives when its target is unknown or its value is null.
    pub fn default(self) -> FieldValue<'a> {
        match self.default.first() {
            Some(_) => take_value(&mut &self.default[..]),
            None => FieldValue::Null,
        }
    }
}

impl FieldValue<'_> {
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(v) => Value::Bool(v),
            Self::Int(v) => Value::Int(v),
            Self::Float(v) => Value::Float(v),
            Self::Time(v) => Value::Time(v),
            Self::Text(v) => Value::Text(v.to_owned()),
            Self::Json(v) => Value::Json(v.to_owned()),
            Self::Link(l) => {
                Value::Link(LinkRef { target: l.target, by: l.by, key: l.key.to_owned(), value_of: l.value_of.map(|f| f.0) })
            }
        }
    }
}

#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = (Field, FieldValue<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (field, rest) = self.rest.split_first()?;
        if *field == VERSION {
            return None;
        }
        self.rest = rest;
        Some((Field(*field), take_value(&mut self.rest)))
    }
}

pub(super) fn take_value<'a>(rest: &mut &'a [u8]) -> FieldValue<'a> {
    let [tag] = take::<1>(rest);
    match tag {
        tag::BOOL => FieldValue::Bool(take::<1>(rest) != [0]),
        tag::INT => FieldValue::Int(i64::from_le_bytes(take(rest))),
        tag::FLOAT => FieldValue::Float(f64::from_le_bytes(take(rest))),
        tag::TIME => FieldValue::Time(i64::from_le_bytes(take(rest))),
        tag::TEXT => FieldValue::Text(text(take_bytes(rest))),
        tag::JSON => FieldValue::Json(text(take_bytes(rest))),
        tag::LINK => {
            let target = CollectionIx(u16::from_le_bytes(take(rest)));
            let [by, value_of] = take(rest);
            let key = text(take_bytes(rest));
            let default = take_bytes(rest);
            let value_of = (value_of != u8::MAX).then_some(Field(value_of));
            FieldValue::Link(LinkView { target, by, key, value_of, default })
        }
        _ => FieldValue::Null,
    }
}

fn skip_value(rest: &mut &[u8]) {
    match take::<1>(rest) {
        [tag::BOOL] => drop(take::<1>(rest)),
        [tag::INT | tag::FLOAT | tag::TIME] => drop(take::<8>(rest)),
        [tag::TEXT | tag::JSON] => drop(take_bytes(rest)),
        _ => {}
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (head, tail) = rest.split_first_chunk::<N>().expect("rows are only written by RowBuilder");
    *rest = tail;
    *head
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let len = u32::from_le_bytes(take(rest)) as usize;
    let (head, tail) = rest.split_at(len);
    *rest = tail;
    head
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("rows are only written from &str")
}
