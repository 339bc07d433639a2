//! Everything was seen: decides what goes, and says what must be looked up before the plan can be made.

use std::collections::BTreeSet;
use std::sync::Arc;

use stocktake_model::{CollectionIx, Field, Key, LinkView, Rows, Type, key};

use super::written::Written;
use super::{KEYS_ASKED_ONE_BY_ONE, Planner, Stage};
use crate::fate::{self, Extent};
use crate::kept::{KeptRows, Kind};
use crate::request::{Wanted, WatchKeys};
use crate::spill::SpillError;
use crate::stored::{Entry, StoredRow};

impl Planner {
    /// Every row is known: decides what goes.
    pub(super) fn decide(&mut self) -> Result<(), SpillError> {
        self.kept.iter_mut().for_each(KeptRows::forget_taken_back);
        self.add_skeletons()?;
        let mut coverage = self.coverage.clone();
        let mut extent = Extent::new(&self.menu, &self.scope, &self.stored, &coverage);
        self.doubt(&mut coverage);
        self.fates =
            fate::decide(&self.menu, &self.stored, &coverage, &mut extent, self.outdated(), self.guard, &mut self.counts);
        for (ix, kept) in self.kept.iter_mut().enumerate() {
            let complete = extent.whole[ix] && coverage.is_complete(CollectionIx(ix as u16));
            for row in &kept.kept {
                // A skeleton that a complete listing does not have stands for something that is gone.
                let skeleton = row.kind == Kind::Skeleton && complete;
                self.stored.indexes[ix].entries[row.entry as usize].row.archived = skeleton;
            }
        }
        Ok(())
    }

    /// The next questions; none when everything is known that will be, or there will be no plan.
    pub(super) fn ask(&mut self) -> Wanted {
        let wanted = self.sound().and_then(|()| self.ask_next());
        wanted.unwrap_or_else(|failure| {
            self.failure = Some(failure);
            Wanted::default()
        })
    }

    pub(super) fn ask_next(&mut self) -> Result<Wanted, SpillError> {
        loop {
            let wanted;
            (wanted, self.stage) = match self.stage {
                Stage::Rows => match self.settle_open()? {
                    none if none.is_empty() => {
                        self.decide()?;
                        (none, Stage::Links)
                    }
                    some => (some, Stage::Rows),
                },
                Stage::Links => (self.wanted()?, Stage::Values),
                // Values resolve no link, so nothing follows from them.
                Stage::Values => (self.values_wanted()?, Stage::Nothing),
                Stage::Nothing => return Ok(Wanted::default()),
            };
            if !wanted.is_empty() {
                return Ok(wanted);
            }
        }
    }

    pub(super) fn add_skeletons(&mut self) -> Result<(), SpillError> {
        let mut wanted: Vec<(CollectionIx, String)> = Vec::new();
        for kept in &self.kept {
            kept.each(|_, row| {
                let skeletal = |link: &LinkView<'_>| link.by == 0 && self.menu.get(link.target).skeletal;
                for link in row.links().map(|(_, link)| link).filter(skeletal) {
                    let hash = key::hash(self.stored.seed, link.key);
                    if self.stored.indexes[link.target.index()].find(hash).is_none() {
                        wanted.push((link.target, link.key.to_owned()));
                    }
                }
                Ok(())
            })?;
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut rows = Rows::new(Arc::clone(&self.menu), self.stored.seed);
        for (ix, text) in wanted {
            // What the identity is made of is known, too: of a key pair its name and whose it is.
            let (collection, parts) = (self.menu.get(ix), key::texts(&text).unwrap_or_default());
            let mut skeleton = rows.row(ix, Key::from_encoded(&text));
            if parts.len() == collection.manager_ref.len() {
                for (name, part) in collection.manager_ref.iter().zip(&parts) {
                    let field = collection.field(name);
                    let is_text = |f: &Field| collection.column(*f).is_some_and(|c| c.ty == Type::Text);
                    if let Some(field) = field.filter(is_text) {
                        skeleton = skeleton.text(field, part.as_deref());
                    }
                }
            }
            skeleton.finish();
            let row = rows.of(ix).view(0);
            let entry = Entry::new(row.head().key_hash, StoredRow::default(), true);
            let entry = self.stored.indexes[ix.index()].insert(entry);
            self.counts[ix.index()].created += 1;
            self.keep(ix, row, entry, Kind::Skeleton);
            rows.clear();
        }
        Ok(())
    }

    pub(super) fn wanted(&mut self) -> Result<Wanted, SpillError> {
        let (mut wanted, mut written, mut takes_values) = (Wanted::default(), Written::new(self), false);
        for kept in &self.kept {
            kept.each(|_, row| {
                let unusual = |link: &LinkView<'_>| link.by > 0 || link.value_of.is_some();
                for link in row.links().map(|(_, link)| link).filter(unusual) {
                    takes_values |= link.by > 0 && link.value_of.is_some();
                    let hash = key::hash(self.stored.seed, link.key);
                    let known = link.by == 0
                        || self.seen.has(link.target, link.by, hash)
                        || self.stored.by_ref.contains_key(&(link.target, link.by, hash));
                    if !known {
                        wanted.by_ref.entry((link.target, link.by)).or_default().insert(link.key.to_owned());
                    }
                    if let (Some(column), Some(at)) = (link.value_of, self.entry_of(link.target, link.by, hash)) {
                        let id = self.stored.indexes[link.target.index()].entries[at].row.id;
                        if id != 0 && !written.sends(link.target, at, column)? {
                            wanted.values.entry((link.target, column)).or_default().insert(id);
                        }
                    }
                }
                Ok(())
            })?;
        }
        for (ix, collection) in self.menu.iter() {
            let watched = self.stored.watched.get(&ix).copied().unwrap_or_default();
            let kept = &self.kept[ix.index()];
            if watched.unresolved {
                // Links by a secondary ref are tried again each time: their key may have moved to a row long known.
                let keys = if collection.secondary_refs.is_empty() { self.new_keys(ix)? } else { WatchKeys::All };
                if keys != WatchKeys::Of(BTreeSet::new()) {
                    wanted.unresolved.insert(ix, keys);
                }
            }
            let changed = kept.kept.iter().filter(|k| matches!(k.kind, Kind::Changed { .. }));
            let changed = changed.map(|k| self.stored.indexes[ix.index()].entries[k.entry as usize].row.id);
            let deleted = self.fates.deletes.iter().filter(|(of, _)| *of == ix).map(|(_, id)| *id);
            let usually_by_ref = self.menu.incoming(ix).iter().any(|(_, _, by)| *by > 0);
            if usually_by_ref || watched.resolved && !collection.secondary_refs.is_empty() {
                let ids: BTreeSet<_> = changed.clone().chain(deleted.clone()).collect();
                if !ids.is_empty() {
                    wanted.refs_now.insert(ix, ids);
                }
            }
            if usually_by_ref && self.stored.indexes[ix.index()].entries.iter().any(|e| e.row.id != 0) {
                // Another row, archived long ago, may have had the key of one written now, and still have its links.
                kept.each(|k, row| {
                    for (by, text) in row.secondary_keys().filter(|_| k.kind != Kind::Skeleton) {
                        wanted.by_ref.entry((ix, by)).or_default().insert(text.to_owned());
                    }
                    Ok(())
                })?;
            }
            if watched.resolved {
                wanted.watchers_of.extend(changed.chain(deleted));
            }
        }
        for (ix, keys) in &self.late_keys {
            // A targeted run has read the remembered links of all other rows.
            let (index, hash) = (&self.stored.indexes[ix.index()], |text: &str| key::hash(self.stored.seed, text));
            let stored = keys.iter().filter(|(by, _)| *by == 0).filter_map(|(_, text)| index.find(hash(text)));
            wanted.watchers_of.extend(stored.map(|at| index.entries[at].row.id).filter(|id| *id != 0));
            wanted.unresolved.insert(*ix, WatchKeys::Of(keys.clone()));
        }
        self.takes_values = takes_values;
        Ok(wanted)
    }

    pub(super) fn entry_of(&self, target: CollectionIx, by: u8, hash: u128) -> Option<usize> {
        match by {
            0 => self.stored.indexes[target.index()].find(hash),
            by => self.seen.entry(target, by, hash),
        }
    }

    pub(super) fn new_keys(&self, ix: CollectionIx) -> Result<WatchKeys, SpillError> {
        let kept = &self.kept[ix.index()];
        if kept.kept.iter().filter(|k| k.is_new()).count() > KEYS_ASKED_ONE_BY_ONE {
            return Ok(WatchKeys::All);
        }
        let mut reader = kept.reader();
        let keys = kept.kept.iter().filter(|k| k.is_new()).map(|k| Ok((0, reader.view(k.row)?.key().to_owned())));
        keys.collect::<Result<_, _>>().map(WatchKeys::Of)
    }
}
