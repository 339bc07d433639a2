//! Each row as it comes, against what is stored under its identity. What differs is kept; what equals is forgotten at once.

use stocktake_model::{CollectionIx, IssueKind, RowView, key};

use super::{Planner, TWICE};
use crate::kept::Kind;
use crate::spill::SpillError;
use crate::stored::{Entry, StoredRow};

impl Planner {
    /// The collections with the most bytes first, until half of what may be in memory is left: few, large pieces.
    pub(super) fn put_aside(&mut self) -> Result<(), SpillError> {
        let Some((spill, most)) = &self.spill else { return Ok(()) };
        let mut held: usize = self.kept.iter().map(|kept| kept.rows.size()).sum();
        if held <= *most {
            return Ok(());
        }
        while held > most / 2 {
            let kept = self.kept.iter_mut().zip(&mut self.stored.indexes).zip(0..);
            let most = kept.max_by_key(|((kept, _), _)| kept.rows.size());
            let Some(((kept, index), ix)) = most.filter(|((kept, _), _)| !kept.rows.is_empty()) else { break };
            held -= kept.rows.size();
            let moved = kept.put_aside(spill, &mut index.entries)?;
            self.sightings.follow(CollectionIx(ix), moved);
        }
        Ok(())
    }

    pub(super) fn compare(&mut self, ix: CollectionIx, row: RowView<'_>) {
        let head = row.head();
        self.counts[ix.index()].fetched += 1;
        let index = &mut self.stored.indexes[ix.index()];
        let (entry, kind) = match index.find(head.key_hash) {
            Some(at) => {
                let entry = &mut index.entries[at];
                if std::mem::replace(&mut entry.seen, true) {
                    if !self.menu.get(ix).embedded {
                        self.doubted.entry(ix).or_insert(TWICE);
                    }
                    let message = "a second record with this identity; the first one counts".to_owned();
                    self.issue(IssueKind::DuplicateIdentity, ix, row.key(), None, message);
                    return;
                }
                let stored = entry.row;
                let kind = if stored.archived || stored.digest != head.digest {
                    // Without id: an older record of this run, taken back.
                    Some(if stored.id == 0 { Kind::New } else { Kind::Changed { revive: stored.archived } })
                } else {
                    (head.raw_digest != 0 && head.raw_digest != stored.raw_digest).then_some(Kind::RawOnly)
                };
                (at, kind)
            }
            None => (index.insert(Entry::new(head.key_hash, StoredRow::default(), true)), Some(Kind::New)),
        };
        for (by, text) in row.secondary_keys() {
            if !self.seen.add(ix, by, key::hash(self.stored.seed, text), entry) {
                let name = self.menu.get(ix).secondary_refs[usize::from(by) - 1].name;
                let message = format!("another record has the same key '{text}'; links by it lead nowhere");
                self.issue(IssueKind::AmbiguousRef, ix, row.key(), Some(name), message);
            }
        }
        let counts = &mut self.counts[ix.index()];
        match kind {
            None => counts.unchanged += 1,
            Some(kind) => {
                match kind {
                    Kind::New | Kind::Skeleton => counts.created += 1,
                    Kind::Changed { revive } => {
                        counts.updated += 1;
                        counts.revived += u64::from(revive);
                    }
                    Kind::RawOnly => {
                        counts.unchanged += 1;
                        counts.raw_only += 1;
                    }
                }
                self.keep(ix, row, entry, kind);
            }
        }
    }

    pub(super) fn keep(&mut self, ix: CollectionIx, row: RowView<'_>, entry: usize, kind: Kind) {
        let at = self.kept[ix.index()].push(row, entry, kind);
        if kind != Kind::RawOnly {
            self.stored.indexes[ix.index()].entries[entry].written = at + 1;
        }
    }
}
