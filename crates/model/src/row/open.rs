//! Rows with a part that only another row knows: a link by a secondary ref inside their identity, inside the key of one of
//! their links, or among the parts of a secondary ref of theirs. They are set aside as they were written until whoever
//! has seen everything can tell what those links lead to.

use super::builder::push_link;
use super::rows::{Rows, Scratch};
use super::secondary::{Secondary, secondary_key};
use super::tag;
use super::view::{FieldValue, take_value};
use crate::collection::Field;
use crate::key::{Find, Key, Missing};
use crate::menu::{CollectionIx, Menu};

/// A link as it is written, but for its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) field: Field,
    pub(super) target: CollectionIx,
    pub(super) by: u8,
    /// Field of the target whose value is wanted; all ones: the link itself.
    pub(super) value_of: u8,
    pub(super) default: Option<i64>,
}

/// A link by a key that is open.
#[derive(Debug, Clone)]
pub(super) struct OpenLink {
    place: Place,
    key: Key,
}

impl Scratch {
    /// The last link written to a field counts.
    #[cold]
    pub(super) fn note_open(&mut self, place: Place, key: &Key) {
        self.links.retain(|other| other.place.field != place.field);
        if key.is_open() {
            self.links.push(OpenLink { place, key: key.clone() });
        }
    }
}

/// A part of a row that nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    pub part: UnknownPart,
    /// Name of the identity's part, of the link, or of the secondary ref.
    pub name: &'static str,
    pub missing: Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownPart {
    Identity,
    Link,
    SecondaryKey,
}

/// A row set aside. It is kept whole: a collection whose rows are all of this kind is held in memory until the run is
/// planned.
#[derive(Debug, Clone)]
pub struct OpenRow {
    pub collection: CollectionIx,
    key: Key,
    /// Links among the parts of its secondary refs: number of the ref, and the link's collection, ref and key.
    parts: Vec<(u8, CollectionIx, u8, Key)>,
    /// Its secondary keys as far as they are known already: number of the ref, text form.
    pub secondary: Vec<(u8, String)>,
    scratch: Scratch,
    raw: String,
    raw_digest: Option<u64>,
}

impl OpenRow {
    pub(super) fn new(
        menu: &Menu,
        collection: CollectionIx,
        key: Key,
        (raw, raw_digest): (&str, Option<u64>),
        scratch: &Scratch,
    ) -> Self {
        let description = menu.get(collection);
        let (mut parts, mut secondary, links) = (Vec::new(), Vec::new(), &scratch.links);
        for (s, by) in description.secondary_refs.iter().zip(1..) {
            let fields: Vec<_> = s.parts.iter().filter_map(|part| description.field(part)).collect();
            let by_open_key = links.iter().any(|link| fields.contains(&link.place.field));
            match secondary_key(description, s.parts, scratch, None) {
                Secondary::Key { text, .. } if !by_open_key => secondary.push((by, text.as_str().to_owned())),
                Secondary::None => {}
                Secondary::Key { .. } | Secondary::Open => {
                    for field in fields {
                        let slot = scratch.slots[usize::from(field.0)];
                        if let FieldValue::Link(link) = take_value(&mut slot.of(&scratch.bytes))
                            && link.by > 0
                        {
                            let open = links.iter().find(|link| link.place.field == field).map(|link| link.key.clone());
                            let key = open.unwrap_or_else(|| Key::from_encoded(link.key));
                            parts.push((by, link.target, link.by, key));
                        }
                    }
                }
            }
        }
        let (raw, scratch) = (raw.to_owned(), scratch.clone());
        Self { collection, key, parts, secondary, scratch, raw, raw_digest }
    }

    /// What people are shown in the place of its identity.
    pub fn shown(&self) -> String {
        self.key.shown()
    }

    /// What is not known of it. Asks `find` for everything that can be asked now.
    pub fn unknown(&self, menu: &Menu, find: &mut Find<'_>) -> Vec<Unknown> {
        let description = menu.get(self.collection);
        let mut unknown = Vec::new();
        for (at, missing) in self.key.unknown_parts(find) {
            let name = description.manager_ref.get(usize::from(at)).copied().unwrap_or("ems_ref");
            unknown.push(Unknown { part: UnknownPart::Identity, name, missing });
        }
        for link in &self.scratch.links {
            if let Err(missing) = link.key.settle(find) {
                let name = description.field_name(link.place.field);
                unknown.push(Unknown { part: UnknownPart::Link, name, missing });
            }
        }
        for (of, target, by, key) in &self.parts {
            let found = key.settle(find).and_then(|key| {
                let text = key.as_str();
                let missing = || Missing { target: *target, by: *by, key: text.to_owned() };
                find(*target, *by, text).ok_or_else(missing)
            });
            if let Err(missing) = found {
                let name = description.secondary_refs[usize::from(*of) - 1].name;
                unknown.push(Unknown { part: UnknownPart::SecondaryKey, name, missing });
            }
        }
        unknown
    }
}

impl Rows {
    /// Rows that were set aside.
    pub fn take_open(&mut self) -> Vec<OpenRow> {
        std::mem::take(&mut self.open)
    }

    /// Stores a row that was set aside, as far as `find` knows what it needs: a link by a key that is not known becomes
    /// null or its default, a secondary key that is not known is left out. False, and nothing is stored, when not even
    /// its identity is known.
    pub fn settle(&mut self, row: &OpenRow, find: &mut Find<'_>) -> bool {
        let Ok(key) = row.key.settle(find) else { return false };
        let mut builder = self.row(row.collection, key).raw(&row.raw);
        builder.raw_digest = row.raw_digest;
        builder.rows.scratch.clone_from(&row.scratch);
        for link in &row.scratch.links {
            let known = link.key.settle(find);
            builder.slot(link.place.field, |bytes| match (known, link.place.default) {
                (Ok(key), _) => push_link(bytes, link.place, &key),
                (Err(_), Some(default)) => {
                    bytes.push(tag::INT);
                    bytes.extend_from_slice(&default.to_le_bytes());
                }
                (Err(_), None) => bytes.push(tag::NULL),
            });
        }
        builder.store(Some(find));
        true
    }
}
