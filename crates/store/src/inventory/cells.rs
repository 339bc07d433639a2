//! A planned row as cells in the order of its statement's columns. Both databases bind from here, so what a missing
//! field, a null or a link means is said once.

use std::collections::HashMap;

use stocktake_model::{Collection, CollectionIx, Field, FieldValue, RowView, Value};
use stocktake_saver::{CollectionPlan, SavePlan, Write};

use crate::db::ProviderId;

/// One cell, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum CellRef<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Time(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl<'a> CellRef<'a> {
    fn id(id: i64) -> Self {
        if id == 0 { Self::Null } else { Self::Int(id) }
    }

    pub(crate) fn opt_int(value: Option<i64>) -> Self {
        value.map_or(Self::Null, Self::Int)
    }

    pub(crate) fn of_value(value: Option<&'a Value>) -> Self {
        match value {
            None | Some(Value::Null | Value::Link(_)) => Self::Null,
            Some(Value::Bool(v)) => Self::Bool(*v),
            Some(Value::Int(v)) => Self::Int(*v),
            Some(Value::Float(v)) => Self::Float(*v),
            Some(Value::Time(v)) => Self::Time(*v),
            Some(Value::Text(v) | Value::Json(v)) => Self::Text(v),
        }
    }
}

/// What all rows of a save have in common.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) plan: &'a SavePlan,
    pub(crate) provider: ProviderId,
    /// Microseconds since 1970-01-01T00:00:00Z.
    pub(crate) now: i64,
    values: HashMap<(CollectionIx, u32, Field), &'a Value>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(plan: &'a SavePlan, provider: ProviderId, now: i64) -> Self {
        let values = plan.values.iter().map(|(ix, row, field, value)| ((*ix, *row, *field), value)).collect();
        Self { plan, provider, now, values }
    }

    pub(crate) fn of(&self, ix: CollectionIx) -> (&'a Collection, &'a CollectionPlan) {
        (self.plan.menu.get(ix), self.plan.collection(ix))
    }

    /// Cells of a new row, in the order of [`super::table::columns`].
    pub(crate) fn insert<'r>(&'r self, ix: CollectionIx, write: &Write, row: RowView<'r>, out: &mut Vec<CellRef<'r>>) {
        let c = self.plan.menu.get(ix);
        let head = row.head();
        out.extend([
            CellRef::Int(write.id),
            CellRef::Int(self.provider.0),
            CellRef::Text(row.key()),
            CellRef::Int(head.digest as i64),
            CellRef::Int(head.raw_digest as i64),
            CellRef::Time(self.now),
            CellRef::Time(self.now),
        ]);
        if c.archives() {
            out.push(if write.archived { CellRef::Time(self.now) } else { CellRef::Null });
        }
        out.extend(self.version(ix, row));
        for by in 1..=c.secondary_refs.len() {
            out.push(secondary(row, by as u8));
        }
        let first = out.len();
        out.resize(first + c.columns.len() + c.links.len(), CellRef::Null);
        self.fields(ix, write, row, |field, cell| out[first + usize::from(field.0)] = cell);
    }

    /// Cells of a changed row: id, digest, raw digest (0: leave alone), of a versioned collection the version (null: leave
    /// alone), then the secondary keys in `refs` (numbers), then
    /// the sent fields in field order.
    pub(crate) fn update<'r>(
        &'r self,
        ix: CollectionIx,
        write: &Write,
        row: RowView<'r>,
        refs: &[u8],
        out: &mut Vec<CellRef<'r>>,
    ) {
        let head = row.head();
        out.extend([CellRef::Int(write.id), CellRef::Int(head.digest as i64), CellRef::Int(head.raw_digest as i64)]);
        out.extend(self.version(ix, row));
        out.extend(refs.iter().map(|by| secondary(row, *by)));
        self.fields(ix, write, row, |_, cell| out.push(cell));
    }

    /// The cell of a row's version, where its collection is versioned.
    pub(crate) fn version(&self, ix: CollectionIx, row: RowView<'_>) -> Option<CellRef<'a>> {
        self.plan.menu.get(ix).versioned.then(|| CellRef::opt_int(row.version()))
    }

    /// The sent fields, links and value links resolved.
    fn fields<'r>(&'r self, ix: CollectionIx, write: &Write, row: RowView<'r>, mut each: impl FnMut(Field, CellRef<'r>)) {
        let mut links = self.plan.links_of(write).iter();
        for (field, value) in row.fields() {
            let cell = match value {
                FieldValue::Null => CellRef::Null,
                FieldValue::Bool(v) => CellRef::Bool(v),
                FieldValue::Int(v) => CellRef::Int(v),
                FieldValue::Float(v) => CellRef::Float(v),
                FieldValue::Time(v) => CellRef::Time(v),
                FieldValue::Text(v) | FieldValue::Json(v) => CellRef::Text(v),
                FieldValue::Link(link) if link.value_of.is_some() => {
                    CellRef::of_value(self.values.get(&(ix, write.row, field)).copied())
                }
                FieldValue::Link(_) => CellRef::id(links.next().copied().unwrap_or(0)),
            };
            each(field, cell);
        }
    }
}

fn secondary(row: RowView<'_>, by: u8) -> CellRef<'_> {
    row.secondary_keys().find(|(b, _)| *b == by).map_or(CellRef::Null, |(_, key)| CellRef::Text(key))
}
