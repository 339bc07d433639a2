//! Objects of the inventory as rules are given them: maps of their columns.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use stocktake_model::{CollectionIx, Menu, Value as Field};
use stocktake_store::query::{Named, named, read_named};
use stocktake_store::{ProviderId, Store, StoreError};

use super::facts::time;

/// Collection and ref, as an event says it.
pub(super) type Object = (String, String);

/// Columns that events name objects by where they give no id.
fn names(collection: &str) -> &'static [&'static str] {
    match collection {
        "hosts" => &["name", "service_host"],
        "availability_zones" => &["name"],
        _ => &[],
    }
}

/// One round trip, however many collections. What the inventory does not have is not in the answer.
pub(super) async fn look_up(
    store: &Store,
    menu: &Menu,
    provider: ProviderId,
    wanted: BTreeMap<String, Vec<String>>,
) -> Result<Vec<(Object, Value)>, StoreError> {
    let wanted: Vec<_> = wanted.into_iter().filter_map(|(name, refs)| Some((menu.ix(&name)?, name, refs))).collect();
    let asked = wanted.iter().map(|(ix, name, refs)| named(menu, *ix, provider, refs.clone(), names(name)));
    let answers = store.queries(&asked.collect::<Vec<_>>()).await?;
    let mut found = Vec::new();
    for ((ix, name, refs), rows) in wanted.into_iter().zip(answers) {
        let rows = read_named(menu, ix, &rows)?;
        for reference in refs {
            // By its ref before by a name; of several of a name one that still exists.
            let by_ref = rows.iter().find(|row| row.current.reference == reference);
            let row = by_ref.or_else(|| rows.iter().find(|row| is_called(menu, ix, row, &name, &reference)));
            if let Some(row) = row {
                found.push(((name.clone(), reference), value(menu, ix, row)));
            }
        }
    }
    Ok(found)
}

fn is_called(menu: &Menu, ix: CollectionIx, row: &Named, collection: &str, word: &str) -> bool {
    let of = menu.get(ix);
    let values = names(collection).iter().filter_map(|name| row.current.values.get(&of.field(name)?));
    values.into_iter().any(|value| matches!(value, Field::Text(text) if text == word))
}

/// Columns by name, links as the refs of their targets, times as texts; and `id`, `ref`, `archived_on`.
fn value(menu: &Menu, ix: CollectionIx, row: &Named) -> Value {
    let of = menu.get(ix);
    let mut all = Map::new();
    for field in of.fields() {
        let value = row.current.values.get(&field).map_or(Value::Null, plain);
        all.insert(of.field_name(field).to_owned(), value);
    }
    all.insert("id".to_owned(), Value::from(row.id));
    all.insert("ref".to_owned(), Value::from(row.current.reference.as_str()));
    all.insert("archived_on".to_owned(), row.archived_on.map_or(Value::Null, |on| Value::from(time(on))));
    Value::Object(all)
}

fn plain(value: &Field) -> Value {
    match value {
        // Links are told by the refs of their targets; such a value comes from a parser, never from a row.
        Field::Null | Field::Link(_) => Value::Null,
        Field::Bool(value) => Value::from(*value),
        Field::Int(number) => Value::from(*number),
        Field::Float(number) => Value::from(*number),
        Field::Time(micros) => Value::from(time(*micros)),
        Field::Text(text) => Value::from(text.as_str()),
        Field::Json(document) => serde_json::from_str(document).unwrap_or(Value::Null),
    }
}
