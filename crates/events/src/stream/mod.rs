//! Reading the event stream: lists with filters, one event with all it said, and what comes next. Events name objects by
//! their provider's refs; the inventory's names for them are looked up when a page is read, so an event that came before its
//! object finds it as soon as it is there.

mod aside;
mod filter;
mod follow;
mod linked;
mod record;

use std::collections::HashSet;

use serde_json::Value;
use stocktake_model::Menu;
use stocktake_store::{Param, ProviderId, Store, StoreError, params};

pub use aside::{SetAside, set_aside};
pub use filter::{EventFilter, ObjectRef};
pub use follow::Follow;
pub use linked::Linked;
pub use record::{EventDetail, EventRecord};

/// A page, newest first; the next one is asked for with `before` of the last id.
pub async fn list(store: &Store, menu: &Menu, filter: &EventFilter) -> Result<Vec<EventRecord>, StoreError> {
    let (condition, params) = filter.condition(store.kind());
    let (order, limit) = (filter.order(), filter.limit.min(filter::MOST));
    let sql = format!("{}{condition} order by e.id {order} limit {limit}", record::select());
    let rows = store.query(&sql, &params).await?;
    let mut events = rows.iter().map(record::record).collect::<Result<Vec<_>, _>>()?;
    linked::name(store, menu, &mut events).await?;
    Ok(events)
}

/// One event. None: there is none of this id (any more).
pub async fn get(store: &Store, menu: &Menu, id: i64) -> Result<Option<EventDetail>, StoreError> {
    let sql = format!("{} where e.id = $1", record::select());
    let Some(row) = store.query_opt(&sql, &params![id]).await? else { return Ok(None) };
    let Some(payload) = store.query_opt("select payload from events where id = $1", &params![id]).await? else {
        return Ok(None);
    };
    let mut events = vec![record::record(&row)?];
    linked::name(store, menu, &mut events).await?;
    let payload: String = payload.get(0)?;
    let payload: Value = serde_json::from_str(&payload)
        .map_err(|error| StoreError::Bug(format!("the payload of event {id} cannot be read: {error}")))?;
    Ok(events.pop().map(|event| EventDetail { event, payload }))
}

/// The newest events about an object: those whose first target it is, and of a VM all that name it. By indexes.
pub async fn of_object(
    store: &Store,
    menu: &Menu,
    provider: ProviderId,
    object: ObjectRef,
    limit: u32,
) -> Result<Vec<EventRecord>, StoreError> {
    let filter = EventFilter { provider: Some(provider), object: Some(object), limit, ..EventFilter::default() };
    list(store, menu, &filter).await
}

/// A type of events that came.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EventType {
    pub provider: ProviderId,
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether a route had it when it last came.
    pub routed: bool,
    pub seen: i64,
    #[serde(serialize_with = "stocktake_store::moment::one")]
    pub first_on: i64,
    #[serde(serialize_with = "stocktake_store::moment::one")]
    pub last_on: i64,
}

/// What types there were, the frequent ones first; with `unrouted`, those alone that no route has.
pub async fn types(store: &Store, provider: Option<ProviderId>, unrouted: bool) -> Result<Vec<EventType>, StoreError> {
    let (mut conditions, mut params): (Vec<&str>, Vec<Param>) = (Vec::new(), Vec::new());
    if let Some(provider) = provider {
        params.push(provider.into());
        conditions.push("provider_id = $1");
    }
    if unrouted {
        conditions.push("not routed");
    }
    let condition = if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) };
    let sql = format!(
        "select provider_id, type, routed, seen, first_on, last_on from event_types {condition} order by seen desc, type"
    );
    let one = |row: &stocktake_store::Row| {
        Ok(EventType {
            provider: row.get(0)?,
            kind: row.get(1)?,
            routed: row.get(2)?,
            seen: row.get(3)?,
            first_on: row.get(4)?,
            last_on: row.get(5)?,
        })
    };
    store.query(&sql, &params).await?.iter().map(one).collect()
}

/// Refs that a page names, each once.
fn distinct<'a>(refs: impl Iterator<Item = &'a String>) -> Vec<String> {
    refs.collect::<HashSet<_>>().into_iter().cloned().collect()
}
