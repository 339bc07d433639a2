//! Answers in pages: the whole table is never in memory, and a page begins where the last one ended, not at a count.

use stocktake_model::{Menu, Type};

use super::path::{End, Path};
use super::sql::Builder;
use super::{Query, QueryError};
use crate::db::{Cell, FromCell, Param};
use crate::error::{Result as StoreResult, StoreError};
use crate::store::Store;
use crate::tx::Tx;

const PAGE: u64 = 1_000;

/// A value as it is read.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    Text(String),
    Json(String),
    Link {
        id: i64,
        reference: String,
        name: String,
    },
}

/// A row of an answer: its id, and a value for each column that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub id: i64,
    pub values: Vec<Value>,
}

/// A question being answered.
#[derive(Debug)]
pub struct Pages<'a> {
    store: &'a Store,
    menu: &'a Menu,
    query: Query,
    /// Where the last page ended: its last row's sort values and id.
    after: Option<(Vec<Param>, i64)>,
    left: u64,
    page: u64,
    /// All pages show one moment: before a refresh or after it, never some of each.
    moment: Option<Tx>,
}

impl Query {
    pub fn pages<'a>(self, store: &'a Store, menu: &'a Menu) -> Pages<'a> {
        let left = self.limit.unwrap_or(u64::MAX);
        Pages { store, menu, query: self, after: None, left, page: PAGE, moment: None }
    }

    /// How many rows there are, whatever the limit.
    pub async fn count(&self, store: &Store, menu: &Menu) -> Result<u64, QueryError> {
        let mut builder = Builder::new(menu, store.kind(), self.collection);
        conditions(self, &mut builder);
        let sql = builder.select(&["count(*)".to_owned()]);
        let count: i64 = store.query_one(&sql, &builder.params).await?.get(0)?;
        Ok(count.unsigned_abs())
    }
}

impl Pages<'_> {
    /// Rows a page; for tests of the seams between pages.
    pub fn of(mut self, rows: u64) -> Self {
        self.page = rows.max(1);
        self
    }

    /// The next page; `None` when there are no more rows.
    pub async fn next(&mut self) -> Result<Option<Vec<Record>>, QueryError> {
        let wanted = self.left.min(self.page);
        if wanted == 0 {
            return Ok(None);
        }
        let (sql, params) = self.statement(wanted);
        let rows = match &mut self.moment {
            Some(moment) => moment.query(&sql, &params).await?,
            None if self.left <= self.page => self.store.query(&sql, &params).await?,
            None => self.moment.insert(self.store.snapshot().await?).query(&sql, &params).await?,
        };
        self.left = if (rows.len() as u64) < wanted { 0 } else { self.left - wanted };
        let mut records = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let mut cells = row.cells().iter();
            let id = i64::from_cell(next(&mut cells)?).ok_or_else(|| odd("an id"))?;
            let columns = self.query.columns.iter();
            let values = columns.map(|path| value(self.menu, path, &mut cells)).collect::<StoreResult<Vec<_>>>()?;
            if at + 1 == rows.len() {
                let sort = self.query.sort.iter();
                let keys = sort.map(|s| Ok(key(s.path.ty(self.menu), next(&mut cells)?))).collect::<StoreResult<_>>()?;
                self.after = Some((keys, id));
            }
            records.push(Record { id, values });
        }
        Ok((!records.is_empty()).then_some(records))
    }

    fn statement(&self, limit: u64) -> (String, Vec<Param>) {
        let query = &self.query;
        let mut builder = Builder::new(self.menu, self.store.kind(), query.collection);
        let mut selected = vec!["t.id".to_owned()];
        for path in &query.columns {
            selected.extend(builder.selected(path));
        }
        conditions(query, &mut builder);
        let (keys, order) = builder.order(&query.sort);
        if let Some((values, id)) = &self.after {
            builder.after(&keys, &query.sort, values, *id);
        }
        selected.extend(keys);
        let sql = format!("{} order by {order} limit {limit}", builder.select(&selected));
        (sql, builder.params)
    }
}

fn conditions(query: &Query, builder: &mut Builder<'_>) {
    builder.archived(query.archived);
    for filter in &query.filters {
        builder.filter(filter);
    }
    builder.words(&query.words);
}

pub(super) fn value<'c>(menu: &Menu, path: &Path, cells: &mut impl Iterator<Item = &'c Cell>) -> StoreResult<Value> {
    let cell = next(cells)?;
    if let End::Link(_) = path.end {
        let (reference, name) = (next(cells)?, next(cells)?);
        return Ok(match (i64::from_cell(cell), String::from_cell(reference)) {
            (Some(id), Some(reference)) => {
                let name = String::from_cell(name).unwrap_or_else(|| reference.clone());
                Value::Link { id, reference, name }
            }
            _ => Value::Null,
        });
    }
    let ty = path.ty(menu);
    let read = match (cell, ty) {
        (Cell::Null, _) => Some(Value::Null),
        (cell, Type::Text) => String::from_cell(cell).map(Value::Text),
        (cell, Type::Json) => String::from_cell(cell).map(Value::Json),
        (cell, Type::Int) => i64::from_cell(cell).map(Value::Int),
        (cell, Type::Time) => i64::from_cell(cell).map(Value::Time),
        (cell, Type::Float) => f64::from_cell(cell).map(Value::Float),
        (cell, Type::Bool) => bool::from_cell(cell).map(Value::Bool),
    };
    read.ok_or_else(|| odd(&path.text))
}

/// A sort value as the parameter that compares equal to it.
fn key(ty: Type, cell: &Cell) -> Param {
    match (cell, ty) {
        (Cell::Null, _) => Param::Null,
        (Cell::Int(v), Type::Time) => Param::Time(*v),
        (Cell::Int(v), Type::Bool) => Param::Bool(*v != 0),
        (Cell::Int(v), _) => Param::Int(*v),
        (Cell::Bool(v), _) => Param::Bool(*v),
        (Cell::Float(v), _) => Param::Float(*v),
        (Cell::Text(v), _) => Param::Text(v.clone()),
        (Cell::Bytes(v), _) => Param::Bytes(v.clone()),
    }
}

fn next<'c>(cells: &mut impl Iterator<Item = &'c Cell>) -> StoreResult<&'c Cell> {
    cells.next().ok_or_else(|| odd("a column"))
}

fn odd(what: &str) -> StoreError {
    StoreError::Bug(format!("an answer lacks {what} or has it in another type"))
}
