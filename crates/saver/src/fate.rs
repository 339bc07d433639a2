//! Which stored rows go, and how: the only place that decides on deletion by absence.

use std::collections::{HashMap, HashSet};

use stocktake_model::{CollectionIx, Coverage, Menu, Retention, Scope, key};

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
pub(crate) struct Extent {
    /// By collection: whether it was listed as a whole, so that absence from its listing means something.
    pub(crate) whole: Vec<bool>,
    /// Ids of rows that were read with what they own. Not kept for a full run, where everything was.
    read: HashSet<i64>,
    /// Ids of targets that are gone.
    gone: HashSet<i64>,
}

impl Extent {
    pub(crate) fn new(menu: &Menu, scope: &Scope, stored: &Stored, coverage: &Coverage) -> Self {
        let ids = |targets: &[(CollectionIx, String)]| {
            let id = |(ix, text): &(CollectionIx, String)| {
                let index = &stored.indexes[ix.index()];
                index.find(key::hash(stored.seed, text)).map(|at| index.entries[at].row.id)
            };
            targets.iter().filter_map(id).filter(|id| *id != 0).collect()
        };
        let whole = menu.iter().map(|(ix, _)| coverage.is_about_all_of(ix, menu, scope)).collect();
        Self { whole, read: ids(&coverage.read), gone: ids(&coverage.gone) }
    }

    fn is_about_everything(&self) -> bool {
        self.whole.iter().all(|whole| *whole)
    }

    /// Notes the rows that came with what they own: those of whole collections, and those that belong to rows that did. One
    /// that did not come and is not gone, either, is unknown, and what it owns as well.
    fn note_read(&mut self, ix: CollectionIx, entries: &[Entry]) {
        if self.is_about_everything() {
            return;
        }
        let came = |e: &&Entry| e.seen && e.row.id != 0 && (self.whole[ix.index()] || self.read.contains(&e.row.owner));
        let read: Vec<_> = entries.iter().filter(came).map(|e| e.row.id).collect();
        self.read.extend(read);
    }

    /// By collection: whether a listing decides what of it goes, its own or one of its owners', and may be wrong. Of others
    /// only what single targets own can go, by their own answer.
    fn listed(&self, menu: &Menu) -> Vec<bool> {
        let mut listed = self.whole.clone();
        for &ix in menu.order() {
            let mut owners = menu.get(ix).owners().filter_map(|owner| menu.ix(owner.target));
            listed[ix.index()] = listed[ix.index()] || owners.any(|owner| listed[owner.index()]);
        }
        listed
    }
}

/// Owners are decided before what they own, so that what an owner does its rows do too. `unknown`: rows of which nothing
/// is known as to what they own, though they were seen; rows that were not seen and yet are not said to be gone are added.
pub(crate) fn decide(
    menu: &Menu,
    stored: &Stored,
    coverage: &Coverage,
    extent: &mut Extent,
    mut unknown: HashSet<i64>,
    guard: GuardPolicy,
    counts: &mut [Counts],
) -> Fates {
    let mut fates = Fates::default();
    let listed = extent.listed(menu);
    for &ix in menu.order() {
        let collection = menu.get(ix);
        let entries = &stored.indexes[ix.index()].entries;
        if collection.never_delete || collection.link_only {
            extent.note_read(ix, entries);
            continue;
        }
        let (following, alone) = vanished(ix, entries, coverage.is_complete(ix), extent, &fates, &unknown);
        let live = entries.iter().filter(|e| e.row.id != 0 && !e.row.archived).count();
        // A target that is gone was asked for by its name: there is nothing to doubt.
        let is_doubtful = |e: &Entry| !stored.held.contains(&e.row.id) && !extent.gone.contains(&e.row.id);
        let doubtful = alone.iter().filter(|e| is_doubtful(e)).count();
        let nothing_seen = counts[ix.index()].fetched == 0;
        let emptied = guard.emptied && !collection.embedded && doubtful > 0 && nothing_seen;
        let holds = listed[ix.index()] && (emptied || guard.holds(doubtful, live));
        for entry in alone {
            let fate = match collection.retention {
                _ if holds && is_doubtful(entry) => Fate::Held,
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
        // What was not looked for is not missing: the owners of a collection asked for alone say nothing about it, nor do
        // those of them that were asked for by name.
        if extent.whole[ix.index()] {
            let left = |e: &&Entry| !e.seen && e.row.id != 0 && !e.row.archived && !fates.of.contains_key(&e.row.id);
            unknown.extend(entries.iter().filter(left).map(|e| e.row.id));
        }
        extent.note_read(ix, entries);
    }
    fates
}

/// Rows not seen: those whose owner goes, with its fate, and those that vanished by themselves.
fn vanished<'a>(
    ix: CollectionIx,
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
            let in_reach = extent.whole[ix.index()] || extent.read.contains(&entry.row.owner);
            let absent = complete && in_reach && !unknown.contains(&entry.row.owner);
            if absent || extent.gone.contains(&entry.row.id) {
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
