//! From a stored notification to an event: who, where, when, and a payload that routes find their way in. Pure.
//!
//! Both formats lead to the same fields. Refs are the inventory's: ids, but hosts by name and zones by kind and name.

use serde_json::{Map, Value, json};
use stocktake_model::Key;
use stocktake_provider::{Event, EventLevel, EventReader, RawEvent};

use super::payload::{filled, first, subject, unwrapped};
use super::{ROUTES, message, poll};
use crate::parse::micros;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader;

impl EventReader for Reader {
    fn routes(&self) -> &'static str {
        ROUTES
    }

    fn read(&self, raw: &RawEvent) -> Result<Event, String> {
        let notification: Map<String, Value> =
            serde_json::from_slice(&raw.body).map_err(|error| format!("is no JSON object: {error}"))?;
        let kind = first(&notification, &["event_type"]).ok_or("has no event_type")?;
        if poll::is_polled(&kind) {
            return poll::read(raw);
        }
        let payload = notification.get("payload").cloned().ok_or("has no payload")?;
        // Something else than an object has nothing that a path could lead to; it is kept under a name of ours.
        let mut payload = match unwrapped(payload) {
            Value::Object(map) => map,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        let found = Found { kind: &kind, about: subject(&kind, &payload), payload: &payload };
        let context = |keys: &[&str]| first(&notification, keys);
        let level = level(notification.get("priority").and_then(Value::as_str).unwrap_or_default());
        let vm = found.vm();
        let event = Event {
            at: notification.get("timestamp").and_then(Value::as_str).and_then(micros),
            source: context(&["publisher_id"]),
            level,
            message: Some(message::line(&kind, level, &payload)),
            host: found.host(),
            availability_zone: found.zone(),
            tenant: found
                .tenant()
                .or_else(|| context(&["_context_project_id", "_context_tenant"]).filter(|_| !found.is_of(OF_NOVA))),
            flavor: found.flavor(),
            user: found.actor().or_else(|| context(&["_context_user_id", "_context_user"])).or_else(|| found.owner()),
            request: context(&["_context_request_id"]).or_else(|| found.request()),
            chain: context(&["_context_global_request_id"]),
            vm: vm.clone(),
            kind: String::new(),
            payload: Value::Null,
        };
        let hints = found.hints(vm);
        if !hints.is_empty() {
            payload.insert("found".to_owned(), Value::Object(hints));
        }
        Ok(Event { kind, payload: Value::Object(payload), ..event })
    }
}

/// What Nova does to ports it does in its own name: whoever asked is not their owner.
const OF_NOVA: &[&str] = &["port.", "binding."];

fn level(priority: &str) -> EventLevel {
    match priority.to_ascii_uppercase().as_str() {
        "ERROR" | "CRITICAL" => EventLevel::Error,
        "WARN" | "WARNING" => EventLevel::Warning,
        _ => EventLevel::Info,
    }
}

/// What a payload says, looked at by the kind of its event.
struct Found<'a> {
    kind: &'a str,
    about: &'a Map<String, Value>,
    payload: &'a Map<String, Value>,
}

impl Found<'_> {
    fn is_of(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|prefix| self.kind.starts_with(prefix))
    }

    fn vm(&self) -> Option<String> {
        if self.is_of(&["instance."]) {
            return first(self.payload, &["uuid"]);
        }
        if let Some(vm) = first(self.payload, &["instance_uuid"]) {
            return Some(vm);
        }
        if self.is_of(&["compute.instance.", "compute_task.", "scheduler."]) {
            return first(self.payload, &["instance_id", "server_id"])
                .or_else(|| text_at(self.payload, &["request_spec", "instance_properties", "uuid"]));
        }
        if self.is_of(&["port."]) {
            return of_server(self.about);
        }
        if self.is_of(&["floatingip."]) {
            return of_server(self.about.get("port_details")?.as_object()?);
        }
        if self.is_of(&["volume."]) {
            return first(self.payload.get("volume_attachment")?.get(0)?.as_object()?, &["instance_uuid", "server_id"]);
        }
        text_at(self.payload, &["args", "instance", "uuid"])
            .or_else(|| text_at(self.payload, &["args", "instance", "nova_object.data", "uuid"]))
    }

    /// By name. What Cinder calls a host is a place for volumes, and a server's `host_name` is its own.
    fn host(&self) -> Option<String> {
        if self.is_of(&["aggregate."]) {
            return first(self.payload, &["host_name"]);
        }
        if self.is_of(&["compute", "instance.", "service.", "libvirt."]) {
            return first(self.payload, &["host"]);
        }
        first(self.about, &["binding:host_id", "host"]).filter(|_| self.is_of(&["port.", "binding.", "agent."]))
    }

    fn zone(&self) -> Option<String> {
        let kind = if self.is_of(&["volume.", "snapshot.", "backup."]) { "volume" } else { "compute" };
        let name = first(self.payload, &["availability_zone"])?;
        Some(Key::text(kind).and_text(&name).as_str().to_owned())
    }

    fn tenant(&self) -> Option<String> {
        if self.is_of(&["identity.project."]) {
            return first(self.payload, &["resource_info"]).or_else(|| text_at(self.payload, &["target", "id"]));
        }
        let own = first(self.about, &["project_id", "tenant_id", "project"]);
        own.or_else(|| first(self.payload, &["owner"]).filter(|_| self.is_of(&["image."])))
            .or_else(|| first(self.payload, &["project_id", "tenant_id"]))
            .or_else(|| text_at(self.payload, &["request_spec", "project_id"]))
    }

    fn flavor(&self) -> Option<String> {
        first(self.payload, &["instance_flavor_id", "flavorid"])
            .or_else(|| text_at(self.payload, &["flavor", "flavorid"]))
            .or_else(|| text_at(self.payload, &["request_spec", "flavor", "flavorid"]))
    }

    /// Who did it, where the payload itself tells.
    fn actor(&self) -> Option<String> {
        first(self.payload, &["action_initiator_user"]).or_else(|| text_at(self.payload, &["initiator", "user_id"]))
    }

    fn owner(&self) -> Option<String> {
        first(self.payload, &["user_id", "user"])
    }

    fn request(&self) -> Option<String> {
        first(self.payload, &["request_id"]).or_else(|| text_at(self.payload, &["initiator", "request_id"]))
    }

    /// What a path cannot say, because it hangs on another field: kept as `found` beside what the service told.
    /// `vm`: the server behind a port or floating IP; a port's `device_id` may as well be a router.
    /// `networks`, `ports`, …: what tags were put on.
    fn hints(&self, vm: Option<String>) -> Map<String, Value> {
        let mut hints = Map::new();
        if let Some(vm) = vm.filter(|_| self.is_of(&["port.", "floatingip."])) {
            hints.insert("vm".to_owned(), json!(vm));
        }
        if self.is_of(&["tag."])
            && let Some(parent) = first(self.payload, &["parent_resource"])
            && let Some(id) = first(self.payload, &["parent_resource_id"])
        {
            hints.insert(parent, json!(id));
        }
        if self.is_of(&["rbac_policy."]) && first(self.about, &["object_type"]).as_deref() == Some("network") {
            hints.extend(self.about.get("object_id").map(|id| ("networks".to_owned(), id.clone())));
        }
        hints
    }
}

/// The server that a port belongs to.
fn of_server(port: &Map<String, Value>) -> Option<String> {
    let owner = first(port, &["device_owner"])?;
    // `baremetal:` are Ironic's servers, which are Nova's, too.
    let server = owner.starts_with("compute:") || owner.starts_with("baremetal:");
    first(port, &["device_id"]).filter(|_| server)
}

fn text_at(map: &Map<String, Value>, path: &[&str]) -> Option<String> {
    let (head, rest) = path.split_first()?;
    let mut value = map.get(*head)?;
    for step in rest {
        value = value.get(step)?;
    }
    filled(value)
}
