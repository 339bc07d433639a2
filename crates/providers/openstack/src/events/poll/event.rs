//! What is told, in the form in which notifications are kept: `event_type`, `timestamp`, `publisher_id` and a payload of
//! plain values. Pure.
//!
//! A key is made of everything a change can show in: times of most services have whole seconds, and an object that changes
//! twice within one is told of twice.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stocktake_provider::RawEvent;
use xxhash_rust::xxh3::xxh3_64;

use super::watch::Watch;
use crate::parse::decode;

/// What a payload says, and under which names the services have it; the first that is there counts.
const FIELDS: &[(&str, &[&str])] = &[
    ("id", &["id"]),
    ("name", &["name", "stack_name"]),
    ("status", &["status", "stack_status"]),
    ("updated", &["updated", "updated_at", "updated_time"]),
    ("created", &["created", "created_at", "creation_time"]),
    (
        "project_id",
        &[
            "project_id",
            "tenant_id",
            "owner",
            "project",
            "os-vol-tenant-attr:tenant_id",
            "os-extended-snapshot-attributes:project_id",
            "os-backup-project-attr:project_id",
        ],
    ),
    ("user_id", &["user_id"]),
    ("vm_state", &["OS-EXT-STS:vm_state"]),
    ("task_state", &["OS-EXT-STS:task_state"]),
    ("power_state", &["OS-EXT-STS:power_state"]),
    ("host", &["OS-EXT-SRV-ATTR:host"]),
    ("availability_zone", &["OS-EXT-AZ:availability_zone", "availability_zone"]),
    ("revision_number", &["revision_number"]),
    ("size", &["size"]),
    ("volume_id", &["volume_id"]),
    ("visibility", &["visibility"]),
];

/// What an action's payload says.
const ACTION: [&str; 7] = ["action", "request_id", "user_id", "project_id", "start_time", "updated_at", "message"];

/// An object that is there and changed, or that the service itself shows as deleted. None when it has no id.
pub(super) fn of_record(watch: &Watch, record: &str) -> Option<RawEvent> {
    let known: Map<String, Value> = serde_json::from_str(record).ok()?;
    let mut payload = Map::new();
    for (name, places) in FIELDS {
        let told = places.iter().filter_map(|place| known.get(*place)).find(|value| is_plain(value));
        payload.extend(told.map(|value| ((*name).to_owned(), value.clone())));
    }
    let servers = known.get("attachments").and_then(Value::as_array).into_iter().flatten();
    let servers: Vec<Value> = servers.filter_map(|a| a.get("server_id").cloned()).collect();
    if !servers.is_empty() {
        payload.insert("server_ids".to_owned(), Value::Array(servers));
    }
    let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
    let (id, at) = (text("id")?, text("updated").or_else(|| text("created")));
    let what = if text("status").as_deref() == Some("DELETED") { "deleted" } else { "changed" };
    let key = format!("poll:{}:{id}:{}:{:016x}", watch.kind, at.as_deref().unwrap_or(""), xxh3_64(record.as_bytes()));
    Some(event(watch, what, at, key, payload))
}

/// An object that was there before. When it went is not known; `found` is when that was found out.
pub(super) fn vanished(watch: &Watch, id: &str, found: Option<Timestamp>) -> RawEvent {
    let at = found.map(|at| at.to_string());
    let key = format!("poll:{}:{id}:gone:{}", watch.kind, at.as_deref().unwrap_or(""));
    event(watch, "deleted", at, key, Map::from_iter([("id".to_owned(), json!(id))]))
}

/// Something changed, and what cannot be said, or would be too much.
pub(super) fn recount(watch: &Watch, why: &str, found: Option<Timestamp>) -> RawEvent {
    let at = found.map(|at| at.to_string());
    let key = format!("poll:{}:recount:{}:{}", watch.kind, watch.listing, at.as_deref().unwrap_or(""));
    event(watch, "recount", at, key, Map::from_iter([("why".to_owned(), json!(why))]))
}

/// Something that was done to a server.
pub(super) fn of_action(watch: &Watch, server: &str, record: &str) -> Option<RawEvent> {
    let known: Map<String, Value> = serde_json::from_str(record).ok()?;
    let told =
        ACTION.iter().filter_map(|name| Some(((*name).to_owned(), known.get(*name).filter(|v| is_plain(v))?.clone())));
    let mut payload: Map<String, Value> = told.collect();
    payload.insert("server_id".to_owned(), json!(server));
    let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
    let (action, at) = (text("action")?, text("start_time"));
    let request = text("request_id").unwrap_or_default();
    // It shows again when it ends, with a later time or a message.
    let key = format!("poll:action:{server}:{request}:{:016x}", xxh3_64(record.as_bytes()));
    let what: String = action.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    Some(event(watch, &format!("action.{what}"), at, key, payload))
}

/// When an action last moved.
pub(super) fn moved(record: &str) -> Option<i64> {
    let at = |name| decode::text_at(record, name).and_then(|text| crate::parse::micros(&text));
    at("updated_at").max(at("start_time"))
}

fn is_plain(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

fn event(watch: &Watch, what: &str, at: Option<String>, key: String, payload: Map<String, Value>) -> RawEvent {
    let body = json!({
        "event_type": format!("poll.{}.{what}", watch.kind),
        "publisher_id": format!("poll.{}", watch.service()),
        "timestamp": at,
        "payload": payload,
    });
    RawEvent { key, via: format!("poll {}", watch.listing), body: body.to_string().into() }
}
