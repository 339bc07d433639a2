//! Whole rows by id, in the words of the model: what a plan is compared with when a person wants to see it.

use std::collections::HashMap;
use std::fmt::Write as _;

use stocktake_model::{CollectionIx, Field, Menu, Type, Value};

use super::sql::name_of;
use crate::db::{Cell, ProviderId, Row, Statement};
use crate::error::Result;
use crate::params;
use crate::store::Store;

/// One stored row.
#[derive(Debug, Clone)]
pub struct Current {
    /// Text form of its identity.
    pub reference: String,
    /// Columns by field; a link's value is the text form of its target's identity.
    pub values: HashMap<Field, Value>,
    /// Ids that its links lead to.
    pub links: HashMap<Field, i64>,
    /// What people call the rows its links lead to.
    pub link_names: HashMap<Field, String>,
}

/// Rows of `collection` by id; an id without a row is not in the answer.
pub async fn current(store: &Store, menu: &Menu, collection: CollectionIx, ids: &[i64]) -> Result<HashMap<i64, Current>> {
    let sql = format!("{} where t.id = any($1)", select(menu, collection, "t.id, t.ems_ref"));
    let rows = store.query(&sql, &params![ids.to_vec()]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, read(menu, collection, row, 1)?))).collect()
}

/// A row and since when its object is gone.
#[derive(Debug, Clone)]
pub struct Named {
    pub id: i64,
    pub archived_on: Option<i64>,
    pub current: Current,
}

/// Rows of a provider that answer to one of these words by their ref or by one of `columns`, which are of the model. Rows of
/// objects that are gone come last.
pub fn named(
    menu: &Menu,
    collection: CollectionIx,
    provider: ProviderId,
    words: Vec<String>,
    columns: &[&'static str],
) -> Statement {
    let of = menu.get(collection);
    let archived = if of.archives() { "t.archived_on" } else { "null" };
    // Columns that the collection does not have would be a mistake of ours in every question.
    let known = columns.iter().filter(|name| of.field(name).is_some()).map(|name| format!(" or t.{name} = any($2)"));
    let sql = format!(
        "{} where t.provider_id = $1 and (t.ems_ref = any($2){}) order by {archived} is not null, t.id",
        select(menu, collection, &format!("t.id, {archived}, t.ems_ref")),
        known.collect::<String>()
    );
    Statement::new(sql, params![provider, words])
}

/// What [`named`] asked for.
pub fn read_named(menu: &Menu, collection: CollectionIx, rows: &[Row]) -> Result<Vec<Named>> {
    let one = |row: &Row| Ok(Named { id: row.get(0)?, archived_on: row.get(1)?, current: read(menu, collection, row, 2)? });
    rows.iter().map(one).collect()
}

fn select(menu: &Menu, collection: CollectionIx, first: &str) -> String {
    let of = menu.get(collection);
    let mut sql = format!("select {first}");
    for column in of.columns.iter() {
        let _ = write!(sql, ", t.{}", column.name);
    }
    for link in of.links.iter() {
        let column = link.column();
        let name = menu.ix(link.target).map_or_else(|| "x.ems_ref".to_owned(), |ix| name_of(menu.get(ix), "x"));
        for shown in ["x.ems_ref", name.as_str()] {
            let _ = write!(sql, ", (select {shown} from {} x where x.id = t.{column})", link.target);
        }
        let _ = write!(sql, ", t.{column}");
    }
    let _ = write!(sql, " from {} t", of.name);
    sql
}

/// What people call these rows; an id without a row is not in the answer.
pub async fn names(store: &Store, menu: &Menu, collection: CollectionIx, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let of = menu.get(collection);
    let sql = format!("select t.id, {} from {} t where t.id = any($1)", name_of(of, "t"), of.name);
    let rows = store.query(&sql, &params![ids.to_vec()]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// `first`: the cell of the ref, which the columns follow.
fn read(menu: &Menu, collection: CollectionIx, row: &Row, first: usize) -> Result<Current> {
    let of = menu.get(collection);
    let mut current =
        Current { reference: row.get(first)?, values: HashMap::new(), links: HashMap::new(), link_names: HashMap::new() };
    let mut cells = row.cells()[first + 1..].iter();
    for (n, column) in of.columns.iter().enumerate() {
        let value = cells.next().map_or(Value::Null, |cell| value(column.ty, cell));
        current.values.insert(Field(n as u8), value);
    }
    for n in 0..of.links.len() {
        let field = Field((of.columns.len() + n) as u8);
        let (reference, name, id) = (cells.next(), cells.next(), cells.next());
        if let (Some(Cell::Text(reference)), Some(Cell::Text(name)), Some(Cell::Int(id))) = (reference, name, id) {
            current.links.insert(field, *id);
            current.link_names.insert(field, name.clone());
            current.values.insert(field, Value::Text(reference.clone()));
        } else {
            current.values.insert(field, Value::Null);
        }
    }
    Ok(current)
}

fn value(ty: Type, cell: &Cell) -> Value {
    match (ty, cell) {
        (_, Cell::Null | Cell::Bytes(_)) => Value::Null,
        (Type::Bool, Cell::Int(v)) => Value::Bool(*v != 0),
        (_, Cell::Bool(v)) => Value::Bool(*v),
        (Type::Time, Cell::Int(v)) => Value::Time(*v),
        (Type::Float, Cell::Int(v)) => Value::Float(*v as f64),
        (_, Cell::Int(v)) => Value::Int(*v),
        (_, Cell::Float(v)) => Value::Float(*v),
        (Type::Json, Cell::Text(v)) => Value::Json(v.clone()),
        (_, Cell::Text(v)) => Value::Text(v.clone()),
    }
}
