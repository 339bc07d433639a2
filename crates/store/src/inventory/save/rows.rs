//! Where the rows of a step come from: positions in the plan, never copies of it.

use stocktake_model::CollectionIx;

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

    /// The cells of one row, in the order of the step's columns.
    pub(super) fn cells<'a>(&self, context: &Context<'a>, at: usize, out: &mut Vec<CellRef<'a>>) {
        let plan = context.plan;
        match self {
            Self::Inserts(ix, _) => context.insert(*ix, &plan.collection(*ix).inserts[at], out),
            Self::Updates(ix, positions, refs) => {
                context.update(*ix, &plan.collection(*ix).updates[positions[at] as usize], refs, out);
            }
            Self::Documents(ix, positions) => {
                let of = plan.collection(*ix);
                let write = match positions[at] {
                    Position::Insert(at) => &of.inserts[at as usize],
                    Position::Update(at) => &of.updates[at as usize],
                    Position::RawOnly(at) => &of.raw_only[at as usize],
                };
                let body = of.view(write).packed_raw().unwrap_or_default();
                out.extend([
                    CellRef::Int(write.id),
                    CellRef::Int(context.provider.0),
                    CellRef::Int(LZ4),
                    CellRef::Bytes(body),
                ]);
            }
            Self::RawDigests(ix, _) => {
                let of = plan.collection(*ix);
                let write = &of.raw_only[at];
                let row = of.view(write);
                out.extend([CellRef::Int(write.id), CellRef::Int(row.head().raw_digest as i64)]);
                out.extend(context.version(*ix, row));
            }
            Self::Watches(_) => watch(context, at, out),
            Self::Relinks(positions, value) => {
                let relink = &plan.relinks[positions[at] as usize];
                let cell = if *value { CellRef::of_value(relink.value.as_ref()) } else { CellRef::opt_int(relink.resolved) };
                out.extend([CellRef::Int(relink.row_id), cell]);
            }
            Self::Held(_) => {
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
    }
}

fn watch<'a>(context: &Context<'a>, at: usize, out: &mut Vec<CellRef<'a>>) {
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
