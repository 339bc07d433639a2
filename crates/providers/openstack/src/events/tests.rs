//! Over one recorded notification of every type, in both formats: what is read, and where it is routed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;
use stocktake_provider::{Event, EventReader as _, RawEvent};

use super::Reader;
use super::decode::decode;

mod routes;

const RECORDED: [&str; 2] = ["unversioned.json", "versioned.json"];

/// As the broker delivered them, in their envelopes.
pub(super) fn recorded() -> Vec<(RawEvent, Event)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/notifications");
    let mut events = Vec::new();
    for name in RECORDED {
        let text = std::fs::read_to_string(format!("{folder}/{name}")).expect("recorded notifications");
        let samples: Vec<Value> = serde_json::from_str(&text).expect("recorded notifications");
        for sample in samples {
            let text = |name: &str| sample[name].as_str().unwrap_or_default().to_owned();
            let envelope = serde_json::json!({"oslo.version": "2.0", "oslo.message": sample["notification"].to_string()});
            let via = format!("{} {}", text("exchange"), text("routing_key"));
            let raw = decode(via, envelope.to_string().as_bytes()).expect("a notification");
            let event = Reader.read(&raw).expect("an event");
            events.push((raw, event));
        }
    }
    events
}

/// What people see and links hang on, one line each, reviewed as text.
#[test]
fn every_recorded_type_is_read() {
    let mut text = String::new();
    for (raw, event) in recorded() {
        let _ = writeln!(text, "{} {:?} [{}]", event.kind, event.level, raw.via);
        let _ = writeln!(text, "    {}", event.message.as_deref().unwrap_or("-"));
        let fields = [
            ("vm", &event.vm),
            ("host", &event.host),
            ("zone", &event.availability_zone),
            ("tenant", &event.tenant),
            ("flavor", &event.flavor),
            ("user", &event.user),
        ];
        for (name, value) in fields.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
            let _ = write!(text, "    {name}={value}");
        }
        text.push('\n');
    }
    insta::assert_snapshot!("read", text);
}

#[test]
fn who_when_and_by_which_request_is_known_of_every_recorded_event() {
    for (raw, event) in recorded() {
        assert!(event.at.is_some_and(|at| at > 1_700_000_000_000_000), "{}: {:?}", event.kind, event.at);
        assert!(event.source.is_some() && event.message.is_some(), "{}", event.kind);
        // Glance sends no context, and agents act by themselves.
        let of_a_request = event.request.as_ref().is_some_and(|r| r.starts_with("req-"));
        assert!(of_a_request || raw.via.starts_with("glance"), "{}: {:?}", event.kind, event.request);
        let id: uuid::Uuid = raw.key.parse().expect("a message id");
        assert_ne!(id, uuid::Uuid::nil());
    }
}

/// Both formats tell of the same server the same things.
#[test]
fn formats_agree() {
    let events: BTreeMap<String, Event> = recorded().into_iter().map(|(_, event)| (event.kind.clone(), event)).collect();
    for (old, new) in
        [("compute.instance.update", "instance.update"), ("compute.instance.create.end", "instance.create.end")]
    {
        let (old, new) = (&events[old], &events[new]);
        assert_eq!((&old.vm, &old.tenant, &old.flavor), (&new.vm, &new.tenant, &new.flavor));
        assert_eq!((&old.host, &old.availability_zone, &old.request), (&new.host, &new.availability_zone, &new.request));
        assert_eq!(old.message.as_ref().map(|m| m.split(':').next()), new.message.as_ref().map(|m| m.split(':').next()));
    }
}

#[test]
fn no_recorded_secret_is_left() {
    for (raw, _) in recorded() {
        let body: Value = serde_json::from_slice(&raw.body).expect("JSON");
        assert!(body["_context_auth_token"].as_str().is_none_or(|t| t == stocktake_http::REDACTED), "{}", raw.via);
        let text = body.to_string();
        for secret in ["gAAAAA", "rabbit://", "initiator\\\"", "target_portal"] {
            assert!(!text.contains(secret), "{secret} in {}", body["event_type"]);
        }
    }
}
