//! Which stored rows go, and how: the only place that decides on deletion by absence.

use std::collections::{HashMap, HashSet};

use stocktake_model::{CollectionIx, Coverage, Menu, Retention, key};

use crate::guard::GuardPolicy;
use crate::plan::Counts;
use crate::stored::{Entry, Stored};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Archived,
    Deleted,
    /// Vanished, but the guard wants to see it twice.
    Held,
}

#[derive(Debug, Default)]
pub(crate) struct Fates {
    pub(crate) of: HashMap<i64, Fate>,
    pub(crate) archives: Vec<(CollectionIx, i64)>,
    pub(crate) deletes: Vec<(CollectionIx, i64)>,
    pub(crate) held: Vec<(CollectionIx, i64)>,
}

/// The part of the inventory that a run speaks about.
#[derive(Debug)]
pub(crate) enum Extent {
    All,
    /// Ids of the targets that were read, and of those that are gone.
    Rows {
        read: HashSet<i64>,
        gone: HashSet<i64>,
    },
}

impl Extent {
    pub(crate) fn targets(stored: &Stored, coverage: &Coverage) -> Self {
        let ids = |targets: &[(CollectionIx, String)]| {
            let id = |(ix, text): &(CollectionIx, String)| {
                let index = &stored.indexes[ix.index()];
                index.find(key::hash(stored.seed, text)).map(|at| index.entries[at].row.id)
            };
            targets.iter().filter_map(id).filter(|id| *id != 0).collect()
        };
        Self::Rows { read: ids(&coverage.read), gone: ids(&coverage.gone) }
    }
}

/// Owners are decided before what they own, so that what an owner does its rows do too.
pub(crate) fn decide(
    menu: &Menu,
    stored: &Stored,
    coverage: &Coverage,
    extent: &mut Extent,
    guard: GuardPolicy,
    counts: &mut [Counts],
) -> Fates {
    let mut fates = Fates::default();
    // Rows that were not seen and yet are not said to be gone: nothing is known of what they own.
    let mut unknown: HashSet<i64> = HashSet::new();
    for &ix in menu.order() {
        let collection = menu.get(ix);
        if collection.never_delete || collection.link_only {
            continue;
        }
        let entries = &stored.indexes[ix.index()].entries;
        let (following, alone) = vanished(entries, coverage.is_complete(ix), extent, &fates, &unknown);
        let live = entries.iter().filter(|e| e.row.id != 0 && !e.row.archived).count();
        let fresh = alone.iter().filter(|e| !stored.held.contains(&e.row.id)).count();
        let nothing_seen = counts[ix.index()].fetched == 0;
        let emptied = guard.emptied && !collection.embedded && !alone.is_empty() && nothing_seen;
        let holds = matches!(extent, Extent::All) && (emptied || guard.holds(fresh, live));
        for entry in alone {
            let fate = match collection.retention {
                _ if holds && !stored.held.contains(&entry.row.id) => Fate::Held,
                Retention::Archive => Fate::Archived,
                Retention::Delete | Retention::WithOwner => Fate::Deleted,
            };
            fates.add(ix, entry, fate, &mut counts[ix.index()]);
        }
        for (entry, owner) in following {
            let fate = match owner {
                Fate::Archived if collection.retention == Retention::Delete => Fate::Deleted,
                owner => owner,
            };
            fates.add(ix, entry, fate, &mut counts[ix.index()]);
        }
        if matches!(extent, Extent::All) {
            let left = |e: &&Entry| !e.seen && e.row.id != 0 && !e.row.archived && !fates.of.contains_key(&e.row.id);
            unknown.extend(entries.iter().filter(left).map(|e| e.row.id));
        }
        if let Extent::Rows { read, .. } = extent {
            let owned: Vec<_> = entries.iter().filter(|e| read.contains(&e.row.owner)).map(|e| e.row.id).collect();
            read.extend(owned);
        }
    }
    fates
}

/// Rows not seen: those whose owner goes, with its fate, and those that vanished by themselves.
fn vanished<'a>(
    entries: &'a [Entry],
    complete: bool,
    extent: &Extent,
    fates: &Fates,
    unknown: &HashSet<i64>,
) -> (Vec<(&'a Entry, Fate)>, Vec<&'a Entry>) {
    let (mut following, mut alone) = (Vec::new(), Vec::new());
    for entry in entries.iter().filter(|e| !e.seen && e.row.id != 0) {
        if let Some(fate) = fates.of.get(&entry.row.owner) {
            following.push((entry, *fate));
        } else if !entry.row.archived {
            let absent = match extent {
                Extent::All => complete && !unknown.contains(&entry.row.owner),
                Extent::Rows { read, gone } => gone.contains(&entry.row.id) || complete && read.contains(&entry.row.owner),
            };
            if absent {
                alone.push(entry);
            }
        }
    }
    (following, alone)
}

impl Fates {
    fn add(&mut self, ix: CollectionIx, entry: &Entry, fate: Fate, counts: &mut Counts) {
        let id = entry.row.id;
        match fate {
            Fate::Archived if entry.row.archived => return,
            Fate::Archived => {
                self.archives.push((ix, id));
                counts.archived += 1;
            }
            Fate::Deleted => {
                self.deletes.push((ix, id));
                counts.deleted += 1;
            }
            Fate::Held if entry.row.archived => return,
            Fate::Held => {
                self.held.push((ix, id));
                counts.held += 1;
            }
        }
        self.of.insert(id, fate);
    }
}
