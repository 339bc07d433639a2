//! One object: found by what a person calls it, with what it links to and what links to it.

use jiff::Timestamp;
use stocktake_model::{CollectionIx, Field, Menu};

use super::names::naming_field;
use super::pages::{Record, Value};
use super::path::{End, Path, column_names};
use super::sql::{escape, name_of};
use super::{Archived, PREFIX, Query, QueryError};
use crate::db::{Param, Row};
use crate::error::StoreError;
use crate::params;

use crate::store::Store;

/// Where to look, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Selector<'a> {
    pub collection: CollectionIx,
    /// An id, a ref, the beginning of a ref, or a name.
    pub word: &'a str,
    /// Name of the provider, when the word is not unique without it.
    pub provider: Option<&'a str>,
}

/// A row with all its columns.
#[derive(Debug, Clone)]
pub struct Object {
    pub collection: CollectionIx,
    pub id: i64,
    /// In the order of [`column_names`].
    pub columns: Vec<(Path, Value)>,
}

/// Rows of one collection that link to an object by one of their links.
#[derive(Debug, Clone)]
pub struct Backlinks {
    pub collection: CollectionIx,
    pub field: Field,
    pub count: u64,
    /// The first few by name: id, ref, name. A row without a name has its ref there.
    pub first: Vec<(i64, String, String)>,
}

/// How many backlinks of a kind are named.
const NAMED: usize = 5;
/// How many candidates an ambiguous word is answered with.
const CANDIDATES: usize = 10;

impl Object {
    pub async fn find(store: &Store, menu: &Menu, selector: Selector<'_>) -> Result<Self, QueryError> {
        let id = locate(store, menu, selector).await?;
        let mut query = Query::new(selector.collection).columns(menu, column_names(menu.get(selector.collection)))?;
        query.archived = Archived::All;
        let columns = query.columns.clone();
        let query = query.terms(menu, [format!("id={id}").as_str()], Timestamp::UNIX_EPOCH)?;
        let page = query.pages(store, menu).next().await?;
        let Some(Record { id, values }) = page.and_then(|mut page| page.pop()) else {
            let word = selector.word.to_owned();
            return Err(QueryError::NoObject { collection: menu.get(selector.collection).name, word });
        };
        Ok(Self { collection: selector.collection, id, columns: columns.into_iter().zip(values).collect() })
    }

    pub fn value(&self, end: End) -> &Value {
        self.columns.iter().find(|(path, _)| path.end == end).map_or(&Value::Null, |(_, value)| value)
    }

    /// The provider's own document.
    pub async fn raw(&self, store: &Store) -> Result<Option<String>, QueryError> {
        Ok(super::raw::documents(store, &[self.id]).await?.remove(&self.id))
    }

    pub async fn backlinks(&self, store: &Store, menu: &Menu) -> Result<Vec<Backlinks>, QueryError> {
        let mut found = Vec::new();
        for &(collection, field, _) in menu.incoming(self.collection) {
            let c = menu.get(collection);
            let live = if c.archives() { " and t.archived_on is null" } else { "" };
            let sql = format!(
                "select t.id, t.ems_ref, {}, count(*) over () from {} t where t.{}_id = $1{live} order by 3, t.id limit {NAMED}",
                name_of(c, "t"),
                c.name,
                c.field_name(field),
            );
            let rows = store.query(&sql, &params![self.id]).await?;
            let Some(first) = rows.first() else { continue };
            let count: i64 = first.get(3)?;
            let first = rows.iter().map(three).collect::<Result<_, StoreError>>()?;
            found.push(Backlinks { collection, field, count: count.unsigned_abs(), first });
        }
        Ok(found)
    }
}

/// Tries what the word can be, the surest first; each must name one row.
async fn locate(store: &Store, menu: &Menu, selector: Selector<'_>) -> Result<i64, QueryError> {
    let collection = menu.get(selector.collection);
    let word = selector.word;
    let name = naming_field(collection).map(|f| format!("t.{}", collection.field_name(f)));
    let mut tries: Vec<(String, Param)> = vec![("t.ems_ref = $1".to_owned(), word.into())];
    if let Ok(id) = word.trim_start_matches('#').parse::<i64>() {
        tries.push(("t.id = $1".to_owned(), id.into()));
    }
    if let Some(name) = &name {
        tries.push((format!("{name} = $1"), word.into()));
        let fold = if word.is_ascii() { word.to_ascii_lowercase() } else { word.to_lowercase() };
        tries.push((format!("lower({name}) = $1"), fold.into()));
    }
    if word.len() >= PREFIX {
        tries.push(("t.ems_ref like $1 escape '\\'".to_owned(), format!("{}%", escape(word)).into()));
    }
    let archived = if collection.archives() { "(t.archived_on is not null)" } else { "(1 = 0)" };
    for (condition, param) in tries {
        let mut params = vec![param];
        let of_provider = selector.provider.map_or("", |provider| {
            params.push(provider.into());
            " and p.name = $2"
        });
        let sql = format!(
            "select t.id, t.ems_ref, {}, p.name, {archived} from {} t join providers p on p.id = t.provider_id \
             where {condition}{of_provider} order by 5, 3, 2 limit {}",
            name_of(collection, "t"),
            collection.name,
            CANDIDATES + 1,
        );
        let rows = store.query(&sql, &params).await?;
        // What exists is meant before what is gone.
        let live = rows.iter().filter(|row| matches!(row.get::<bool>(4), Ok(false))).count();
        match (rows.len(), live) {
            (0, _) => {}
            (1, _) | (_, 1) => return Ok(rows[0].get(0)?),
            _ => return Err(ambiguous(collection.name, word, &rows)?),
        }
    }
    Err(QueryError::NoObject { collection: collection.name, word: word.to_owned() })
}

fn ambiguous(collection: &'static str, word: &str, rows: &[Row]) -> Result<QueryError, StoreError> {
    let mut lines = Vec::new();
    for row in rows.iter().take(CANDIDATES) {
        let ((_, reference, name), provider, gone) = (three(row)?, row.get::<String>(3)?, row.get::<bool>(4)?);
        lines.push(format!("  {reference}  {name}  of {provider}{}", if gone { ", archived" } else { "" }));
    }
    if rows.len() > CANDIDATES {
        lines.push("  and more".to_owned());
    }
    Ok(QueryError::Ambiguous { collection, word: word.to_owned(), candidates: lines.join("\n") })
}

fn three(row: &Row) -> Result<(i64, String, String), StoreError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}
