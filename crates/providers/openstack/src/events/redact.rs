//! Secrets are taken out before anything is handed on: what is stored is what is shown.
//!
//! Notifications carry the context of their request (a token, the service catalogue) and whatever a service thought
//! worth telling (how to reach a volume, a server's user data). The words that name a secret anywhere are the HTTP
//! recorder's; here are those that notifications add.

use serde_json::Value;
use stocktake_http::{REDACTED, redact_value};

/// Keys whose value goes whole, whatever its shape.
const WHOLE: [&str; 11] = [
    // How a host reaches a volume: portal, initiator, CHAP password. Cinder writes it as JSON in a text.
    "connection_info",
    "connector",
    // Part of nova's own context, as it sends it with a failed call.
    "db_connection",
    "mq_connection",
    "user_auth_plugin",
    "user_data",
    // Files that are put into a server.
    "injected_files",
    "personality",
    "_context_service_catalog",
    "service_catalog",
    "_context_auth_token",
];

/// Takes them out.
pub(super) fn redact(value: &mut Value) {
    redact_value(value);
    whole(value);
}

fn whole(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Null | Value::Bool(_) => {}
                    // An empty one says that there was none.
                    Value::Array(items) if items.is_empty() => {}
                    _ if WHOLE.contains(&key.as_str()) => *value = Value::from(REDACTED),
                    _ => whole(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::String(text) => {
            if let Some(clean) = without_tokens(text) {
                *text = clean;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// How Keystone's tokens begin: Fernet (a version, and a time whose first bytes are zero), and JWS (the base64 of `{"`).
const FERNET: &str = "gAAAAA";
const JWS: &str = "eyJ";

/// A text without the tokens in it: failed calls are told with their arguments written out. None: there are none.
fn without_tokens(text: &str) -> Option<String> {
    let mut rest = text;
    let mut clean = String::new();
    while let Some((at, end)) = token(rest) {
        clean.push_str(&rest[..at]);
        clean.push_str(REDACTED);
        rest = &rest[end..];
    }
    (!clean.is_empty()).then(|| clean + rest)
}

/// Where the first token is. Three letters may well stand within another word: a JWS begins one.
fn token(text: &str) -> Option<(usize, usize)> {
    let within = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let jws = text.match_indices(JWS).map(|(at, _)| at).find(|at| !text[..*at].ends_with(within));
    let at = [text.find(FERNET), jws].into_iter().flatten().min()?;
    let more = text[at..].find(|c| !within(c) && !"=.".contains(c));
    Some((at, more.map_or(text.len(), |more| at + more)))
}

/// The beginning of a text that is no JSON, up to the first word that could come before a secret.
pub(super) fn beginning(text: &str) -> String {
    const LONGEST: usize = 512;
    const WORDS: [&str; 8] = ["token", "passw", "secret", "catalog", "pass'", "pass\"", "psk", "shared"];
    let lower = text.to_ascii_lowercase();
    let end = WORDS.iter().filter_map(|word| lower.find(word)).min().unwrap_or(text.len());
    let mut cut: String = text[..end].chars().take(LONGEST).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    without_tokens(&cut).unwrap_or(cut)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_go_whole_at_any_depth_and_what_speaks_of_them_stays() {
        let mut value = json!({
            "_context_auth_token": "gAAAAABk1", "_context_service_catalog": [{"type": "volume"}], "_context_roles": ["admin"],
            "payload": {"volume_attachment": [{"connection_info": "{\"auth_password\": \"chap\"}", "connector": {"ip": "10.0.0.1"},
                "attach_status": "attached"}],
                "args": {"adminPass": "hunter22", "context": {"auth_token": "abc", "service_catalog": []}, "user_data": null},
                "exception": "call(token='gAAAAABkxyz_-=', id=7)", "key_name": "mine"},
        });
        redact(&mut value);
        let text = value.to_string();
        for secret in ["gAAAAAB", "\"type\"", "chap", "10.0.0.1", "hunter22", "\"abc\""] {
            assert!(!text.contains(secret), "{secret} is left in {text}");
        }
        for kept in ["attached", "admin", "id=7", "mine", "\"user_data\":null", "\"service_catalog\":[]"] {
            assert!(text.contains(kept), "{kept} is gone from {text}");
        }
    }

    /// As VPNaaS tells of a connection, on the exchange where ports are told.
    #[test]
    fn the_key_of_a_vpn_goes() {
        let mut value = json!({"event_type": "ipsec_site_connection.create.end", "payload": {"ipsec_site_connection":
            {"id": "c1", "psk": "s3cr3t-of-both", "peer_address": "172.24.4.11", "auth_mode": "psk"}}});
        redact(&mut value);
        let connection = &value["payload"]["ipsec_site_connection"];
        assert_eq!(connection["psk"], REDACTED);
        assert_eq!((&connection["peer_address"], &connection["auth_mode"]), (&json!("172.24.4.11"), &json!("psk")));
        assert!(!beginning("{\"id\": 1, \"psk\": \"s3cr3t").contains("s3cr3t"));
    }

    #[test]
    fn tokens_of_both_kinds_go_out_of_a_text() {
        let jws = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhIn0.c2ln-bmF0_dXJl";
        for (text, clean) in [
            (format!("call(token='{jws}', id=7)"), "call(token='REDACTED', id=7)"),
            (format!("a gAAAAABk1_-= b {jws}"), "a REDACTED b REDACTED"),
            (format!("token={jws}\n"), "token=REDACTED\n"),
        ] {
            assert_eq!(without_tokens(&text).as_deref(), Some(clean));
        }
        assert_eq!(without_tokens("a keyJob and nothing else"), None);
    }

    #[test]
    fn a_text_that_is_no_json_ends_before_its_first_secret() {
        assert_eq!(
            beginning("{\"event_type\": \"x\", \"_context_auth_token\": \"abc"),
            "{\"event_type\": \"x\", \"_context_auth_…"
        );
        assert_eq!(beginning("short"), "short");
        assert!(beginning(&"ä".repeat(2000)).chars().count() <= 513);
    }
}
