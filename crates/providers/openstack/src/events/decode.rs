//! From what a broker delivers to an event as it is stored: out of its envelope, without secrets, under a key of its own.
//!
//! Whatever is no notification becomes poison with its reason. Nothing that is delivered is dropped without a word.

use bytes::Bytes;
use serde_json::{Map, Value};
use stocktake_provider::{Poison, RawEvent};
use xxhash_rust::xxh3::xxh3_128;

use super::redact::{beginning, redact};

/// Longer bodies are no notification that anybody could use. The longest recorded one has 30 KiB.
const LONGEST: usize = 8 << 20;

/// Takes a message apart.
pub(super) fn decode(via: String, body: &[u8]) -> Result<RawEvent, Poison> {
    if body.len() > LONGEST {
        let reason = format!("has {} bytes; a notification has at most {LONGEST}", body.len());
        return Err(Poison { via, reason, body: Bytes::new() });
    }
    let message = match opened(body) {
        Ok(message) => message,
        Err((reason, body)) => return Err(Poison { via, reason, body: Bytes::from(body) }),
    };
    let key = key(&message);
    let mut value = Value::Object(message);
    redact(&mut value);
    Ok(RawEvent { key, via, body: Bytes::from(value.to_string()) })
}

/// The notification, out of its envelope or without one; else what is wrong, and what may be shown of it.
fn opened(body: &[u8]) -> Result<Map<String, Value>, (String, String)> {
    let mut outer = parsed(body)?;
    if let Some(inner) = outer.get("oslo.message") {
        let version = outer.get("oslo.version").and_then(Value::as_str).unwrap_or("none");
        if !version.starts_with("2.") {
            return Err((format!("the envelope's version is {version}; only 2 is known"), shown(outer)));
        }
        let Some(text) = inner.as_str() else {
            return Err(("the envelope holds no text".to_owned(), shown(outer)));
        };
        outer = parsed(text.as_bytes())?;
    }
    let missing = |field: &str| format!("is no notification: it has no {field}");
    if outer.get("event_type").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err((missing("event_type"), shown(outer)));
    }
    if !outer.contains_key("payload") {
        return Err((missing("payload"), shown(outer)));
    }
    Ok(outer)
}

fn parsed(text: &[u8]) -> Result<Map<String, Value>, (String, String)> {
    match serde_json::from_slice(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(mut other) => {
            redact(&mut other);
            Err(("is JSON, but no object".to_owned(), cut(other.to_string())))
        }
        Err(error) => Err((format!("is no JSON: {error}"), beginning(&String::from_utf8_lossy(text)))),
    }
}

fn shown(mut map: Map<String, Value>) -> String {
    // Not opened, so its secrets cannot be seen.
    if let Some(Value::String(inner)) = map.get_mut("oslo.message") {
        *inner = beginning(inner);
    }
    let mut value = Value::Object(map);
    redact(&mut value);
    cut(value.to_string())
}

fn cut(text: String) -> String {
    const LONGEST: usize = 16 << 10;
    if text.len() <= LONGEST { text } else { text.chars().take(LONGEST / 4).chain(['…']).collect() }
}

/// oslo.messaging gives each notification an id, which stays the same when the broker delivers it again. One that came
/// without is known by its content: two that are alike to the byte are one.
fn key(message: &Map<String, Value>) -> String {
    let id = |name: &str| message.get(name).and_then(Value::as_str).filter(|id| !id.is_empty());
    match id("message_id").or_else(|| id("_unique_id")) {
        Some(id) => id.to_owned(),
        None => format!("xxh3:{:032x}", xxh3_128(&serde_json::to_vec(message).unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decoded(body: &Value) -> Result<RawEvent, Poison> {
        decode("nova notifications.info".to_owned(), body.to_string().as_bytes())
    }

    fn notification() -> Value {
        json!({"message_id": "m1", "_unique_id": "u1", "event_type": "compute.instance.update", "payload": {"a": 1},
            "_context_auth_token": "gAAAAA-secret"})
    }

    #[test]
    fn with_and_without_envelope_it_is_the_same_event_without_its_token() {
        let bare = decoded(&notification()).expect("an event");
        let envelope = json!({"oslo.version": "2.0", "oslo.message": notification().to_string()});
        assert_eq!(decoded(&envelope).expect("an event"), bare);
        assert_eq!(bare.key, "m1");
        let text = String::from_utf8(bare.body.to_vec()).expect("text");
        assert!(text.contains("compute.instance.update") && !text.contains("secret"), "{text}");
    }

    #[test]
    fn an_event_without_id_is_known_by_its_content() {
        let mut event = notification();
        event["message_id"] = Value::Null;
        assert_eq!(decoded(&event).expect("an event").key, "u1");
        event["_unique_id"] = "".into();
        let key = decoded(&event).expect("an event").key;
        assert_eq!(decoded(&event).expect("an event").key, key, "the same content, the same key");
        event["payload"]["a"] = 2.into();
        assert_ne!(decoded(&event).expect("an event").key, key);
    }

    #[test]
    fn what_is_no_event_says_why_and_shows_no_secret() {
        let secret = r#"{"event_type": "x", "payload": 1, "_context_auth_token": "hidden"#;
        for (body, reason) in [
            ("hello".to_owned(), "is no JSON: "),
            (secret.to_owned(), "is no JSON: "),
            ("[{\"password\": \"hidden\"}]".to_owned(), "is JSON, but no object"),
            (json!({"oslo.version": "1.0", "oslo.message": secret}).to_string(), "the envelope's version is 1.0; only 2"),
            (
                json!({"oslo.version": "2.0", "oslo.message": {"password": "hidden"}}).to_string(),
                "the envelope holds no text",
            ),
            (json!({"oslo.version": "2.0", "oslo.message": secret}).to_string(), "is no JSON: "),
            (json!({"payload": {}, "adminPass": "hidden"}).to_string(), "is no notification: it has no event_type"),
            (json!({"event_type": "x", "password": "hidden"}).to_string(), "is no notification: it has no payload"),
        ] {
            let poison = decode("q".to_owned(), body.as_bytes()).expect_err(&body);
            assert!(poison.reason.starts_with(reason), "{}: {body}", poison.reason);
            assert!(!String::from_utf8_lossy(&poison.body).contains("hidden"), "{poison:?}");
        }
        let long = vec![b' '; LONGEST + 1];
        assert!(decode("q".to_owned(), &long).expect_err("too long").reason.starts_with("has 8388609 bytes"));
    }
}
