//! Finding things in payloads, whose shapes differ by service, format and age.

use serde_json::{Map, Value};

/// Nova's versioned payloads are objects in wrappings: `nova_object.data` at every level, beside name and version. The
/// plain content is what routes and rules name their paths by.
pub(super) fn unwrapped(value: Value) -> Value {
    match value {
        Value::Object(mut map) => match map.remove("nova_object.data") {
            Some(data) => unwrapped(data),
            None => Value::Object(map.into_iter().map(|(key, value)| (key, unwrapped(value))).collect()),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(unwrapped).collect()),
        other => other,
    }
}

/// The first of these keys that holds a text with something in it, or a number.
pub(super) fn first(map: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| filled(map.get(*key)?))
}

pub(super) fn filled(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The object that the payload is about: Neutron puts it under its name, others write its fields right into the payload.
pub(super) fn subject<'p>(kind: &str, payload: &'p Map<String, Value>) -> &'p Map<String, Value> {
    const UNDER: [(&str, &str); 15] = [
        ("network.", "network"),
        ("subnet.", "subnet"),
        ("port.", "port"),
        ("router.interface.", "router_interface"),
        ("router.", "router"),
        ("floatingip.", "floatingip"),
        ("security_group.", "security_group"),
        ("security_group_rule.", "security_group_rule"),
        ("subnetpool.", "subnetpool"),
        ("address_scope.", "address_scope"),
        ("rbac_policy.", "rbac_policy"),
        ("quota.", "quota"),
        ("agent.", "agent"),
        ("binding.", "binding"),
        ("volume_type.", "volume_types"),
    ];
    let name = UNDER.iter().find(|(prefix, _)| kind.starts_with(prefix)).map(|(_, name)| *name);
    let under = |name: &str| match payload.get(name) {
        Some(Value::Object(map)) => Some(map),
        _ => payload.get(&format!("{name}s"))?.get(0)?.as_object(),
    };
    name.and_then(under).unwrap_or(payload)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wrappings_go_at_every_level() {
        let wrapped = json!({"nova_object.name": "A", "nova_object.data": {"uuid": "u", "flavor": {"nova_object.data": {"flavorid": "f"}},
            "ips": [{"nova_object.data": {"address": "10.0.0.1"}}], "metadata": {"role": "db"}}});
        let plain =
            json!({"uuid": "u", "flavor": {"flavorid": "f"}, "ips": [{"address": "10.0.0.1"}], "metadata": {"role": "db"}});
        assert_eq!(unwrapped(wrapped), plain);
        assert_eq!(unwrapped(plain.clone()), plain);
    }
}
