//! What a run must read before it can be planned.

use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::{CollectionIx, Coverage, Field, FieldValue, Rows};

use crate::custom;

/// All of a targeted run's questions, asked in one round trip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadRequest {
    /// Identities (text forms) whose rows are wanted: those parsed, the targets, and the targets of links.
    pub keys: BTreeMap<CollectionIx, BTreeSet<String>>,
    /// Targets (text forms) whose owned rows are wanted, down to the last owned row.
    pub owners: BTreeMap<CollectionIx, BTreeSet<String>>,
    /// Links by a secondary ref: (collection, ref number) → text forms.
    pub by_ref: BTreeMap<(CollectionIx, u8), BTreeSet<String>>,
}

impl ReadRequest {
    /// Runs the custom saves first: the rows they make are asked for like any other.
    pub fn new(rows: &mut Rows, coverage: &Coverage) -> Self {
        custom::run(rows);
        let mut request = Self::default();
        for (ix, of) in rows.iter() {
            for row in of.iter() {
                request.keys.entry(ix).or_default().insert(row.key().to_owned());
                for (_, value) in row.fields() {
                    if let FieldValue::Link(link) = value {
                        let wanted = match link.by {
                            0 => request.keys.entry(link.target).or_default(),
                            by => request.by_ref.entry((link.target, by)).or_default(),
                        };
                        wanted.insert(link.key.to_owned());
                    }
                }
            }
        }
        for (ix, key) in coverage.read.iter().chain(&coverage.gone) {
            request.keys.entry(*ix).or_default().insert(key.clone());
            request.owners.entry(*ix).or_default().insert(key.clone());
        }
        request
    }
}

/// What only became a question once everything was seen, or by the answers to that; empty for most runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Links by a secondary ref to rows that this run does not hold: (collection, ref number) → text forms.
    pub by_ref: BTreeMap<(CollectionIx, u8), BTreeSet<String>>,
    /// Targeted runs: rows whose identities were not known before, and those their links lead to.
    pub rows: BTreeMap<CollectionIx, BTreeSet<String>>,
    /// Unresolved remembered links to rows of these collections.
    pub unresolved: BTreeMap<CollectionIx, WatchKeys>,
    /// Resolved remembered links that lead to these rows.
    pub watchers_of: BTreeSet<i64>,
    /// Rows that are written anew or deleted: their secondary keys as stored now.
    pub refs_now: BTreeMap<CollectionIx, BTreeSet<i64>>,
    /// Values that this run does not write, for value links: (collection, field) → ids.
    pub values: BTreeMap<(CollectionIx, Field), BTreeSet<i64>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchKeys {
    /// Those that wait for one of these (ref number, text form).
    Of(BTreeSet<(u8, String)>),
    All,
}

impl Wanted {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
