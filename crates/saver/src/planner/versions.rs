//! Versioned collections: records may come in any order and more than once; of each object the newest counts.
//!
//! Other collections never come here.

use std::collections::{HashMap, HashSet};

use stocktake_model::{CollectionIx, RowView, key};

use super::{Planner, TWICE};
use crate::kept::{Kept, Kind};

/// What this run has seen of an object so far.
#[derive(Debug)]
struct Sighting {
    version: i64,
    /// Position among the kept rows, if the record is to be written, and what was counted for it.
    kept: Option<usize>,
    counted: Counted,
    /// Secondary keys: ref number, hash.
    keys: Vec<(u8, u128)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Stale,
    Unchanged,
    Kept(Kind),
}

#[derive(Debug, Default)]
pub(super) struct Sightings {
    of: HashMap<(CollectionIx, usize), Sighting>,
}

impl Sightings {
    /// Kept rows have moved.
    pub(super) fn follow(&mut self, ix: CollectionIx, moved: &[Kept]) {
        for kept in moved {
            if self.of.is_empty() {
                return;
            }
            if let Some(sighting) = self.of.get_mut(&(ix, kept.entry as usize)) {
                sighting.kept = Some(kept.row as usize);
            }
        }
    }
}

impl Planner {
    pub(super) fn compare_versioned(&mut self, ix: CollectionIx, row: RowView<'_>) {
        let Some(version) = row.version() else { return self.compare(ix, row) };
        let hash = row.head().key_hash;
        if let Some(at) = self.stored.indexes[ix.index()].find(hash) {
            let entry = self.stored.indexes[ix.index()].entries[at];
            if entry.seen {
                match self.sightings.of.get(&(ix, at)).map(|sighting| sighting.version) {
                    Some(seen) if version < seen => return self.stale(ix),
                    Some(seen) if version > seen => self.take_back(ix, at),
                    // One version twice, or one without: as in any other collection.
                    _ => return self.compare(ix, row),
                }
            }
            if self.stored.versions.get(&entry.row.id).is_some_and(|stored| *stored > version) {
                self.stored.indexes[ix.index()].entries[at].seen = true;
                let sighting = Sighting { version, kept: None, counted: Counted::Stale, keys: Vec::new() };
                self.sightings.of.insert((ix, at), sighting);
                return self.stale(ix);
            }
        }
        let before = self.kept[ix.index()].kept.len();
        self.compare(ix, row);
        let Some(at) = self.stored.indexes[ix.index()].find(hash) else { return };
        let entry = self.stored.indexes[ix.index()].entries[at];
        if self.kept[ix.index()].kept.len() == before && self.stored.versions.get(&entry.row.id) != Some(&version) {
            // Nothing else differs, but an older record must not pass for a newer one.
            self.counts[ix.index()].raw_only += 1;
            self.kept[ix.index()].push_bare(row, at);
        }
        let kept = self.kept[ix.index()].kept.get(before).map(|kept| (before, kept.kind));
        let keys = row.secondary_keys().map(|(by, text)| (by, key::hash(self.stored.seed, text))).collect();
        let counted = kept.map_or(Counted::Unchanged, |(_, kind)| Counted::Kept(kind));
        let sighting = Sighting { version, kept: kept.map(|(position, _)| position), counted, keys };
        self.sightings.of.insert((ix, at), sighting);
    }

    /// Stored rows of which this run saw an older state only: what that owned says nothing of what the rows own now.
    pub(super) fn outdated(&self) -> HashSet<i64> {
        let outdated = self.sightings.of.iter().filter(|(_, sighting)| sighting.counted == Counted::Stale);
        outdated.map(|((ix, at), _)| self.stored.indexes[ix.index()].entries[*at].row.id).collect()
    }

    fn stale(&mut self, ix: CollectionIx) {
        self.counts[ix.index()].fetched += 1;
        self.counts[ix.index()].stale += 1;
    }

    /// A newer record has come: what the older one did is undone. A listing that gave both moved under its reader.
    fn take_back(&mut self, ix: CollectionIx, at: usize) {
        if !self.menu.get(ix).embedded {
            self.doubted.entry(ix).or_insert(TWICE);
        }
        let Some(Sighting { kept, counted, keys, .. }) = self.sightings.of.remove(&(ix, at)) else { return };
        self.seen.take_back(ix, &keys, at);
        let entry = &mut self.stored.indexes[ix.index()].entries[at];
        (entry.seen, entry.written) = (false, 0);
        let counts = &mut self.counts[ix.index()];
        match counted {
            Counted::Stale => return,
            Counted::Unchanged => counts.unchanged -= 1,
            Counted::Kept(Kind::New | Kind::Skeleton) => counts.created -= 1,
            Counted::Kept(Kind::Changed { revive }) => {
                counts.updated -= 1;
                counts.revived -= u64::from(revive);
            }
            Counted::Kept(Kind::RawOnly) => {
                counts.unchanged -= 1;
                counts.raw_only -= 1;
            }
        }
        counts.stale += 1;
        // The row keeps its place, so that those behind it do, too.
        if let Some(kept) = kept.and_then(|position| self.kept[ix.index()].kept.get_mut(position)) {
            kept.taken_back = true;
        }
    }
}
