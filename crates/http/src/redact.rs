//! Taking secrets out of what is recorded. Wherever a key of a JSON document names a secret its value is replaced, at any
//! depth; better a value too many than one too few, since a recording is made to be passed on.

use std::borrow::Cow;

use serde_json::Value;

/// What stands where a secret stood.
pub const REDACTED: &str = "REDACTED";

/// Parts of key names that mean a secret.
const SECRET: [&str; 11] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "adminpass",
    "user_data",
    "private_key",
    "credential",
    "audit_ids",
    "connection_info",
];

/// Endings of key names that speak of a secret without being one.
const ABOUT: [&str; 5] = ["_at", "_id", "_type", "_ref", "_href"];

/// Header names that carry secrets, in lower case.
pub(crate) fn is_secret_header(name: &str) -> bool {
    ["token", "authorization", "cookie", "secret", "password", "api-key"].iter().any(|s| name.contains(s))
}

fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    SECRET.iter().any(|s| key.contains(s)) && !ABOUT.iter().any(|a| key.ends_with(a))
}

/// Replaces what secret keys hold in a JSON text. Text that holds none, or is no JSON, comes back as it was, byte by byte.
pub fn redact_json(text: &str) -> Cow<'_, str> {
    let Ok(mut json) = serde_json::from_str::<Value>(text) else { return Cow::Borrowed(text) };
    if redact_value(&mut json) { Cow::Owned(json.to_string()) } else { Cow::Borrowed(text) }
}

/// Replaces given secrets wherever they occur, also within a longer text. Very short ones are left: they would hit
/// everything and hide nothing.
pub fn redact_text<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    const SHORTEST: usize = 6;
    let worth_it = secrets.into_iter().filter(|s| s.len() >= SHORTEST);
    worth_it.fold(text.to_owned(), |text, secret| {
        // Inside JSON a secret may stand escaped.
        let escaped = Value::from(secret).to_string();
        text.replace(secret, REDACTED).replace(escaped.trim_matches('"'), REDACTED)
    })
}

fn redact_value(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact_value(item) | any),
        Value::Object(map) => map.iter_mut().fold(false, |any, (key, value)| {
            let here = if is_secret_key(key) { blank(value) } else { redact_value(value) };
            here | any
        }),
        _ => false,
    }
}

/// Blanks the texts and numbers under a secret key. Objects are only entered: `token` in Keystone's answer is the document,
/// not the token.
fn blank(value: &mut Value) -> bool {
    match value {
        Value::String(_) | Value::Number(_) => {
            *value = Value::from(REDACTED);
            true
        }
        Value::Array(items) => items.iter_mut().fold(false, |any, item| blank(item) | any),
        Value::Object(_) => redact_value(value),
        Value::Null | Value::Bool(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_at_any_depth() {
        let text = r#"{"server":{"adminPass":"hunter22","OS-EXT-SRV-ATTR:user_data":"IyEvYmlu","metadata":{"db_password":"x1"}},
            "list":[{"auth_password":"chap"},{"keys":["a"]}],"token":{"audit_ids":["Xy"],"user":{"name":"admin"}}}"#;
        let out = redact_json(text);
        for secret in ["hunter22", "IyEvYmlu", "x1", "chap", "Xy"] {
            assert!(!out.contains(secret), "{secret} is left in {out}");
        }
        assert!(out.contains(r#""name":"admin""#));
        assert!(out.contains(r#""keys":["a"]"#));
    }

    #[test]
    fn what_holds_no_secret_stays_byte_by_byte() {
        for text in [r#"{"b": 1,  "a": {"password_expires_at": "2026", "token": null}}"#, "<html>", ""] {
            assert!(matches!(redact_json(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn known_secrets_go_from_any_text() {
        let out = redact_text(r#"<p>pa"ss-word</p> {"x": "pa\"ss-word"} ab"#, [r#"pa"ss-word"#, "ab"]);
        assert_eq!(out, r#"<p>REDACTED</p> {"x": "REDACTED"} ab"#);
    }
}
