//! Refs of events met in the inventory: a page's worth in one go.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use stocktake_model::{Collection, Menu};
use stocktake_store::query::naming_field;
use stocktake_store::{Param, ProviderId, Row, Statement, Store, StoreError};

use super::distinct;
use super::record::EventRecord;

/// An object as an event names it, and as the inventory knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Linked {
    #[serde(rename = "ref")]
    pub reference: String,
    /// Of its row; none: the inventory has none (yet), or not any more.
    pub id: Option<i64>,
    pub name: Option<String>,
}

impl Linked {
    pub(super) fn unknown(reference: String) -> Self {
        Self { reference, id: None, name: None }
    }
}

/// Where an event's columns lead. Hosts also go by their names: a source that gives no id gives one.
const HOSTS: &str = "hosts";

/// Rows of one collection of one provider by what they go by: their ids and names.
type Called = HashMap<String, (i64, String)>;

type Place = fn(&mut EventRecord) -> &mut Option<Linked>;

const COLUMNS: [(&str, Place); 5] = [
    ("vms", |event| &mut event.vm),
    (HOSTS, |event| &mut event.host),
    ("availability_zones", |event| &mut event.availability_zone),
    ("cloud_tenants", |event| &mut event.tenant),
    ("flavors", |event| &mut event.flavor),
];

/// Fills in ids and names.
pub(super) async fn name(store: &Store, menu: &Menu, events: &mut [EventRecord]) -> Result<(), StoreError> {
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in events.iter_mut() {
        for (collection, place) in COLUMNS {
            wanted.entry(collection.to_owned()).or_default().extend(place(event).iter().map(|l| l.reference.clone()));
        }
        if let (Some(collection), Some(about)) = (&event.collection, &event.about)
            && !about.reference.is_empty()
        {
            wanted.entry(collection.clone()).or_default().push(about.reference.clone());
        }
    }
    wanted.retain(|_, refs| !refs.is_empty());
    let providers: Vec<i64> =
        events.iter().map(|event| event.provider_id.0).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let (mut statements, mut asked) = (Vec::new(), Vec::new());
    for (collection, refs) in &wanted {
        // Only names that the model has become part of a statement.
        let Some(ix) = menu.ix(collection) else { continue };
        statements.extend(ask(menu.get(ix), &providers, distinct(refs.iter())));
        asked.resize(statements.len(), collection.as_str());
    }
    let answers = store.queries(&statements).await?;
    let mut known: HashMap<(&str, ProviderId), Called> = HashMap::new();
    for (collection, rows) in asked.iter().zip(&answers) {
        for row in rows {
            let (provider, called, id, name) = found(row)?;
            // What goes by its ref counts before what goes by its name: it was asked first.
            known.entry((collection, provider)).or_default().entry(called).or_insert((id, name));
        }
    }
    let fill = |linked: &mut Linked, collection: &str, provider| {
        if let Some((id, name)) = known.get(&(collection, provider)).and_then(|of| of.get(&linked.reference)) {
            (linked.id, linked.name) = (Some(*id), Some(name.clone()));
        }
    };
    for event in events {
        let provider = event.provider_id;
        for (collection, place) in COLUMNS {
            if let Some(linked) = place(event) {
                fill(linked, collection, provider);
            }
        }
        if let (Some(collection), Some(about)) = (&event.collection, &mut event.about) {
            fill(about, collection, provider);
        }
    }
    Ok(())
}

fn ask(collection: &Collection, providers: &[i64], refs: Vec<String>) -> Vec<Statement> {
    let naming = naming_field(collection).map(|field| collection.field_name(field));
    let shown = naming.map_or_else(|| "ems_ref".to_owned(), |name| format!("coalesce(nullif({name}, ''), ems_ref)"));
    let by = |column: &str| {
        let sql = format!(
            "select provider_id, {column}, id, {shown} from {} where provider_id = any($1) and {column} = any($2)",
            collection.name
        );
        Statement::new(sql, [Param::Ints(providers.to_vec()), Param::Texts(refs.clone())])
    };
    let names: &[&str] = if collection.name == HOSTS { &["name", "service_host"] } else { &[] };
    ["ems_ref"].iter().chain(names).map(|column| by(column)).collect()
}

fn found(row: &Row) -> Result<(ProviderId, String, i64, String), StoreError> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
}
