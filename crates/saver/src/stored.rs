//! What the database knows, as far as a run needs it: keys and digests, never the data.

use std::collections::{HashMap, HashSet};

use hashbrown::HashTable;
use stocktake_model::{CollectionIx, Value, key};

/// One stored row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredRow {
    pub id: i64,
    pub digest: u64,
    pub raw_digest: u64,
    /// Id of the owning row, 0 when there is none.
    pub owner: i64,
    pub archived: bool,
}

/// A row the planner knows: stored, or new in this run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) key: u128,
    pub(crate) row: StoredRow,
    pub(crate) seen: bool,
    /// One more than the position among the rows that will be written; 0 when it will not be.
    pub(crate) written: u32,
}

impl Entry {
    pub(crate) fn new(key: u128, row: StoredRow, seen: bool) -> Self {
        Self { key, row, seen, written: 0 }
    }
}

/// Rows of one collection by identity.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) entries: Vec<Entry>,
    by_key: HashTable<u32>,
}

impl Index {
    pub(crate) fn find(&self, key: u128) -> Option<usize> {
        let found = self.by_key.find(key as u64, |at| self.entries[*at as usize].key == key);
        found.map(|at| *at as usize)
    }

    pub(crate) fn insert(&mut self, entry: Entry) -> usize {
        let at = self.entries.len();
        self.entries.push(entry);
        let entries = &self.entries;
        self.by_key.insert_unique(entry.key as u64, at as u32, |at| entries[*at as usize].key as u64);
        at
    }

    /// Of entries that are all different.
    fn of(entries: Vec<Entry>) -> Self {
        let mut by_key = HashTable::with_capacity(entries.len());
        for (entry, at) in entries.iter().zip(0..) {
            by_key.insert_unique(entry.key as u64, at, |at: &u32| entries[*at as usize].key as u64);
        }
        Self { entries, by_key }
    }
}

/// Every row of a provider as it comes from the database, none of them twice. Their tables are made at the end, when their
/// sizes are known: to make one larger means to go through its rows once more, in no order.
#[derive(Debug)]
pub struct AllRows {
    seed: u64,
    entries: Vec<Vec<Entry>>,
}

impl AllRows {
    /// To be given to this by [`Stored::set_rows`].
    pub fn of(stored: &Stored) -> Self {
        Self { seed: stored.seed, entries: vec![Vec::new(); stored.indexes.len()] }
    }

    /// Adds a row by the text form of its identity.
    pub fn add(&mut self, collection: CollectionIx, key: &str, row: StoredRow) {
        self.entries[collection.index()].push(Entry::new(key::hash(self.seed, key), row, false));
    }
}

/// What a run read before it was planned. A full run reads every row of its provider; a targeted one its targets, the
/// rows they own, and the rows its links lead to.
#[derive(Debug)]
pub struct Stored {
    pub(crate) seed: u64,
    pub(crate) indexes: Vec<Index>,
    /// Targets of links by a secondary ref: (collection, ref number, hash of the key) → (id, whether it is archived).
    pub(crate) by_ref: HashMap<(CollectionIx, u8, u128), Vec<(i64, bool)>>,
    /// Versions of rows of versioned collections, by id.
    pub(crate) versions: HashMap<i64, i64>,
    /// Rows whose deletion an earlier complete run proposed and the guard held.
    pub(crate) held: HashSet<i64>,
    /// For each collection that remembered links lead to, whether any of them is unresolved, and whether any is resolved.
    pub(crate) watched: HashMap<CollectionIx, Watched>,
    pub(crate) watches: Vec<StoredWatch>,
    beside: Vec<(CollectionIx, String)>,
}

impl Stored {
    /// `seed`: the one the rows are written with. `collections`: of the menu.
    pub fn new(seed: u64, collections: usize) -> Self {
        Self {
            seed,
            indexes: (0..collections).map(|_| Index::default()).collect(),
            by_ref: HashMap::new(),
            versions: HashMap::new(),
            held: HashSet::new(),
            watched: HashMap::new(),
            watches: Vec::new(),
            beside: Vec::new(),
        }
    }

    /// As if each had been added, nothing having been before.
    pub fn set_rows(&mut self, rows: AllRows) {
        self.indexes = rows.entries.into_iter().map(Index::of).collect();
    }

    /// Adds a row by the text form of its identity. Adding it twice keeps the first.
    pub fn add(&mut self, collection: CollectionIx, key: &str, row: StoredRow) {
        let key = key::hash(self.seed, key);
        let index = &mut self.indexes[collection.index()];
        if index.find(key).is_none() {
            index.insert(Entry::new(key, row, false));
        }
    }

    /// Adds the target of a link by a secondary ref.
    pub fn add_by_ref(&mut self, collection: CollectionIx, by: u8, key: &str, id: i64, archived: bool) {
        let ids = self.by_ref.entry((collection, by, key::hash(self.seed, key))).or_default();
        if !ids.iter().any(|(known, _)| *known == id) {
            ids.push((id, archived));
        }
    }

    /// Adds the version of a row of a versioned collection.
    pub fn add_version(&mut self, id: i64, version: i64) {
        self.versions.insert(id, version);
    }

    pub fn add_held(&mut self, id: i64) {
        self.held.insert(id);
    }

    /// Full runs: says whether remembered links to rows of `collection` exist.
    pub fn set_watched(&mut self, collection: CollectionIx, watched: Watched) {
        self.watched.insert(collection, watched);
    }

    /// Targeted runs: the remembered links by the keys read, and those that lead to the rows read.
    pub fn add_watch(&mut self, watch: StoredWatch) {
        self.watches.push(watch);
    }

    /// Targeted runs: a live row that is asked for with a target ([`stocktake_model::Collection::asked_with`]).
    pub fn add_beside(&mut self, collection: CollectionIx, key: &str) {
        self.beside.push((collection, key.to_owned()));
    }

    /// Rows that are asked for with the targets, by the text forms of their identities; also those the run has seen.
    pub fn beside(&self) -> &[(CollectionIx, String)] {
        &self.beside
    }

    /// Number of rows read.
    pub fn len(&self) -> usize {
        self.indexes.iter().map(|i| i.entries.len()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Which remembered links lead to rows of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Watched {
    pub unresolved: bool,
    pub resolved: bool,
}

/// A remembered link: of `row_id` in `collection`, at `field`, to the row of `target` with this key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredWatch {
    pub row_id: i64,
    pub collection: CollectionIx,
    pub field: stocktake_model::Field,
    pub target: CollectionIx,
    pub by: u8,
    pub key: String,
    /// Field of the target whose value is wanted, for value links.
    pub value_of: Option<stocktake_model::Field>,
    /// Value links: what counts while there is no target, or its value is null.
    pub default: Option<i64>,
    /// What it leads to now.
    pub resolved: Option<i64>,
}

/// A row that answers to a secondary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByRef {
    pub collection: CollectionIx,
    /// Number of the secondary ref, counted from 1.
    pub by: u8,
    /// Text form.
    pub key: String,
    pub id: i64,
    pub archived: bool,
    /// Its identity.
    pub reference: String,
}

/// What the store answers to [`crate::Wanted`].
#[derive(Debug, Default)]
pub struct Answers {
    /// Rows, live or archived, that answer to a secondary key.
    pub by_ref: Vec<ByRef>,
    /// Rows by the text form of their identity.
    pub rows: Vec<(CollectionIx, String, StoredRow)>,
    /// Versions of these rows, by id, where they have one.
    pub versions: Vec<(i64, i64)>,
    /// Remembered links that this run may settle or unsettle.
    pub watches: Vec<StoredWatch>,
    /// (collection, row id, ref number, text form of the key) as stored now, for rows whose secondary keys may move.
    pub refs_now: Vec<(CollectionIx, i64, u8, String)>,
    /// (collection, row id, field, value) for value links to rows that this run does not write.
    pub values: Vec<(CollectionIx, i64, stocktake_model::Field, Value)>,
}

impl Answers {
    pub(crate) fn append(&mut self, mut more: Self) {
        self.by_ref.append(&mut more.by_ref);
        self.rows.append(&mut more.rows);
        self.versions.append(&mut more.versions);
        self.watches.append(&mut more.watches);
        self.refs_now.append(&mut more.refs_now);
        self.values.append(&mut more.values);
    }
}
