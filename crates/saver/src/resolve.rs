//! From symbolic references to ids.

use std::collections::HashMap;

use stocktake_model::{CollectionIx, key};

use crate::fate::{Fate, Fates};
use crate::stored::{Stored, StoredWatch};

/// Where a reference leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    Row(i64),
    Unknown,
    /// More than one row answers to the key.
    Ambiguous,
}

impl Resolution {
    pub(crate) fn id(self) -> Option<i64> {
        match self {
            Self::Row(id) => Some(id),
            Self::Unknown | Self::Ambiguous => None,
        }
    }
}

/// Rows seen in this run by their secondary keys.
#[derive(Debug, Default)]
pub(crate) struct SeenRefs {
    by_key: HashMap<(CollectionIx, u8, u128), Option<u32>>,
}

impl SeenRefs {
    /// False when another row has that key already; nobody is found by it then.
    pub(crate) fn add(&mut self, collection: CollectionIx, by: u8, key: u128, entry: usize) -> bool {
        match self.by_key.entry((collection, by, key)) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(Some(entry as u32));
                true
            }
            std::collections::hash_map::Entry::Occupied(mut taken) => {
                taken.insert(None);
                false
            }
        }
    }

    /// A newer record of the row counts: it is no longer found by the keys of the older one.
    pub(crate) fn take_back(&mut self, collection: CollectionIx, keys: &[(u8, u128)], entry: usize) {
        for (by, key) in keys {
            if self.entry(collection, *by, *key) == Some(entry) {
                self.by_key.remove(&(collection, *by, *key));
            }
        }
    }

    pub(crate) fn entry(&self, collection: CollectionIx, by: u8, key: u128) -> Option<usize> {
        self.by_key.get(&(collection, by, key)).copied().flatten().map(|at| at as usize)
    }

    pub(crate) fn has(&self, collection: CollectionIx, by: u8, key: u128) -> bool {
        self.by_key.contains_key(&(collection, by, key))
    }
}

pub(crate) struct Resolver<'a> {
    pub(crate) stored: &'a Stored,
    pub(crate) seen: &'a SeenRefs,
    pub(crate) fates: &'a Fates,
    /// Rows that no longer answer to a secondary key they had: (id, ref number).
    pub(crate) moved: &'a std::collections::HashSet<(i64, u8)>,
}

impl Resolver<'_> {
    pub(crate) fn find(&self, target: CollectionIx, by: u8, text: &str) -> Resolution {
        let key = key::hash(self.stored.seed, text);
        let index = &self.stored.indexes[target.index()];
        if by == 0 {
            return index.find(key).map_or(Resolution::Unknown, |at| self.alive(index.entries[at].row.id));
        }
        match self.seen.by_key.get(&(target, by, key)) {
            Some(Some(at)) => self.alive(index.entries[*at as usize].row.id),
            Some(None) => Resolution::Ambiguous,
            None => {
                let ids = self.stored.by_ref.get(&(target, by, key)).map_or(&[][..], Vec::as_slice);
                // A live row before one that is gone: the key is its now.
                let one_of = |archived: bool| {
                    let left = ids.iter().filter(|(id, gone)| *gone == archived && !self.moved.contains(&(*id, by)));
                    let mut left = left.map(|(id, _)| *id);
                    (left.next(), left.next())
                };
                match (one_of(false), one_of(true)) {
                    ((Some(id), None), _) | ((None, _), (Some(id), None)) => self.alive(id),
                    ((None, _), (None, _)) => Resolution::Unknown,
                    _ => Resolution::Ambiguous,
                }
            }
        }
    }

    /// Where a remembered link leads now. One by a secondary ref that nobody named in this run stays where it was, as
    /// long as that row keeps its key and is not deleted.
    pub(crate) fn led(&self, watch: &StoredWatch) -> Option<i64> {
        let found = self.find(watch.target, watch.by, &watch.key).id();
        let stays = |id: &i64| {
            watch.by > 0 && !self.moved.contains(&(*id, watch.by)) && self.fates.of.get(id) != Some(&Fate::Deleted)
        };
        found.or(watch.resolved.filter(stays))
    }

    fn alive(&self, id: i64) -> Resolution {
        if self.fates.of.get(&id) == Some(&Fate::Deleted) { Resolution::Unknown } else { Resolution::Row(id) }
    }
}
