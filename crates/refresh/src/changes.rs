//! A plan in words: what a run would do to which object, field by field.

use std::collections::HashMap;

use serde::Serialize;
use stocktake_model::{CollectionIx, Field, FieldValue, RowView, Value};
use stocktake_saver::{SavePlan, Write};
use stocktake_store::query::{self, Current};
use stocktake_store::{Store, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Create,
    Update,
    /// An archived row is live again.
    Revive,
    /// Only the provider's document differs.
    Document,
    Archive,
    Delete,
    /// Vanished, but the delete guard holds it.
    Held,
    /// A link of a row that is unchanged otherwise leads elsewhere.
    Relink,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    pub field: &'static str,
    /// None: there was no row.
    pub old: Option<Value>,
    pub new: Value,
    /// For a link: what people call the row it led to, and the one it will lead to where that one is stored already.
    pub old_name: Option<String>,
    pub new_name: Option<String>,
    target: Option<(CollectionIx, i64)>,
}

#[derive(Debug, Clone)]
pub struct Change {
    pub collection: CollectionIx,
    pub kind: ChangeKind,
    /// Text form of the identity.
    pub reference: String,
    /// What people call it.
    pub name: Option<String>,
    pub fields: Vec<FieldChange>,
}

/// Rows that are read from the database at a time.
const CHUNK: usize = 500;

/// Describes the plan to `tell`, collection by collection in the menu's order, in bounded memory.
pub async fn describe(store: &Store, plan: &SavePlan, mut tell: impl FnMut(Change)) -> Result<(), StoreError> {
    for &ix in plan.menu.order() {
        let part = plan.collection(ix);
        let mut rows = part.reader();
        for write in &part.inserts {
            tell(written(plan, ix, write, rows.view(write.row)?, ChangeKind::Create, None));
        }
        for writes in part.updates.chunks(CHUNK) {
            let stored = current(store, plan, ix, writes.iter().map(|w| w.id)).await?;
            let mut changes = Vec::with_capacity(writes.len());
            for write in writes {
                let kind = if write.revive { ChangeKind::Revive } else { ChangeKind::Update };
                changes.push(written(plan, ix, write, rows.view(write.row)?, kind, stored.get(&write.id)));
            }
            named(store, plan, changes).await?.into_iter().for_each(&mut tell);
        }
        for writes in part.raw_only.chunks(CHUNK) {
            let stored = current(store, plan, ix, writes.iter().map(|w| w.id)).await?;
            // What comes without a document is written for its version alone, which is no change of the object.
            for write in writes {
                if !rows.has_document(write.row) {
                    continue;
                }
                let fields = Vec::new();
                let name = stored.get(&write.id).and_then(|c| stored_name(plan, ix, c));
                let reference = rows.view(write.row)?.key().to_owned();
                tell(Change { collection: ix, kind: ChangeKind::Document, reference, name, fields });
            }
        }
        let held: Vec<i64> = plan.held.iter().filter(|(of, _)| *of == ix).map(|(_, id)| *id).collect();
        let going = [(&part.archives, ChangeKind::Archive), (&part.deletes, ChangeKind::Delete), (&held, ChangeKind::Held)];
        for (ids, kind) in going {
            for ids in ids.chunks(CHUNK) {
                let stored = current(store, plan, ix, ids.iter().copied()).await?;
                for (_, row) in sorted(&stored) {
                    let (reference, name) = (row.reference.clone(), stored_name(plan, ix, row));
                    tell(Change { collection: ix, kind, reference, name, fields: Vec::new() });
                }
            }
        }
        let relinks: Vec<_> = plan.relinks.iter().filter(|r| r.collection == ix).collect();
        for relinks in relinks.chunks(CHUNK) {
            let stored = current(store, plan, ix, relinks.iter().map(|r| r.row_id)).await?;
            let mut changes = Vec::with_capacity(relinks.len());
            for relink in relinks {
                let Some(row) = stored.get(&relink.row_id) else { continue };
                let change = FieldChange {
                    field: plan.menu.get(ix).field_name(relink.field),
                    old: row.values.get(&relink.field).cloned(),
                    new: relink.value.clone().or(relink.resolved.map(Value::Int)).unwrap_or(Value::Null),
                    old_name: row.link_names.get(&relink.field).cloned(),
                    new_name: None,
                    target: plan.menu.link_target(ix, relink.field).zip(relink.resolved),
                };
                let (reference, name) = (row.reference.clone(), stored_name(plan, ix, row));
                changes.push(Change { collection: ix, kind: ChangeKind::Relink, reference, name, fields: vec![change] });
            }
            named(store, plan, changes).await?.into_iter().for_each(&mut tell);
        }
    }
    Ok(())
}

async fn current(
    store: &Store,
    plan: &SavePlan,
    ix: CollectionIx,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Current>, StoreError> {
    query::current(store, &plan.menu, ix, &ids.collect::<Vec<_>>()).await
}

/// Adds the names of the rows that changed links will lead to.
async fn named(store: &Store, plan: &SavePlan, mut changes: Vec<Change>) -> Result<Vec<Change>, StoreError> {
    let mut wanted: HashMap<CollectionIx, Vec<i64>> = HashMap::new();
    for (ix, id) in changes.iter().flat_map(|change| &change.fields).filter_map(|field| field.target) {
        wanted.entry(ix).or_default().push(id);
    }
    for (ix, ids) in wanted {
        let names = query::names_of(store, &plan.menu, ix, &ids).await?;
        for field in changes.iter_mut().flat_map(|change| &mut change.fields) {
            if let Some((of, id)) = field.target
                && of == ix
            {
                field.new_name = names.get(&id).cloned();
            }
        }
    }
    Ok(changes)
}

fn sorted(rows: &HashMap<i64, Current>) -> Vec<(&i64, &Current)> {
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by(|a, b| a.1.reference.cmp(&b.1.reference));
    rows
}

fn written(
    plan: &SavePlan,
    ix: CollectionIx,
    write: &Write,
    view: RowView<'_>,
    kind: ChangeKind,
    stored: Option<&Current>,
) -> Change {
    let mut fields = Vec::new();
    let mut links = plan.links_of(write).iter();
    for (field, value) in view.fields() {
        let mut target = None;
        let new = match value {
            FieldValue::Link(link) if link.value_of.is_none() => {
                let id = links.next().copied().unwrap_or(0);
                let same = stored.is_some_and(|row| row.links.get(&field).copied().unwrap_or(0) == id);
                match (same, id) {
                    (true, _) => continue,
                    (false, 0) => Value::Null,
                    (false, _) => {
                        target = plan.menu.link_target(ix, field).map(|of| (of, id));
                        Value::Text(link.key.to_owned())
                    }
                }
            }
            FieldValue::Link(_) => {
                let mine = plan.values.iter().find(|v| (v.0, v.1, v.2) == (ix, write.row, field));
                mine.map_or(Value::Null, |v| v.3.clone())
            }
            value => value.to_value(),
        };
        let old = stored.and_then(|row| row.values.get(&field)).cloned();
        let nothing_new = stored.is_none() && new == Value::Null;
        if !nothing_new && old.as_ref() != Some(&new) {
            let old_name = stored.and_then(|row| row.link_names.get(&field)).cloned();
            fields.push(FieldChange {
                field: plan.menu.get(ix).field_name(field),
                old,
                new,
                old_name,
                new_name: None,
                target,
            });
        }
    }
    let name = sent_name(plan, ix, view).or_else(|| stored.and_then(|row| stored_name(plan, ix, row)));
    Change { collection: ix, kind, reference: view.key().to_owned(), name, fields }
}

fn naming_field(plan: &SavePlan, ix: CollectionIx) -> Option<Field> {
    query::naming_field(plan.menu.get(ix))
}

fn sent_name(plan: &SavePlan, ix: CollectionIx, view: RowView<'_>) -> Option<String> {
    match view.get(naming_field(plan, ix)?)? {
        FieldValue::Text(name) if !name.is_empty() => Some(name.to_owned()),
        _ => None,
    }
}

fn stored_name(plan: &SavePlan, ix: CollectionIx, row: &Current) -> Option<String> {
    match row.values.get(&naming_field(plan, ix)?)? {
        Value::Text(name) if !name.is_empty() => Some(name.clone()),
        _ => None,
    }
}
