//! Rows in their compact form: written once by the parser, hashed once, compared by the saver, bound by the store.
//!
//! A row's body is its sent fields in field order, each `[field u8][tag u8][payload]`, little endian. The body holds the
//! *refs* of links, never ids, so its digest is known before anything is resolved.

mod open;
mod record;

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::collection::{Collection, Field, Type};
use crate::issue::{Issue, IssueKind};
use crate::key::{self, Find, Key};
use crate::menu::{CollectionIx, Menu};
use crate::value::{LinkRef, Value};

use self::open::{OpenLink, Place};
pub use self::open::{OpenRow, Unknown, UnknownPart};

mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const BOOL: u8 = 1;
    pub(super) const INT: u8 = 2;
    pub(super) const FLOAT: u8 = 3;
    pub(super) const TIME: u8 = 4;
    pub(super) const TEXT: u8 = 5;
    pub(super) const JSON: u8 = 6;
    pub(super) const LINK: u8 = 7;
}

/// Behind the fields of a body, and no part of what is hashed: the row's version, written like a field of this number.
const VERSION: u8 = u8::MAX;
const _: () = assert!((VERSION as usize) >= crate::collection::MAX_FIELDS);

/// A stretch of a byte buffer.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..][..self.len as usize]
    }
}

/// What the saver needs to know of a row without looking into it.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Hash of the identity.
    pub key_hash: u128,
    /// Hash of the body.
    pub digest: u64,
    /// Hash of the provider's document; 0 when there is none.
    pub raw_digest: u64,
    key: Span,
    body: Span,
    raw: Span,
    secondary: Span,
}

#[derive(Debug, Clone, Copy)]
struct SecondaryKey {
    by: u8,
    key: Span,
}

/// The rows of one collection.
#[derive(Debug, Default, Clone)]
pub struct CollectionRows {
    heads: Vec<Head>,
    bytes: Vec<u8>,
    secondary: Vec<SecondaryKey>,
}

impl CollectionRows {
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub fn head(&self, at: usize) -> &Head {
        &self.heads[at]
    }

    pub fn view(&self, at: usize) -> RowView<'_> {
        RowView { rows: self, head: &self.heads[at] }
    }

    pub fn iter(&self) -> impl Iterator<Item = RowView<'_>> {
        self.heads.iter().map(|head| RowView { rows: self, head })
    }

    /// Copies a row of another buffer to the end of this one.
    pub fn push_copy(&mut self, row: RowView<'_>) {
        self.push_with_raw(row, row.raw_bytes());
    }

    /// As [`Self::push_copy`], without the document.
    pub fn push_copy_bare(&mut self, row: RowView<'_>) {
        self.push_with_raw(row, &[]);
    }

    fn push_with_raw(&mut self, row: RowView<'_>, raw: &[u8]) {
        let mut copy = *row.head;
        copy.key = self.append(row.key().as_bytes());
        copy.body = self.append(row.body());
        copy.raw = self.append(raw);
        let first = self.secondary.len() as u32;
        for (by, key) in row.secondary_keys() {
            let key = self.append(key.as_bytes());
            self.secondary.push(SecondaryKey { by, key });
        }
        copy.secondary = Span { start: first, len: self.secondary.len() as u32 - first };
        self.heads.push(copy);
    }

    /// As [`Self::push_copy`], with the document packed by `pack`; read it by [`RowView::packed_raw`].
    pub fn push_copy_packed(&mut self, row: RowView<'_>, pack: impl FnOnce(&str) -> Vec<u8>) {
        let packed = row.raw().map(pack).unwrap_or_default();
        self.push_with_raw(row, &packed);
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.bytes.capacity() + self.heads.capacity() * size_of::<Head>()
    }

    fn append(&mut self, bytes: &[u8]) -> Span {
        // Spans are 32 bits wide; four gigabytes of changed rows in one collection and run are refused, not wrapped.
        let start =
            u32::try_from(self.bytes.len() + bytes.len()).expect("less than 4 GiB of rows of one collection in a run");
        self.bytes.extend_from_slice(bytes);
        Span { start: start - bytes.len() as u32, len: bytes.len() as u32 }
    }

    fn clear(&mut self) {
        self.heads.clear();
        self.bytes.clear();
        self.secondary.clear();
    }
}

/// One row, read only.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'a> {
    rows: &'a CollectionRows,
    head: &'a Head,
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

    fn raw_bytes(self) -> &'a [u8] {
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

fn take_value<'a>(rest: &mut &'a [u8]) -> FieldValue<'a> {
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

/// Rows of any collections of one menu, with the issues met while writing them: a page's worth, or a whole snapshot.
#[derive(Debug, Clone)]
pub struct Rows {
    menu: Arc<Menu>,
    seed: u64,
    collections: Vec<CollectionRows>,
    scratch: Scratch,
    open: Vec<OpenRow>,
    pub issues: Vec<Issue>,
}

#[derive(Debug, Default, Clone)]
struct Scratch {
    bytes: Vec<u8>,
    slots: Vec<Span>,
    /// Links by a key that is open. Here and not in the builder, which is moved with each field.
    links: Vec<OpenLink>,
    version: Option<i64>,
}

impl Rows {
    /// `seed`: the installation's own, so that nobody outside can prepare two rows of one digest.
    pub fn new(menu: Arc<Menu>, seed: u64) -> Self {
        let collections = vec![CollectionRows::default(); menu.len()];
        Self { menu, seed, collections, scratch: Scratch::default(), open: Vec::new(), issues: Vec::new() }
    }

    pub fn menu(&self) -> &Arc<Menu> {
        &self.menu
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Starts a row; nothing is stored before [`RowBuilder::finish`].
    pub fn row(&mut self, collection: CollectionIx, key: impl Into<Key>) -> RowBuilder<'_> {
        self.scratch.bytes.clear();
        self.scratch.links.clear();
        self.scratch.version = None;
        let Collection { columns, links, .. } = self.menu.get(collection);
        self.scratch.slots.clear();
        self.scratch.slots.resize(columns.len() + links.len(), Span::default());
        RowBuilder { collection, key: key.into(), raw: "", raw_digest: None, rows: self }
    }

    pub fn of(&self, collection: CollectionIx) -> &CollectionRows {
        &self.collections[collection.index()]
    }

    pub fn iter(&self) -> impl Iterator<Item = (CollectionIx, &CollectionRows)> {
        self.collections.iter().enumerate().map(|(i, rows)| (CollectionIx(i as u16), rows))
    }

    /// Number of rows of all collections, without those that are open still.
    pub fn len(&self) -> usize {
        self.collections.iter().map(CollectionRows::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies a row of another buffer.
    pub fn push_copy(&mut self, collection: CollectionIx, row: RowView<'_>) {
        self.collections[collection.index()].push_copy(row);
    }

    /// Moves the rows and issues of `other`, which must be of the same menu and seed, to the end of these.
    pub fn append(&mut self, other: &mut Self) {
        for (mine, theirs) in self.collections.iter_mut().zip(&mut other.collections) {
            if mine.is_empty() {
                std::mem::swap(mine, theirs);
            } else {
                theirs.iter().for_each(|row| mine.push_copy(row));
                theirs.clear();
            }
        }
        self.open.append(&mut other.open);
        self.issues.append(&mut other.issues);
    }

    /// Forgets the rows of one collection.
    pub fn forget(&mut self, collection: CollectionIx) {
        self.collections[collection.index()].clear();
    }

    /// Forgets all rows, keeps the buffers.
    pub fn clear(&mut self) {
        self.collections.iter_mut().for_each(CollectionRows::clear);
        self.open.clear();
        self.issues.clear();
    }

    /// A record that could not be read at all: `place` says where it stood.
    pub fn malformed(&mut self, collection: CollectionIx, place: impl Into<String>, message: impl Into<String>) {
        self.issues.push(Issue {
            kind: IssueKind::Malformed,
            collection: self.menu.get(collection).name.to_owned(),
            reference: place.into(),
            field: None,
            message: message.into(),
        });
    }
}

/// Writes one row. A field that is not set is left alone in the database; a field set to `None` becomes null.
#[derive(Debug)]
#[must_use = "a row is stored by finish()"]
pub struct RowBuilder<'a> {
    collection: CollectionIx,
    key: Key,
    raw: &'a str,
    raw_digest: Option<u64>,
    rows: &'a mut Rows,
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
    fn store(self, mut find: Option<&mut Find<'_>>) {
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

    fn slot(&mut self, field: Field, write: impl FnOnce(&mut Vec<u8>)) {
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

fn push_link(out: &mut Vec<u8>, place: Place, key: &Key) {
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

enum Secondary {
    /// `found`: a part is the identity of a row that was found by a secondary ref.
    Key {
        text: Key,
        found: bool,
    },
    /// A part is a link by a secondary ref, so it is not known yet.
    Open,
    None,
}

/// A row has a secondary key when all its parts are set.
fn secondary_key(description: &Collection, parts: &[&str], scratch: &Scratch, mut find: Option<&mut Find<'_>>) -> Secondary {
    let (mut text, mut found) = (Key::new(), false);
    for part in parts {
        let Some(field) = description.field(part) else { return Secondary::None };
        let slot = scratch.slots[usize::from(field.0)];
        if slot.len == 0 {
            return Secondary::None;
        }
        text = match take_value(&mut slot.of(&scratch.bytes)) {
            FieldValue::Text("") | FieldValue::Null | FieldValue::Float(_) => return Secondary::None,
            FieldValue::Text(v) | FieldValue::Json(v) => text.and_text(v),
            FieldValue::Int(v) | FieldValue::Time(v) => text.and_int(v),
            FieldValue::Bool(v) => text.and_bool(v),
            FieldValue::Link(link) if link.value_of.is_some() => return Secondary::None,
            // The linked row's identity, as Key::and_link writes it.
            FieldValue::Link(link) if link.by == 0 => text.and_text(link.key),
            FieldValue::Link(link) => {
                let Some(find) = find.as_deref_mut() else { return Secondary::Open };
                let Some(identity) = find(link.target, link.by, link.key) else { return Secondary::None };
                found = true;
                text.and_text(&identity)
            }
        };
    }
    Secondary::Key { text, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::collection! {
        /// For this test.
        things: Delete {
            ref: [ems_ref];
            secondary: { name: [name], placed: [parent, size] };
            columns: { name: Text, "n"; size: Int [Count], "s"; ratio: Float, "r"; ready: Bool, "b"; at: Time, "t"; more: Json, "j"; }
            links: { parent -> things, "p"; }
            shown: [name];
        }
    }

    fn rows() -> (Rows, CollectionIx) {
        let menu = Menu::builder().pick([things::COLLECTION]).build().expect("menu");
        (Rows::new(Arc::new(menu), 7), CollectionIx(0))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let (mut rows, ix) = rows();
        rows.row(ix, "a")
            .link(things::parent, "p/1")
            .json(things::more, "{}")
            .text(things::name, "x")
            .int(things::size, 3)
            .float(things::ratio, 0.5)
            .bool(things::ready, true)
            .time(things::at, None)
            .raw("{\"id\":\"a\"}")
            .finish();
        let row = rows.of(ix).view(0);
        let fields: Vec<_> = row.fields().map(|(f, v)| (f.0, v.to_value())).collect();
        let parent = LinkRef { target: ix, by: 0, key: "p~11".into(), value_of: None };
        assert_eq!(
            fields,
            [
                (0, Value::Text("x".into())),
                (1, Value::Int(3)),
                (2, Value::Float(0.5)),
                (3, Value::Bool(true)),
                (4, Value::Null),
                (5, Value::Json("{}".into())),
                (6, Value::Link(parent)),
            ]
        );
        assert_eq!((row.key(), row.raw()), ("a", Some("{\"id\":\"a\"}")));
        let links: Vec<_> = row.links().map(|(f, link)| (f, link.key)).collect();
        assert_eq!(links, [(things::parent, "p~11")]);
        let secondary: Vec<_> = row.secondary_keys().collect();
        assert_eq!(secondary, [(1, "x"), (2, "p~011/~i3")]);
    }

    #[test]
    fn digest_depends_on_content_not_on_the_order_of_writing() {
        let (mut rows, ix) = rows();
        rows.row(ix, "a").text(things::name, "x").int(things::size, 3).finish();
        rows.row(ix, "b").int(things::size, 3).text(things::name, "x").finish();
        rows.row(ix, "c").int(things::size, 3).finish();
        rows.row(ix, "d").int(things::size, 3).text(things::name, None).finish();
        let digests: Vec<_> = rows.of(ix).iter().map(|r| r.head().digest).collect();
        assert_eq!(digests[0], digests[1]);
        assert_ne!(digests[0], digests[2]);
        assert_ne!(digests[2], digests[3], "missing is not null");
    }

    #[test]
    fn blank_identities_and_nul_are_issues() {
        let (mut rows, ix) = rows();
        rows.row(ix, "").text(things::name, "x").finish();
        rows.row(ix, "a").text(things::name, "x\0y").finish();
        let kinds: Vec<_> = rows.issues.iter().map(|i| i.kind).collect();
        assert_eq!(kinds, [IssueKind::BlankIdentity, IssueKind::Adjusted]);
        assert_eq!(rows.of(ix).len(), 1);
        assert_eq!(rows.of(ix).view(0).get(things::name), Some(FieldValue::Text("x\u{FFFD}y")));
    }

    #[test]
    fn a_part_of_an_identity_is_null_only_where_declared() {
        let (mut rows, ix) = rows();
        rows.row(ix, Key::new().and_null()).text(things::name, "x").finish();
        let kinds: Vec<_> = rows.issues.iter().map(|i| i.kind).collect();
        assert_eq!((kinds, rows.len()), (vec![IssueKind::BlankIdentity], 0));
        let menu = Menu::builder().pick([things::COLLECTION]).change("things", |c| c.nullable_ref = vec!["ems_ref"].into());
        let mut rows = Rows::new(Arc::new(menu.and_then(crate::menu::MenuBuilder::build).expect("menu")), 7);
        rows.row(ix, Key::new().and_null()).text(things::name, "x").finish();
        assert_eq!((rows.issues.len(), rows.len()), (0, 1));
    }

    #[test]
    fn value_links_carry_their_default() {
        let (mut rows, ix) = rows();
        rows.row(ix, "a").value_of(things::size, ix, 1, "other", things::size, Some(4)).text(things::name, "z").finish();
        let Some(FieldValue::Link(link)) = rows.of(ix).view(0).get(things::size) else { panic!("a link") };
        assert_eq!((link.key, link.by, link.value_of), ("other", 1, Some(things::size)));
        assert_eq!(link.default(), FieldValue::Int(4));
        assert_eq!(rows.of(ix).view(0).get(things::name), Some(FieldValue::Text("z")));
    }

    #[test]
    fn rows_that_hang_on_another_row_are_set_aside_until_it_is_known() {
        let (mut rows, ix) = rows();
        rows.row(ix, Key::new().and_link_by(ix, 1, "box")).int(things::size, 1).raw("{}").finish();
        rows.row(ix, "a").link_by(things::parent, 1, "box").int(things::size, 2).finish();
        rows.row(ix, "b").link(things::parent, Key::new().and_link_by(ix, 1, "box")).text(things::name, "b").finish();
        assert!(rows.is_empty());
        let open = rows.take_open();
        let mut nobody = |_: CollectionIx, _: u8, _: &str| None;
        let unknown: Vec<_> = open
            .iter()
            .map(|row| {
                (row.shown(), row.unknown(rows.menu(), &mut nobody).iter().map(|u| (u.name, u.part)).collect::<Vec<_>>())
            })
            .collect();
        let expected = [
            ("box", ("ems_ref", UnknownPart::Identity)),
            ("a", ("placed", UnknownPart::SecondaryKey)),
            ("b", ("parent", UnknownPart::Link)),
        ];
        assert_eq!(unknown, expected.map(|(shown, part)| (shown.to_owned(), vec![part])));
        assert_eq!(open[2].secondary, [(1, "b".to_owned())], "what it is found by is known");

        let mut found =
            |of: CollectionIx, by: u8, text: &str| (of == ix && by == 1 && text == "box").then(|| "i/1".to_owned());
        assert!(!rows.settle(&open[0], &mut nobody), "without an identity there is no row");
        assert!(open.iter().all(|row| rows.settle(row, &mut found)));
        let keys: Vec<_> = rows.of(ix).iter().map(|row| row.key().to_owned()).collect();
        assert_eq!(keys, [Key::text("i/1").as_str(), "a", "b"]);
        let all = rows.of(ix);
        assert_eq!((all.view(0).raw(), all.view(0).get(things::size)), (Some("{}"), Some(FieldValue::Int(1))));
        assert_eq!(all.view(1).secondary_keys().collect::<Vec<_>>(), [(2, "i~11/~i2")]);
        let Some(FieldValue::Link(link)) = all.view(2).get(things::parent) else { panic!("a link") };
        assert_eq!((link.by, link.key), (0, Key::text("i/1").as_str()));

        assert!(rows.settle(&open[1], &mut nobody) && rows.settle(&open[2], &mut nobody));
        let (known, unknown) = (rows.of(ix).view(1), rows.of(ix).view(3));
        assert_eq!(unknown.secondary_keys().count(), 0);
        assert_ne!(known.head().digest, unknown.head().digest, "it is written anew when its key is known");
        assert_eq!(rows.of(ix).view(4).get(things::parent), Some(FieldValue::Null));
    }

    #[test]
    fn a_version_is_kept_beside_the_fields_and_is_not_compared() {
        let menu = Menu::builder().pick([things::COLLECTION]).change("things", |c| c.versioned = true);
        let mut rows = Rows::new(Arc::new(menu.and_then(crate::menu::MenuBuilder::build).expect("menu")), 7);
        let ix = CollectionIx(0);
        for version in [None, Some(-3), Some(i64::MAX)] {
            rows.row(ix, "a").text(things::name, "x").link(things::parent, "p").version(version).finish();
        }
        let mut copies = CollectionRows::default();
        rows.of(ix).iter().for_each(|row| copies.push_copy_bare(row));
        let versions: Vec<_> = copies.iter().map(RowView::version).collect();
        assert_eq!(versions, [None, Some(-3), Some(i64::MAX)]);
        for row in copies.iter() {
            assert_eq!((row.fields().count(), row.links().count(), row.head().digest), (2, 1, copies.head(0).digest));
        }
        let (mut rows, ix) = self::rows();
        rows.row(ix, "a").text(things::name, "x").version(1).finish();
        assert_eq!(rows.of(ix).view(0).version(), None, "not versioned");
    }

    #[test]
    fn a_record_says_all_of_a_row() {
        let (mut rows, ix) = rows();
        rows.row(ix, "a").text(things::name, "x").int(things::size, 3).raw("{\"id\":\"a\"}").finish();
        rows.row(ix, "b").finish();
        let (written, mut read) = (rows.of(ix), CollectionRows::default());
        for at in [1, 0] {
            let mut record = Vec::new();
            written.write_record(at, &mut record);
            assert!(read.push_record(&record));
            assert!(!CollectionRows::default().push_record(&record[..record.len() - 1]), "a piece is missing");
            record.push(0);
            assert!(!CollectionRows::default().push_record(&record), "something follows");
        }
        for (row, same) in read.iter().zip([written.view(1), written.view(0)]) {
            let (head, of) = (row.head(), same.head());
            assert_eq!((head.key_hash, head.digest, head.raw_digest), (of.key_hash, of.digest, of.raw_digest));
            assert_eq!((row.key(), row.body(), row.raw()), (same.key(), same.body(), same.raw()));
            assert!(row.secondary_keys().eq(same.secondary_keys()));
        }
    }
}
