//! Rows that this run writes, looked into by those who meet their keys in other rows, wherever they are kept.

use stocktake_model::{CollectionIx, Field, FieldValue, RowView, key};

use super::Planner;
use crate::aside::RowReader;
use crate::kept::KeptRows;
use crate::spill::SpillError;

#[derive(Debug)]
pub(super) struct Written<'a> {
    planner: &'a Planner,
    /// Of each collection.
    readers: Vec<RowReader<'a>>,
}

impl<'a> Written<'a> {
    pub(super) fn new(planner: &'a Planner) -> Self {
        Self { planner, readers: planner.kept.iter().map(KeptRows::reader).collect() }
    }

    pub(super) fn at(&mut self, of: CollectionIx, row: u32) -> Result<RowView<'_>, SpillError> {
        self.readers[of.index()].view(row)
    }

    /// The row of this entry of the index; none when it is not written.
    pub(super) fn row(&mut self, of: CollectionIx, entry: usize) -> Result<Option<RowView<'_>>, SpillError> {
        let Some(row) = self.planner.stored.indexes[of.index()].entries[entry].written.checked_sub(1) else {
            return Ok(None);
        };
        self.at(of, row).map(Some)
    }

    /// The value that this run writes into `column` of the row of `target` with this key; none when it does not write it.
    pub(super) fn sent_value(
        &mut self,
        target: CollectionIx,
        by: u8,
        text: &str,
        column: Field,
    ) -> Result<Option<FieldValue<'_>>, SpillError> {
        let Some(entry) = self.planner.entry_of(target, by, key::hash(self.planner.stored.seed, text)) else {
            return Ok(None);
        };
        Ok(self.row(target, entry)?.and_then(|row| row.get(column)))
    }

    pub(super) fn sends(&mut self, target: CollectionIx, entry: usize, column: Field) -> Result<bool, SpillError> {
        Ok(self.row(target, entry)?.is_some_and(|row| row.get(column).is_some()))
    }
}
