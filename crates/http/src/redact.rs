//! Taking secrets out of what is recorded. Wherever a key of a JSON document names a secret its value is replaced, at any
//! depth; better a value too many than one too few, since a recording is made to be passed on.

use std::borrow::Cow;

use serde_json::Value;

/// What stands where a secret stood.
pub const REDACTED: &str = "REDACTED";

/// Parts of key names that mean a secret, wherever they stand; names are compared without `_`, `-` and case.
const SECRET: [&str; 19] = [
    "password",
    "passwd",
    "passwort",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "userdata",
    "privatekey",
    "apikey",
    "accesskey",
    "credential",
    "sharedkey",
    "signingkey",
    "encryptionkey",
    "authkey",
    "auditids",
    "connectioninfo",
];

/// Words that end in `pass` and mean none: `pass` is the one part that is common within other words.
const NO_PASS: [&str; 4] = ["bypass", "compass", "encompass", "overpass"];

/// Endings of key names that speak of a secret without being one.
const ABOUT: [&str; 5] = ["_at", "_id", "_type", "_ref", "_href"];

/// Header names that carry secrets, in lower case.
pub(crate) fn is_secret_header(name: &str) -> bool {
    ["token", "authorization", "cookie", "secret", "password", "api-key"].iter().any(|s| name.contains(s))
}

fn is_secret_key(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    if ABOUT.iter().any(|a| lower.ends_with(a)) {
        return false;
    }
    let plain: String = lower.chars().filter(|c| !matches!(c, '_' | '-')).collect();
    SECRET.iter().any(|s| plain.contains(s)) || words(key).any(|w| is_secret_word(&w))
}

/// Short ones, which count only at a word's end: `psk`, a key that both ends of a VPN know, stands in `maps_key`, too.
fn is_secret_word(word: &str) -> bool {
    word.ends_with("psk") || (word.ends_with("pass") && !NO_PASS.contains(&word))
}

/// The words of `admin_pass`, `adminPass` and `admin-pass`, in lower case.
fn words(key: &str) -> impl Iterator<Item = String> {
    let mut parted = String::with_capacity(key.len() + 4);
    let mut after_small = false;
    for c in key.chars() {
        if after_small && c.is_ascii_uppercase() {
            parted.push(' ');
        }
        after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        parted.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
    }
    parted.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Replaces what secret keys hold in a JSON text. Text that holds none, or is no JSON, comes back as it was, byte by byte.
pub fn redact_json(text: &str) -> Cow<'_, str> {
    let Ok(mut json) = serde_json::from_str::<Value>(text) else { return Cow::Borrowed(text) };
    if redact_value(&mut json) { Cow::Owned(json.to_string()) } else { Cow::Borrowed(text) }
}

/// Replaces given secrets. Long ones go wherever they occur, also within a longer text. A short one may well be a word
/// (`public`, `network`) of which a recording is full: it goes only where it is the whole of a JSON value, and a very short
/// one is left, since it would hit everything and hide nothing.
pub fn redact_text<'a>(text: &str, secrets: impl IntoIterator<Item = &'a str>) -> String {
    const SHORTEST: usize = 6;
    const LONG: usize = 16;
    let worth_it = secrets.into_iter().filter(|s| s.len() >= SHORTEST);
    let (long, short): (Vec<&str>, Vec<&str>) = worth_it.partition(|s| s.len() >= LONG);
    long.into_iter().fold(without_values(text, &short).into_owned(), |text, secret| {
        // Inside JSON a secret may stand escaped.
        let escaped = Value::from(secret).to_string();
        text.replace(secret, REDACTED).replace(escaped.trim_matches('"'), REDACTED)
    })
}

/// The JSON text without the string values that are one of these; any other text as it is.
fn without_values<'t>(text: &'t str, secrets: &[&str]) -> Cow<'t, str> {
    fn walk(value: &mut Value, secrets: &[&str]) -> bool {
        match value {
            Value::String(s) if secrets.contains(&s.as_str()) => {
                *value = Value::from(REDACTED);
                true
            }
            Value::Array(items) => items.iter_mut().fold(false, |any, item| walk(item, secrets) | any),
            Value::Object(map) => map.iter_mut().fold(false, |any, (_, value)| walk(value, secrets) | any),
            _ => false,
        }
    }
    if !secrets.iter().any(|s| text.contains(Value::from(*s).to_string().trim_matches('"'))) {
        return Cow::Borrowed(text);
    }
    let Ok(mut json) = serde_json::from_str::<Value>(text) else { return Cow::Borrowed(text) };
    if walk(&mut json, secrets) { Cow::Owned(json.to_string()) } else { Cow::Borrowed(text) }
}

/// Replaces what secret keys hold, at any depth; says whether there was any.
pub fn redact_value(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact_value(item) | any),
        Value::Object(map) => map.iter_mut().fold(false, |any, (key, value)| {
            let here = match key.as_str() {
                // What a Heat template puts out may be anything, a generated password as well as an address.
                "output_value" => blank_all(value),
                _ if is_secret_key(key) => blank(value),
                _ => redact_value(value),
            };
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

/// Puts the mark in place of everything, whatever its shape.
fn blank_all(value: &mut Value) -> bool {
    let there = !value.is_null();
    if there {
        *value = Value::from(REDACTED);
    }
    there
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
    fn keys_that_name_a_secret_are_known_by_their_words() {
        for key in [
            "password",
            "adminPass",
            "db_pass",
            "dbpass",
            "pass",
            "DB-PWD",
            "mysqlPwd",
            "client_secret",
            "authToken",
            "apiKey",
            "API_KEY",
            "x-api-key",
            "aws_secret_access_key",
            "accessKey",
            "ssh_private_key",
            "psk",
            "ipsec_psk",
            "wpaPSK",
            "pre_shared_key",
            "preSharedKey",
            "signing_key",
            "OS-EXT-SRV-ATTR:user_data",
        ] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in [
            "port_security_enabled",
            "key_name",
            "public_key",
            "maps_key",
            "encryption_key_id",
            "keypair",
            "security_groups",
            "bypass",
            "pci_passthrough",
            "passed",
            "compass",
            "password_expires_at",
            "token_id",
            "secret_ref",
            "project_id",
            "hostname",
            "metadata_keys",
        ] {
            assert!(!is_secret_key(key), "{key}");
        }
    }

    #[test]
    fn outputs_of_stacks_go_whatever_they_are() {
        let out = redact_json(
            r#"{"outputs":[{"output_key":"a","output_value":"s1"},{"output_key":"b","output_value":{"x":["s2",true]}},
                {"output_key":"c","output_value":null}]}"#,
        );
        assert_eq!(out.matches(REDACTED).count(), 2, "{out}");
        assert!(!out.contains("s1") && !out.contains("s2") && out.contains(r#""output_key":"b""#), "{out}");
    }

    #[test]
    fn long_secrets_go_from_any_text() {
        let out = redact_text(
            r#"<p>pa"ss-word-of-length</p> {"x": "pa\"ss-word-of-length"} ab"#,
            [r#"pa"ss-word-of-length"#, "ab"],
        );
        assert_eq!(out, r#"<p>REDACTED</p> {"x": "REDACTED"} ab"#);
    }

    #[test]
    fn short_secrets_go_only_where_they_are_the_whole_value() {
        let text = r#"{"network":{"name":"network","label":"network-1","list":["network"]},"href":"/v2.0/networks"}"#;
        let out = redact_text(text, ["network"]);
        let wanted = r#"{"network":{"name":"REDACTED","label":"network-1","list":["REDACTED"]},"href":"/v2.0/networks"}"#;
        assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), serde_json::from_str::<Value>(wanted).unwrap());
        for same in ["/v2.0/networks?public=1", r#"{"public":  [1]}"#, "<p>public</p>", r#"{"a":"hidden \"public\""}"#] {
            assert_eq!(redact_text(same, ["public", "network"]), same);
        }
        assert_eq!(redact_text(r#"{"echo":"pa\"ss-word"}"#, [r#"pa"ss-word"#]), r#"{"echo":"REDACTED"}"#);
    }
}
