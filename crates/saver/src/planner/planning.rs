//! Everything is known: rows get ids, links lead to them, and the plan is a value.

use std::collections::{HashMap, HashSet};

use stocktake_model::{CollectionIx, key};

use super::Planner;
use super::linking::Linking;
use crate::fate::Fate;
use crate::kept::{Kept, KeptRows, Kind};
use crate::plan::{CollectionPlan, SavePlan, Unlink, Write};
use crate::resolve::Resolver;
use crate::spill::SpillError;
use crate::stored::{Answers, ByRef};

/// What is to be done about them, and which they are: (id, ref number).
type MovedRefs = (Vec<Unlink>, HashSet<(i64, u8)>);

impl Planner {
    pub(super) fn plan(mut self, first_id: i64) -> Result<SavePlan, SpillError> {
        self.assign_ids(first_id)?;
        let answers = std::mem::take(&mut self.answers);
        let (unlinks, moved) = self.moved_refs(&answers)?;
        let mut linking = Linking::new(&self, &moved, &answers);
        let mut collections: Vec<CollectionPlan> = Vec::with_capacity(self.kept.len());
        for (i, of) in self.kept.iter().enumerate() {
            let mut plan = CollectionPlan { counts: self.counts[i], ..CollectionPlan::default() };
            let mut reader = of.reader();
            for &Kept { row, entry, kind, .. } in &of.kept {
                let stored = &self.stored.indexes[i].entries[entry as usize].row;
                let write = Write {
                    row,
                    id: stored.id,
                    links: linking.pool.len() as u32,
                    revive: kind == Kind::Changed { revive: true },
                    archived: kind == Kind::Skeleton && stored.archived,
                };
                if kind != Kind::RawOnly {
                    linking.resolve(CollectionIx(i as u16), reader.view(row)?, &write)?;
                }
                match kind {
                    Kind::New | Kind::Skeleton => plan.inserts.push(write),
                    Kind::Changed { .. } => plan.updates.push(write),
                    Kind::RawOnly => plan.raw_only.push(write),
                }
            }
            collections.push(plan);
        }
        linking.settle_watches(&collections, answers.watches.iter().chain(&self.stored.watches))?;
        let unheld = self.unheld();
        let Linking { pool, values, watches, relinks, issues, .. } = linking;
        self.issues.extend(issues);
        for (plan, kept) in collections.iter_mut().zip(&mut self.kept) {
            plan.rows = std::mem::take(&mut kept.rows);
            plan.aside = std::mem::take(&mut kept.aside);
        }
        for (ix, id) in &self.fates.archives {
            collections[ix.index()].archives.push(*id);
        }
        for (ix, id) in &self.fates.deletes {
            collections[ix.index()].deletes.push(*id);
        }
        for plan in &mut collections {
            plan.archives.sort_unstable();
            plan.deletes.sort_unstable();
        }
        Ok(SavePlan {
            menu: self.menu,
            collections,
            link_pool: pool,
            values,
            watches,
            relinks,
            unlinks,
            held: self.fates.held,
            unheld,
            issues: self.issues,
            failure: None,
        })
    }

    /// New rows get their ids in the order of their identities, so that both grow together in the database.
    pub(super) fn assign_ids(&mut self, first_id: i64) -> Result<(), SpillError> {
        let mut next = first_id;
        for &ix in self.menu.order() {
            let kept = &mut self.kept[ix.index()];
            let entries = &mut self.stored.indexes[ix.index()].entries;
            let mut new = kept.take_new()?;
            for k in &new {
                entries[k.entry as usize].row.id = next;
                next += 1;
            }
            kept.kept.sort_unstable_by_key(|k| entries[k.entry as usize].row.id);
            new.append(&mut kept.kept);
            kept.kept = new;
        }
        Ok(())
    }

    /// Rows that no longer answer to a secondary key.
    pub(super) fn moved_refs(&self, answers: &Answers) -> Result<MovedRefs, SpillError> {
        let (mut unlinks, mut moved) = (Vec::new(), HashSet::new());
        if answers.refs_now.is_empty() && answers.by_ref.is_empty() {
            return Ok((unlinks, moved));
        }
        let rows = self.rows_by_id();
        let mut readers: Vec<_> = self.kept.iter().map(KeptRows::reader).collect();
        for (ix, id, by, old_key) in &answers.refs_now {
            let left = match rows.get(id) {
                // A row that does not send the parts of the key leaves it alone.
                Some((of, row)) => {
                    let row = readers[*of].view(*row)?;
                    let field = |part: &&str| self.menu.get(*ix).field(part);
                    let parts = self.menu.get(*ix).secondary_refs[usize::from(*by) - 1].parts;
                    let sends = parts.iter().filter_map(field).all(|field| row.get(field).is_some());
                    sends && !row.secondary_keys().any(|(b, text)| b == *by && text == old_key)
                }
                None => true,
            };
            if left {
                unlinks.push(Unlink { target: *ix, id: *id, by: *by, old_key: old_key.clone(), to: None });
                moved.insert((*id, *by));
            }
        }
        for ByRef { collection, by, key: text, id, archived, .. } in &answers.by_ref {
            let taken_by = self.seen.entry(*collection, *by, key::hash(self.stored.seed, text));
            let taken_over = taken_by.is_some_and(|at| self.stored.indexes[collection.index()].entries[at].written > 0);
            let archived = *archived || self.fates.of.get(id) == Some(&Fate::Archived);
            // A row that is seen again answers for itself.
            if taken_over && archived && !rows.contains_key(id) && moved.insert((*id, *by)) {
                unlinks.push(Unlink { target: *collection, id: *id, by: *by, old_key: text.clone(), to: None });
            }
        }
        let resolver = Resolver { stored: &self.stored, seen: &self.seen, fates: &self.fates, moved: &moved };
        for unlink in &mut unlinks {
            unlink.to = resolver.find(unlink.target, unlink.by, &unlink.old_key).id();
        }
        // A deleted row's links become null, and are remembered, with its deletion.
        unlinks.retain(|u| u.to.is_some() || self.fates.of.get(&u.id) != Some(&Fate::Deleted));
        Ok((unlinks, moved))
    }

    /// Held rows that this run saw, or archived: with their owner, or because the provider said so. Would a row that went stay
    /// marked, it could vanish unguarded after it was back. A targeted run did not read which are held, so it names all.
    pub(super) fn unheld(&self) -> Vec<i64> {
        let knows_held = Self::needs_everything(&self.scope);
        if knows_held && self.stored.held.is_empty() {
            return Vec::new();
        }
        let archived = |id: i64| self.fates.of.get(&id) == Some(&Fate::Archived);
        let known = self.stored.indexes.iter().flat_map(|index| &index.entries);
        let settled = known.filter(|e| e.row.id != 0 && (e.seen || archived(e.row.id)));
        let held = |id: &i64| !knows_held || self.stored.held.contains(id);
        settled.map(|e| e.row.id).filter(held).collect()
    }

    /// Of each row that will be written, its collection's position and its own.
    pub(super) fn rows_by_id(&self) -> HashMap<i64, (usize, u32)> {
        let mut rows = HashMap::new();
        for (of, (kept, index)) in self.kept.iter().zip(&self.stored.indexes).enumerate() {
            rows.extend(kept.kept.iter().map(|k| (index.entries[k.entry as usize].row.id, (of, k.row))));
        }
        rows
    }
}
