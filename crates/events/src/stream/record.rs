//! An event as it was stored.

use serde::Serialize;
use serde_json::Value;
use stocktake_provider::{Event, EventLevel};
use stocktake_store::{ProviderId, Row, StoreError, moment};

use super::linked::Linked;

/// Without its payload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRecord {
    pub id: i64,
    pub provider_id: ProviderId,
    pub provider: String,
    pub key: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// By the source's clock: microseconds since 1970, UTC. When it was received, if the source did not say.
    #[serde(serialize_with = "moment::one")]
    pub at: i64,
    /// When it was caught, and when stored, by the database's clock.
    #[serde(serialize_with = "moment::one")]
    pub received_on: i64,
    #[serde(serialize_with = "moment::one")]
    pub stored_on: i64,
    pub source: Option<String>,
    pub via: String,
    pub level: EventLevel,
    /// Of its route; none: no route had its type.
    pub group: Option<String>,
    pub severity: Option<String>,
    pub message: Option<String>,
    /// What it is about: the first target of its route. The collection, and the object; an empty ref is all of it.
    pub collection: Option<String>,
    pub about: Option<Linked>,
    pub vm: Option<Linked>,
    pub host: Option<Linked>,
    pub availability_zone: Option<Linked>,
    pub tenant: Option<Linked>,
    pub flavor: Option<Linked>,
    pub user: Option<String>,
    pub request: Option<String>,
    pub chain: Option<String>,
}

/// With it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventDetail {
    #[serde(flatten)]
    pub event: EventRecord,
    /// As routes and rules see it.
    pub payload: Value,
}

impl EventDetail {
    /// As its reader gave it, for routes and rules to be tried on.
    pub fn event(&self) -> Event {
        let e = &self.event;
        let reference = |linked: &Option<Linked>| linked.as_ref().map(|linked| linked.reference.clone());
        Event {
            kind: e.kind.clone(),
            at: Some(e.at),
            source: e.source.clone(),
            level: e.level,
            message: e.message.clone(),
            vm: reference(&e.vm),
            host: reference(&e.host),
            availability_zone: reference(&e.availability_zone),
            tenant: reference(&e.tenant),
            flavor: reference(&e.flavor),
            user: e.user.clone(),
            request: e.request.clone(),
            chain: e.chain.clone(),
            payload: self.payload.clone(),
        }
    }
}

pub(super) fn select() -> &'static str {
    "select e.id, e.provider_id, coalesce((select p.name from providers p where p.id = e.provider_id), ''), e.key, e.type, e.at, \
     e.received_on, e.stored_on, e.source, e.via, e.level, e.event_group, e.severity, e.message, e.collection, e.ref, e.vm_ref, \
     e.host_ref, e.availability_zone_ref, e.tenant_ref, e.flavor_ref, e.user_ref, e.request_id, e.chain_id from events e"
}

pub(super) fn record(row: &Row) -> Result<EventRecord, StoreError> {
    let linked = |at| Ok::<_, StoreError>(row.get::<Option<String>>(at)?.map(Linked::unknown));
    let collection: Option<String> = row.get(14)?;
    let about = linked(15)?.or_else(|| collection.as_ref().map(|_| Linked::unknown(String::new())));
    Ok(EventRecord {
        id: row.get(0)?,
        provider_id: row.get(1)?,
        provider: row.get(2)?,
        key: row.get(3)?,
        kind: row.get(4)?,
        at: row.get(5)?,
        received_on: row.get(6)?,
        stored_on: row.get(7)?,
        source: row.get(8)?,
        via: row.get(9)?,
        level: match row.get::<String>(10)?.as_str() {
            "error" => EventLevel::Error,
            "warning" => EventLevel::Warning,
            _ => EventLevel::Info,
        },
        group: row.get(11)?,
        severity: row.get(12)?,
        message: row.get(13)?,
        about,
        collection,
        vm: linked(16)?,
        host: linked(17)?,
        availability_zone: linked(18)?,
        tenant: linked(19)?,
        flavor: linked(20)?,
        user: row.get(21)?,
        request: row.get(22)?,
        chain: row.get(23)?,
    })
}
