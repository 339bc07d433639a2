//! Rows of one collection that were put aside. They lie there in segments, each in the order of identities: whoever
//! reads in that order goes through every segment once, from its begin to its end.

use std::io;
use std::sync::Arc;

use stocktake_model::{CollectionRows, RowView};

use crate::spill::{Spill, SpillError};

/// Written at a time.
const CHUNK: usize = 256 << 10;
/// Read at a time, of each segment.
const WINDOW: usize = 32 << 10;

/// Rows are numbered from 0 in the order in which they were put aside.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    spill: Option<Arc<dyn Spill>>,
    segments: Vec<Segment>,
    rows: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    first_row: u32,
    end: u64,
}

/// Where a row's record begins, behind its length; the lowest bit says whether it has a document.
#[derive(Debug, Clone, Copy)]
struct Place(u64);

impl Aside {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// First rows of the segments.
    pub(crate) fn segments(&self) -> impl Iterator<Item = u32> {
        self.segments.iter().map(|segment| segment.first_row)
    }

    /// Puts these rows aside, which must come in the order of their identities.
    pub(crate) fn put(
        &mut self,
        spill: &Arc<dyn Spill>,
        rows: &CollectionRows,
        order: impl Iterator<Item = usize>,
    ) -> Result<(), SpillError> {
        let failed = |e| SpillError::writing(&**spill, e);
        let first_row = self.rows.len() as u32;
        let mut chunk = Vec::with_capacity(CHUNK + CHUNK / 4);
        // Where the chunk will lie is known once it is written; until then places count from its begin.
        let mut unplaced = self.rows.len();
        let mut end = 0;
        let mut flush = |chunk: &mut Vec<u8>, places: &mut Vec<Place>| -> io::Result<u64> {
            let at = spill.append(chunk)?;
            places[unplaced..].iter_mut().for_each(|place| place.0 += at << 1);
            unplaced = places.len();
            let end = at + chunk.len() as u64;
            chunk.clear();
            Ok(end)
        };
        for row in order {
            let start = chunk.len();
            let has_document = rows.view(row).packed_raw().is_some();
            self.rows.push(Place((start as u64) << 1 | u64::from(has_document)));
            chunk.extend_from_slice(&[0; 4]);
            rows.write_record(row, &mut chunk);
            let len = (chunk.len() - start - 4) as u32;
            chunk[start..][..4].copy_from_slice(&len.to_le_bytes());
            if chunk.len() >= CHUNK {
                end = flush(&mut chunk, &mut self.rows).map_err(failed)?;
            }
        }
        if !chunk.is_empty() {
            end = flush(&mut chunk, &mut self.rows).map_err(failed)?;
        }
        self.spill = Some(Arc::clone(spill));
        self.segments.push(Segment { first_row, end });
        Ok(())
    }
}

/// Reads the rows of a collection, those put aside and those in memory behind them, one at a time.
#[derive(Debug)]
pub struct RowReader<'a> {
    aside: &'a Aside,
    rows: &'a CollectionRows,
    /// Of each segment, what was read last.
    windows: Vec<Window>,
    row: CollectionRows,
}

#[derive(Debug, Default, Clone)]
struct Window {
    at: u64,
    bytes: Vec<u8>,
}

impl<'a> RowReader<'a> {
    pub(crate) fn new(aside: &'a Aside, rows: &'a CollectionRows) -> Self {
        Self { aside, rows, windows: vec![Window::default(); aside.segments.len()], row: CollectionRows::default() }
    }

    /// The row at this position. Cheapest in the order of positions within each segment.
    pub fn view(&mut self, row: u32) -> Result<RowView<'_>, SpillError> {
        match (self.aside.rows.get(row as usize), &self.aside.spill) {
            (Some(place), Some(spill)) => {
                let segment = self.aside.segments.partition_point(|s| s.first_row <= row) - 1;
                let window = &mut self.windows[segment];
                let end = self.aside.segments[segment].end;
                let read = load(&**spill, window, place.0 >> 1, end, &mut self.row);
                read.map_err(|e| SpillError::reading(&**spill, e))?;
                Ok(self.row.view(0))
            }
            _ => Ok(self.rows.view(row as usize - self.aside.len())),
        }
    }

    /// Whether the row at this position has a document; nothing is read for it.
    pub fn has_document(&self, row: u32) -> bool {
        match self.aside.rows.get(row as usize) {
            Some(place) => place.0 & 1 == 1,
            None => self.rows.view(row as usize - self.aside.len()).packed_raw().is_some(),
        }
    }
}

fn load(spill: &dyn Spill, window: &mut Window, at: u64, end: u64, row: &mut CollectionRows) -> io::Result<()> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "it does not hold what was written to it");
    let len = <[u8; 4]>::try_from(window.get(spill, at, 4, end)?).map_err(|_| broken())?;
    let len = u32::from_le_bytes(len) as usize;
    if at + 4 + len as u64 > end {
        return Err(broken());
    }
    let record = window.get(spill, at + 4, len, end)?;
    if row.set_record(record) { Ok(()) } else { Err(broken()) }
}

impl Window {
    fn get(&mut self, spill: &dyn Spill, at: u64, len: usize, end: u64) -> io::Result<&[u8]> {
        let inside = at >= self.at && at + len as u64 <= self.at + self.bytes.len() as u64;
        if !inside {
            let ahead = WINDOW.max(len).min((end - at) as usize);
            self.bytes.resize(ahead, 0);
            self.at = at;
            spill.read(at, &mut self.bytes).inspect_err(|_| self.bytes.clear())?;
        }
        Ok(&self.bytes[(at - self.at) as usize..][..len])
    }
}
