//! From what was told to an event. Pure.

use serde_json::{Map, Value};
use stocktake_model::Key;
use stocktake_provider::{Event, EventLevel, RawEvent};

use crate::parse::micros;

/// Whether an event was told by polling, by what it is called: the reader of notifications reads all others.
pub(crate) fn is_polled(kind: &str) -> bool {
    kind.starts_with("poll.")
}

/// The error says what is wrong with it.
pub(crate) fn read(raw: &RawEvent) -> Result<Event, String> {
    let body: Map<String, Value> =
        serde_json::from_slice(&raw.body).map_err(|error| format!("is no JSON object: {error}"))?;
    let top = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = top("event_type").filter(|kind| is_polled(kind)).ok_or("has no event_type of polling")?;
    let Some(Value::Object(payload)) = body.get("payload") else { return Err("has no payload".to_owned()) };
    let told = |name: &str| payload.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    let is_server = kind.starts_with("poll.server.");
    let level = level(&kind, payload);
    Ok(Event {
        at: top("timestamp").as_deref().and_then(micros),
        source: top("publisher_id"),
        level,
        message: Some(line(&kind, payload)),
        vm: told("server_id").or_else(|| told("id").filter(|_| is_server)).or_else(|| first_server(payload)),
        host: told("host"),
        availability_zone: told("availability_zone").map(|zone| {
            let kind = if is_server { "compute" } else { "volume" };
            Key::text(kind).and_text(&zone).as_str().to_owned()
        }),
        tenant: told("project_id"),
        flavor: None,
        // An object's own user is its owner, not who changed it; better than none.
        user: told("user_id"),
        request: told("request_id"),
        chain: None,
        payload: Value::Object(payload.clone()),
        kind,
    })
}

fn first_server(payload: &Map<String, Value>) -> Option<String> {
    payload.get("server_ids")?.get(0)?.as_str().map(str::to_owned)
}

fn level(kind: &str, payload: &Map<String, Value>) -> EventLevel {
    let says = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_ascii_uppercase);
    let failed = says("status").is_some_and(|status| status.starts_with("ERROR") || status.ends_with("_FAILED"));
    if failed || says("message").is_some_and(|message| message == "ERROR") {
        EventLevel::Error
    } else if kind.ends_with(".recount") {
        EventLevel::Warning
    } else {
        EventLevel::Info
    }
}

/// `server web-1 changed: SHUTOFF`, `server 115478be… : stop`, `port: counted anew, …`.
fn line(kind: &str, payload: &Map<String, Value>) -> String {
    let told = |name: &str| payload.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut words = kind.splitn(3, '.').skip(1);
    let (object, what) = (words.next().unwrap_or_default().replace('_', " "), words.next().unwrap_or_default());
    let name = told("name").or(told("id")).or(told("server_id")).unwrap_or_default();
    match (what.strip_prefix("action."), told("status"), told("why")) {
        (Some(_), ..) => {
            let outcome = told("message").map(|message| format!(" ({message})")).unwrap_or_default();
            format!("{object} {name}: {}{outcome}", told("action").unwrap_or(what))
        }
        (.., Some(why)) => format!("{object}s must be listed anew: {why}"),
        (None, Some(status), None) if what == "changed" => format!("{object} {name} changed: {status}"),
        _ => format!("{object} {name} {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::event;
    use super::super::watch::WATCHES;
    use super::*;

    fn watch(listing: &str) -> &'static super::super::watch::Watch {
        WATCHES.iter().find(|watch| watch.listing == listing).expect(listing)
    }

    #[test]
    fn a_server_as_nova_lists_it() {
        let record = r#"{"id": "115478be-cba5-4efe-9c36-3a7980159528", "name": "web", "status": "ERROR",
            "tenant_id": "p", "user_id": "u", "updated": "2026-11-22T08:29:40Z", "metadata": {"password": "x"},
            "OS-EXT-SRV-ATTR:host": null, "OS-EXT-SRV-ATTR:user_data": "c2VjcmV0", "OS-EXT-AZ:availability_zone": "az-1"}"#;
        let raw = event::of_record(watch("servers"), record).expect("an event");
        assert!(raw.key.starts_with("poll:server:115478be-cba5-4efe-9c36-3a7980159528:2026-11-22T08:29:40Z:"));
        let text = String::from_utf8_lossy(&raw.body);
        assert!(!text.contains("c2VjcmV0") && !text.contains("password"), "{text}");
        let event = read(&raw).expect("read");
        assert_eq!((event.kind.as_str(), event.level), ("poll.server.changed", EventLevel::Error));
        assert_eq!(event.vm.as_deref(), Some("115478be-cba5-4efe-9c36-3a7980159528"));
        assert_eq!((event.tenant.as_deref(), event.user.as_deref(), event.host), (Some("p"), Some("u"), None));
        assert_eq!(event.at, micros("2026-11-22T08:29:40Z"));
        assert_eq!(event.message.as_deref(), Some("server web changed: ERROR"));
        let other = event::of_record(watch("servers"), &record.replace("\"web\"", "\"db\"")).expect("an event");
        assert_ne!(raw.key, other.key, "another change within the same second");
        let gone = event::of_record(watch("servers"), &record.replace("ERROR", "DELETED")).expect("an event");
        assert_eq!(read(&gone).expect("read").kind, "poll.server.deleted");
    }

    #[test]
    fn an_action_as_nova_lists_it() {
        let record = r#"{"action": "live-migration", "instance_uuid": "s", "request_id": "req-1", "user_id": "u",
            "project_id": "p", "start_time": "2026-11-22T08:28:25.000000", "message": "Error",
            "updated_at": "2026-11-22T08:29:40.000000"}"#;
        let event = read(&event::of_action(watch("servers"), "s", record).expect("an event")).expect("read");
        assert_eq!((event.kind.as_str(), event.level), ("poll.server.action.live-migration", EventLevel::Error));
        assert_eq!(
            (event.vm.as_deref(), event.request.as_deref(), event.user.as_deref()),
            (Some("s"), Some("req-1"), Some("u"))
        );
        assert_eq!(event.at, micros("2026-11-22T08:28:25Z"), "when it began");
        assert_eq!(event.message.as_deref(), Some("server s: live-migration (Error)"));
    }

    #[test]
    fn a_volume_names_the_servers_it_is_attached_to() {
        let record = r#"{"id": "v", "status": "in-use", "updated_at": "2026-11-22T08:34:06.000000",
            "availability_zone": "nova", "os-vol-tenant-attr:tenant_id": "p", "attachments": [{"server_id": "s"}]}"#;
        let event = read(&event::of_record(watch("volumes"), record).expect("an event")).expect("read");
        assert_eq!((event.vm.as_deref(), event.tenant.as_deref()), (Some("s"), Some("p")));
        assert_eq!(event.message.as_deref(), Some("volume v changed: in-use"));
    }

    #[test]
    fn what_cannot_be_told_one_by_one_says_why() {
        let raw = event::recount(watch("floating_ips"), "it is counted for the first time", None);
        let event = read(&raw).expect("read");
        assert_eq!((event.kind.as_str(), event.level), ("poll.floating_ip.recount", EventLevel::Warning));
        let expected = "floating ips must be listed anew: it is counted for the first time";
        assert_eq!(event.message.as_deref(), Some(expected));
        let foreign = RawEvent { body: r#"{"event_type": "instance.create.end", "payload": {}}"#.into(), ..raw };
        assert!(read(&foreign).is_err());
    }
}
