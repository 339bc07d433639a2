//! Where the rows of a step come from: positions in the plan, never copies of it.

use stocktake_model::CollectionIx;
use stocktake_saver::{RowReader, SpillError};

use super::super::cells::{CellRef, Context};

#[derive(Debug)]
pub(super) enum Rows {
    /// All new rows of a collection.
    Inserts(CollectionIx, usize),
    /// These changed rows; ref numbers of the secondary keys written with them.
    Updates(CollectionIx, Vec<u32>, Vec<u8>),
    Documents(CollectionIx, Vec<Position>),
    RawDigests(CollectionIx, usize),
    Watches(usize),
    /// These relinks; their values, or the ids they lead to.
    Relinks(Vec<u32>, bool),
    Held(usize),
}

/// A written row of a collection plan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Position {
    Insert(u32),
    Update(u32),
    RawOnly(u32),
}

/// The planner packs documents with lz4 behind their length.
const LZ4: i64 = 1;

impl Rows {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Inserts(_, n) | Self::RawDigests(_, n) | Self::Watches(n) | Self::Held(n) => *n,
            Self::Updates(_, at, _) | Self::Relinks(at, _) => at.len(),
            Self::Documents(_, at) => at.len(),
        }
    }

    /// To read their cells one after the other.
    pub(super) fn lines<'a>(&'a self, context: &'a Context<'a>) -> Lines<'a> {
        let reader = match self {
            Self::Inserts(ix, _) | Self::Updates(ix, ..) | Self::Documents(ix, _) | Self::RawDigests(ix, _) => {
                Some(context.plan.collection(*ix).reader())
            }
            Self::Watches(_) | Self::Relinks(..) | Self::Held(_) => None,
        };
        Lines { rows: self, context, reader }
    }
}

/// The rows of a step, one after the other. One at a time, since they may have to be read from outside of memory.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    rows: &'a Rows,
    context: &'a Context<'a>,
    reader: Option<RowReader<'a>>,
}

/// Room for the cells of the next row.
pub(super) fn emptied<'b>(mut cells: Vec<CellRef<'_>>) -> Vec<CellRef<'b>> {
    cells.clear();
    // Nothing is left to map; what stays is the memory.
    cells.into_iter().map(|_| CellRef::Null).collect()
}

impl Lines<'_> {
    /// The cells of one row, in the order of the step's columns.
    pub(super) fn cells<'r>(&'r mut self, at: usize, out: &mut Vec<CellRef<'r>>) -> Result<(), SpillError> {
        let context = self.context;
        let plan = context.plan;
        match (self.rows, &mut self.reader) {
            (Rows::Inserts(ix, _), Some(reader)) => {
                let write = &plan.collection(*ix).inserts[at];
                context.insert(*ix, write, reader.view(write.row)?, out);
            }
            (Rows::Updates(ix, positions, refs), Some(reader)) => {
                let write = &plan.collection(*ix).updates[positions[at] as usize];
                context.update(*ix, write, reader.view(write.row)?, refs, out);
            }
            (Rows::Documents(ix, positions), Some(reader)) => {
                let of = plan.collection(*ix);
                let write = match positions[at] {
                    Position::Insert(at) => &of.inserts[at as usize],
                    Position::Update(at) => &of.updates[at as usize],
                    Position::RawOnly(at) => &of.raw_only[at as usize],
                };
                let body = reader.view(write.row)?.packed_raw().unwrap_or_default();
                out.extend([
                    CellRef::Int(write.id),
                    CellRef::Int(context.provider.0),
                    CellRef::Int(LZ4),
                    CellRef::Bytes(body),
                ]);
            }
            (Rows::RawDigests(ix, _), Some(reader)) => {
                let write = &plan.collection(*ix).raw_only[at];
                let row = reader.view(write.row)?;
                out.extend([CellRef::Int(write.id), CellRef::Int(row.head().raw_digest as i64)]);
                out.extend(context.version(*ix, row));
            }
            (Rows::Inserts(..) | Rows::Updates(..) | Rows::Documents(..) | Rows::RawDigests(..), None) => {}
            (Rows::Watches(_), _) => watch(context, at, out),
            (Rows::Relinks(positions, value), _) => {
                let relink = &plan.relinks[positions[at] as usize];
                let cell = if *value { CellRef::of_value(relink.value.as_ref()) } else { CellRef::opt_int(relink.resolved) };
                out.extend([CellRef::Int(relink.row_id), cell]);
            }
            (Rows::Held(_), _) => {
                let (ix, id) = plan.held[at];
                let name = plan.menu.get(ix).name;
                out.extend([
                    CellRef::Int(id),
                    CellRef::Int(context.provider.0),
                    CellRef::Text(name),
                    CellRef::Time(context.now),
                ]);
            }
        }
        Ok(())
    }
}

fn watch<'r>(context: &'r Context<'_>, at: usize, out: &mut Vec<CellRef<'r>>) {
    let watch = &context.plan.watches[at];
    let menu = &context.plan.menu;
    let (c, target) = (menu.get(watch.collection), menu.get(watch.target));
    let value_of = watch.value_of.map_or(CellRef::Null, |field| CellRef::Text(target.field_name(field)));
    out.extend([
        CellRef::Int(watch.row_id),
        CellRef::Text(c.field_name(watch.field)),
        CellRef::Text(c.name),
        CellRef::Int(context.provider.0),
        CellRef::Text(target.name),
        CellRef::Int(watch.by.into()),
        CellRef::Text(&watch.key),
        value_of,
        CellRef::opt_int(watch.default),
        CellRef::opt_int(watch.resolved),
    ]);
}
