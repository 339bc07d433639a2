//! The rows of a collection that a run will write, on their way to the plan: in memory, and put aside when they are many.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::sync::Arc;

use stocktake_model::{CollectionRows, RowView};

use crate::aside::{Aside, RowReader};
use crate::spill::{Spill, SpillError};
use crate::stored::Entry;

/// A row that is kept because it will be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    /// Position among the collection's kept rows.
    pub(crate) row: u32,
    /// Position in the collection's index.
    pub(crate) entry: u32,
    pub(crate) kind: Kind,
    /// A newer record of the object came: this one is not written.
    pub(crate) taken_back: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    New,
    Skeleton,
    Changed {
        revive: bool,
    },
    /// Only the document or the version differs.
    RawOnly,
}

impl Kept {
    pub(crate) fn is_new(&self) -> bool {
        matches!(self.kind, Kind::New | Kind::Skeleton)
    }
}

#[derive(Debug, Default)]
pub(crate) struct KeptRows {
    pub(crate) aside: Aside,
    /// Their positions follow those of the rows put aside.
    pub(crate) rows: CollectionRows,
    /// In the order of their positions until the plan is made: while rows come, each stands at its own position.
    pub(crate) kept: Vec<Kept>,
}

impl KeptRows {
    /// Keeps a row, its document packed; returns its position.
    pub(crate) fn push(&mut self, row: RowView<'_>, entry: usize, kind: Kind) -> u32 {
        self.rows.push_copy_packed(row, |document| lz4_flex::compress_prepend_size(document.as_bytes()));
        self.pushed(entry, kind)
    }

    /// Keeps a row for its version alone.
    pub(crate) fn push_bare(&mut self, row: RowView<'_>, entry: usize) {
        self.rows.push_copy_bare(row);
        self.pushed(entry, Kind::RawOnly);
    }

    fn pushed(&mut self, entry: usize, kind: Kind) -> u32 {
        let row = (self.aside.len() + self.rows.len() - 1) as u32;
        self.kept.push(Kept { row, entry: entry as u32, kind, taken_back: false });
        row
    }

    /// No more rows will come, so the places of those that were taken back need not be held.
    pub(crate) fn forget_taken_back(&mut self) {
        self.kept.retain(|k| !k.taken_back);
    }

    pub(crate) fn reader(&self) -> RowReader<'_> {
        RowReader::new(&self.aside, &self.rows)
    }

    /// Visits the rows that will be written, whole or in part, in the order of their positions.
    pub(crate) fn each(
        &self,
        mut visit: impl FnMut(&Kept, RowView<'_>) -> Result<(), SpillError>,
    ) -> Result<(), SpillError> {
        let mut reader = self.reader();
        for kept in self.kept.iter().filter(|k| k.kind != Kind::RawOnly) {
            visit(kept, reader.view(kept.row)?)?;
        }
        Ok(())
    }

    /// Puts all rows in memory aside. Their positions change, so the index is told; whoever else knows them is told by
    /// what is returned.
    pub(crate) fn put_aside(&mut self, spill: &Arc<dyn Spill>, entries: &mut [Entry]) -> Result<&[Kept], SpillError> {
        let first = self.aside.len();
        let mut moved = self.kept.split_off(first);
        moved.retain(|k| !k.taken_back);
        sort_by_identity(&self.rows, first, &mut moved);
        self.aside.put(spill, &self.rows, moved.iter().map(|k| k.row as usize - first))?;
        self.rows = CollectionRows::default();
        for (kept, at) in moved.iter_mut().zip(first as u32..) {
            kept.row = at;
            if kept.kind != Kind::RawOnly {
                entries[kept.entry as usize].written = at + 1;
            }
        }
        self.kept.append(&mut moved);
        Ok(&self.kept[first..])
    }

    /// Takes the new rows out of the kept ones, in the order of their identities.
    pub(crate) fn take_new(&mut self) -> Result<Vec<Kept>, SpillError> {
        let (mut new, known): (Vec<Kept>, Vec<Kept>) = self.kept.iter().partition(|k| k.is_new());
        self.kept = known;
        let in_memory = new.partition_point(|k| (k.row as usize) < self.aside.len());
        sort_by_identity(&self.rows, self.aside.len(), &mut new[in_memory..]);
        if in_memory > 0 { self.merged(&new) } else { Ok(new) }
    }

    /// Each segment is sorted, and so are the rows in memory: one walk over all of them.
    fn merged(&self, sorted: &[Kept]) -> Result<Vec<Kept>, SpillError> {
        let mut reader = self.reader();
        let bounds = self.aside.segments().skip(1).chain([self.aside.len() as u32, u32::MAX]);
        let (mut runs, mut rest) = (Vec::new(), sorted);
        for bound in bounds {
            let (run, others) = rest.split_at(rest.partition_point(|k| k.row < bound));
            runs.push(run.iter());
            rest = others;
        }
        let mut next = BinaryHeap::with_capacity(runs.len());
        for (n, run) in runs.iter().enumerate() {
            if let Some(kept) = run.as_slice().first() {
                next.push(Reverse((reader.view(kept.row)?.key_bytes().to_vec(), n)));
            }
        }
        let mut merged = Vec::with_capacity(sorted.len());
        while let Some(mut first) = next.peek_mut() {
            let Reverse((key, n)) = &mut *first;
            let run = &mut runs[*n];
            merged.extend(run.next());
            match run.as_slice().first() {
                Some(kept) => {
                    key.clear();
                    key.extend_from_slice(reader.view(kept.row)?.key_bytes());
                }
                None => drop(PeekMut::pop(first)),
            }
        }
        Ok(merged)
    }
}

/// Sorts by the bytes of the identities. Their first bytes are kept as a number: a comparison seldom needs more, and
/// following the rest costs more than comparing it. `first`: position of the first of `rows`.
fn sort_by_identity(rows: &CollectionRows, first: usize, kept: &mut [Kept]) {
    kept.sort_by_cached_key(|k| {
        let key = rows.view(k.row as usize - first).key_bytes();
        let mut prefix = [0; 16];
        let len = key.len().min(prefix.len());
        prefix[..len].copy_from_slice(&key[..len]);
        (u128::from_be_bytes(prefix), key)
    });
}
