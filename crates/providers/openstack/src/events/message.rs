//! One line for people: what it is about, what happened to it, and why it failed if it did.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use stocktake_provider::EventLevel;

use super::payload::{filled, first, subject};

/// `instance lab-00048-web: power off done (stopped)`.
pub(super) fn line(kind: &str, level: EventLevel, payload: &Map<String, Value>) -> String {
    let (noun, deed) = noun_and_deed(kind);
    let about = subject(kind, payload);
    let name = first(about, &["display_name", "name", "stack_name", "key_name", "hostname", "floating_ip_address"])
        .or_else(|| {
            first(about, &["instance_uuid", "instance_id", "uuid", "id", "resource_info", "volume_id", "snapshot_id"])
        })
        .or_else(|| first(payload, &["id", "port_id", "host", "host_name"]));
    let mut line = noun;
    if let Some(name) = name {
        line.push(' ');
        line.push_str(&name);
    }
    if !deed.is_empty() {
        line.push_str(": ");
        line.push_str(&deed);
    }
    if let Some(state) = state(about) {
        let _ = write!(line, " ({state})");
    }
    if let Some(why) = why(level, payload) {
        line.push_str("; ");
        line.push_str(&why);
    }
    short(line)
}

/// `compute.instance.power_off.end` is an instance, and what happened to it is `power off done`.
fn noun_and_deed(kind: &str) -> (String, String) {
    const PREFIXES: [&str; 3] = ["compute.", "identity.", "orchestration."];
    let kind = PREFIXES.iter().find_map(|prefix| kind.strip_prefix(prefix)).unwrap_or(kind);
    let (noun, deed) = kind.split_once('.').unwrap_or((kind, ""));
    let words = deed.split('.').map(|word| match word {
        "start" => "begins".to_owned(),
        "end" => "done".to_owned(),
        "error" => "failed".to_owned(),
        word => word.trim_matches('_').replace('_', " "),
    });
    (noun.replace('_', " "), words.collect::<Vec<_>>().join(" "))
}

fn state(about: &Map<String, Value>) -> Option<String> {
    let changes = about.get("state_update").and_then(Value::as_object).unwrap_or(about);
    let now = first(changes, &["state", "status"])?.to_ascii_lowercase();
    let task = first(changes, &["new_task_state"]).map(|task| format!(", {}", task.replace('_', " "))).unwrap_or_default();
    match first(changes, &["old_state"]).map(|old| old.to_ascii_lowercase()) {
        Some(old) if old != now => Some(format!("{old} to {now}{task}")),
        _ => Some(format!("{now}{task}")),
    }
}

fn why(level: EventLevel, payload: &Map<String, Value>) -> Option<String> {
    let text = |value: &Value| match value {
        Value::Object(fault) => first(fault, &["exception_message", "message"]),
        other => filled(other),
    };
    let told = ["fault", "reason", "exception_message", "exception", "state_reason", "message"];
    let of_failure = told.iter().find_map(|key| payload.get(*key).and_then(text));
    if level != EventLevel::Info || payload.get("fault").is_some_and(Value::is_object) {
        let of_failure = of_failure.map(|why| inner_message(&why).unwrap_or(why));
        return of_failure.map(|why| why.lines().next().unwrap_or_default().trim().to_owned()).filter(|why| !why.is_empty());
    }
    None
}

/// What an exception says, out of the dictionary that Python makes a text of.
fn inner_message(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("'message': ").filter(|_| text.starts_with('{'))?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    rest[1..].split_once(quote).map(|(message, _)| message.to_owned())
}

fn short(line: String) -> String {
    const LONGEST: usize = 400;
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).chain(['…']).collect() }
}
