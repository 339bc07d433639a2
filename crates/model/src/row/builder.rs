//! Writing one row: its fields in any order, then its bytes and digests at once.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::open::{OpenRow, Place};
use super::rows::Rows;
use super::secondary::{Secondary, secondary_key};
use super::stored::{Head, SecondaryKey};
use super::{Span, VERSION, tag};
use crate::collection::{Collection, Field, Type};
use crate::issue::{Issue, IssueKind};
use crate::key::{self, Find, Key};
use crate::menu::CollectionIx;

/// Writes one row. A field that is not set is left alone in the database; a field set to `None` becomes null.
#[derive(Debug)]
#[must_use = "a row is stored by finish()"]
pub struct RowBuilder<'a> {
    pub(super) collection: CollectionIx,
    pub(super) key: Key,
    pub(super) raw: &'a str,
    pub(super) raw_digest: Option<u64>,
    pub(super) rows: &'a mut Rows,
}

impl<'a> RowBuilder<'a> {
    pub fn text<'v>(self, field: Field, value: impl Into<Option<&'v str>>) -> Self {
        match value.into() {
            Some(value) => self.any_text(field, tag::TEXT, Type::Text, value),
            None => self.null(field),
        }
    }

    /// A JSON document, as text.
    pub fn json<'v>(self, field: Field, value: impl Into<Option<&'v str>>) -> Self {
        match value.into() {
            Some(value) => self.any_text(field, tag::JSON, Type::Json, value),
            None => self.null(field),
        }
    }

    pub fn int(self, field: Field, value: impl Into<Option<i64>>) -> Self {
        match value.into() {
            Some(value) => self.fixed(field, tag::INT, Type::Int, &value.to_le_bytes()),
            None => self.null(field),
        }
    }

    pub fn float(self, field: Field, value: impl Into<Option<f64>>) -> Self {
        match value.into() {
            // −0 and every NaN would otherwise differ from themselves.
            Some(value) if value.is_finite() => self.fixed(field, tag::FLOAT, Type::Float, &(value + 0.0).to_le_bytes()),
            _ => self.null(field),
        }
    }

    pub fn bool(self, field: Field, value: impl Into<Option<bool>>) -> Self {
        match value.into() {
            Some(value) => self.fixed(field, tag::BOOL, Type::Bool, &[u8::from(value)]),
            None => self.null(field),
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn time(self, field: Field, value: impl Into<Option<i64>>) -> Self {
        match value.into() {
            Some(value) => self.fixed(field, tag::TIME, Type::Time, &value.to_le_bytes()),
            None => self.null(field),
        }
    }

    pub fn null(mut self, field: Field) -> Self {
        self.slot(field, |bytes| bytes.push(tag::NULL));
        self
    }

    /// Links to the row with this primary identity, now or whenever it appears. A blank key is a null link.
    pub fn link(self, field: Field, key: impl Into<Key>) -> Self {
        self.link_by(field, 0, key)
    }

    pub fn opt_link<'v>(self, field: Field, key: impl Into<Option<&'v str>>) -> Self {
        match key.into() {
            Some(key) => self.link(field, key),
            None => self.null(field),
        }
    }

    /// Links by a secondary ref of the target: `by` is its number, counted from 1.
    pub fn link_by(mut self, field: Field, by: u8, key: impl Into<Key>) -> Self {
        let key = key.into();
        if key.is_blank() {
            return self.null(field);
        }
        let target = self.rows.menu.link_target(self.collection, field);
        debug_assert!(target.is_some(), "{} is not a link", self.field_name(field));
        if let Some(target) = target {
            self.any_link(Place { field, target, by, value_of: u8::MAX, default: None }, &key);
        }
        self
    }

    /// Takes the value of a column of another row, or `default` when that row is unknown or its value is null.
    pub fn value_of(
        mut self,
        field: Field,
        target: CollectionIx,
        by: u8,
        key: impl Into<Key>,
        column: Field,
        default: Option<i64>,
    ) -> Self {
        let key = key.into();
        if key.is_blank() {
            return self.int(field, default);
        }
        if default.is_some() {
            self.check(field, Type::Int);
        }
        self.any_link(Place { field, target, by, value_of: column.0, default }, &key);
        self
    }

    #[inline]
    fn any_link(&mut self, place: Place, key: &Key) {
        self.slot(place.field, |bytes| push_link(bytes, place, key));
        if key.is_open() || !self.rows.scratch.links.is_empty() {
            self.rows.scratch.note_open(place, key);
        }
    }

    /// What grows whenever the object changes: a counter of the provider's, or a time in microseconds. Of two records of
    /// one object the one with the greater version counts, in whatever order they come. Ignored where the collection is
    /// not versioned.
    pub fn version(self, version: impl Into<Option<i64>>) -> Self {
        self.rows.scratch.version = version.into();
        self
    }

    /// The provider's own document, kept as it came.
    pub fn raw(mut self, document: &'a str) -> Self {
        self.raw = document;
        self
    }

    /// Digest of the document for comparing, where parts of it (a heartbeat's time) change without meaning.
    pub fn raw_digest_of(mut self, stable: &str) -> Self {
        self.raw_digest = Some(xxh3_64_with_seed(stable.as_bytes(), self.rows.seed).max(1));
        self
    }

    /// Stores the row. A blank identity is an issue and the row is not stored.
    pub fn finish(self) {
        self.store(None);
    }

    /// `find` is given for a row that was set aside: what it does not know, nobody does.
    pub(super) fn store(self, mut find: Option<&mut Find<'_>>) {
        let Self { collection, key, raw, raw_digest, rows } = self;
        let Rows { menu, seed, collections, scratch, open, issues } = rows;
        let description = menu.get(collection);
        let missing = |(at, part): (usize, &&'static str)| key.is_null(at) && !description.nullable_ref.contains(part);
        if key.is_blank() || description.manager_ref.iter().enumerate().any(missing) {
            issues.push(Issue {
                kind: IssueKind::BlankIdentity,
                collection: description.name.to_owned(),
                reference: key.shown(),
                field: None,
                message: format!("a record without {}; it was left out", description.manager_ref.join(", ")),
            });
            return;
        }
        if find.is_none() && (key.is_open() || !scratch.links.is_empty()) {
            open.push(OpenRow::new(menu, collection, key, (raw, raw_digest), scratch));
            return;
        }
        let out = &mut collections[collection.index()];
        let key_span = out.append(key.as_str().as_bytes());
        let start = out.bytes.len() as u32;
        for (field, slot) in scratch.slots.iter().enumerate() {
            if slot.len > 0 {
                out.bytes.push(field as u8);
                out.bytes.extend_from_slice(slot.of(&scratch.bytes));
            }
        }
        let mut body = Span { start, len: out.bytes.len() as u32 - start };
        let salt = *seed ^ u64::from(menu.mapping_version()).rotate_left(32);
        let mut digest = xxh3_64_with_seed(body.of(&out.bytes), salt);
        if let Some(version) = scratch.version.filter(|_| description.versioned) {
            out.bytes.extend_from_slice(&[VERSION, tag::INT]);
            out.bytes.extend_from_slice(&version.to_le_bytes());
            body.len = out.bytes.len() as u32 - start;
        }
        let raw_span = out.append(raw.as_bytes());
        let raw_digest =
            if raw.is_empty() { 0 } else { raw_digest.unwrap_or_else(|| xxh3_64_with_seed(raw.as_bytes(), *seed).max(1)) };
        let first = out.secondary.len() as u32;
        for (i, secondary) in description.secondary_refs.iter().enumerate() {
            match secondary_key(description, secondary.parts, scratch, find.as_deref_mut()) {
                Secondary::Key { text, found } => {
                    // What was found is no part of the body; when it changes, the row has changed.
                    digest = if found { xxh3_64_with_seed(text.as_str().as_bytes(), digest) } else { digest };
                    let key = out.append(text.as_str().as_bytes());
                    out.secondary.push(SecondaryKey { by: i as u8 + 1, key });
                }
                Secondary::Open => {
                    out.bytes.truncate(key_span.start as usize);
                    out.secondary.truncate(first as usize);
                    let digest = (raw_digest != 0).then_some(raw_digest);
                    open.push(OpenRow::new(menu, collection, key, (raw, digest), scratch));
                    return;
                }
                Secondary::None => {}
            }
        }
        let secondary = Span { start: first, len: out.secondary.len() as u32 - first };
        let key_hash = key::hash(*seed, key.as_str());
        out.heads.push(Head { key_hash, digest, raw_digest, key: key_span, body, raw: raw_span, secondary });
    }

    fn any_text(mut self, field: Field, tag: u8, ty: Type, value: &str) -> Self {
        self.check(field, ty);
        if value.as_bytes().contains(&0) {
            let (collection, field_name) = (self.description().name.to_owned(), self.field_name(field).to_owned());
            self.rows.issues.push(Issue {
                kind: IssueKind::Adjusted,
                collection,
                reference: self.key.as_str().to_owned(),
                field: Some(field_name),
                message: "NUL characters were replaced by U+FFFD".to_owned(),
            });
            let value = value.replace('\0', "\u{FFFD}");
            self.slot(field, |bytes| push_bytes(bytes, tag, value.as_bytes()));
        } else {
            self.slot(field, |bytes| push_bytes(bytes, tag, value.as_bytes()));
        }
        self
    }

    fn fixed(mut self, field: Field, tag: u8, ty: Type, payload: &[u8]) -> Self {
        self.check(field, ty);
        self.slot(field, |bytes| {
            bytes.push(tag);
            bytes.extend_from_slice(payload);
        });
        self
    }

    pub(super) fn slot(&mut self, field: Field, write: impl FnOnce(&mut Vec<u8>)) {
        let scratch = &mut self.rows.scratch;
        let start = scratch.bytes.len() as u32;
        write(&mut scratch.bytes);
        scratch.slots[usize::from(field.0)] = Span { start, len: scratch.bytes.len() as u32 - start };
    }

    fn check(&self, field: Field, ty: Type) {
        debug_assert_eq!(
            self.description().column(field).map(|c| c.ty),
            Some(ty),
            "{}.{} is written with another type",
            self.description().name,
            self.field_name(field)
        );
    }

    fn description(&self) -> &Collection {
        self.rows.menu.get(self.collection)
    }

    fn field_name(&self, field: Field) -> &'static str {
        self.description().field_name(field)
    }
}

fn push_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

pub(super) fn push_link(out: &mut Vec<u8>, place: Place, key: &Key) {
    let key = key.as_str();
    out.push(tag::LINK);
    out.extend_from_slice(&place.target.0.to_le_bytes());
    out.extend_from_slice(&[place.by, place.value_of]);
    out.extend_from_slice(&(key.len() as u32).to_le_bytes());
    out.extend_from_slice(key.as_bytes());
    match place.default {
        None => out.extend_from_slice(&0u32.to_le_bytes()),
        Some(default) => {
            out.extend_from_slice(&9u32.to_le_bytes());
            out.push(tag::INT);
            out.extend_from_slice(&default.to_le_bytes());
        }
    }
}
