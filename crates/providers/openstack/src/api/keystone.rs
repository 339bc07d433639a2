//! Keystone's side of signing in: what to send, and what the answer says. Pure; the calls are made in `sign_in`.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};
use stocktake_http::Url;
use zeroize::Zeroizing;

use super::catalogue::Catalogue;
use crate::config::{Credential, Domain, Method, Named, SignInScope};

/// Where Keystone v3 is, given the address of it or of the root above it. `v2.0` of old files is taken for the root.
pub(super) fn v3(auth_url: &Url) -> Url {
    let mut url = auth_url.clone();
    let path = url.path().trim_end_matches('/');
    let root = match path.rsplit_once('/') {
        Some((root, "v3" | "v2.0" | "v2")) => root,
        _ => path,
    };
    let path = format!("{root}/v3");
    url.set_path(&path);
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// The body of `POST /auth/tokens`. It holds the secret in the clear, so it is wiped when dropped.
pub(super) fn request(method: &Method, scope: &SignInScope) -> Zeroizing<String> {
    let identity = match method {
        Method::Password { user, password } => {
            let mut user = named(user);
            user["password"] = json!(password.expose_secret());
            json!({ "methods": ["password"], "password": { "user": user } })
        }
        Method::ApplicationCredential { credential, secret } => {
            let mut body = match credential {
                Credential::Id(id) => json!({ "id": id }),
                Credential::Name { name, user } => json!({ "name": name, "user": named(user) }),
            };
            body["secret"] = json!(secret.expose_secret());
            json!({ "methods": ["application_credential"], "application_credential": body })
        }
        Method::Token(token) => json!({ "methods": ["token"], "token": { "id": token.expose_secret() } }),
    };
    let mut auth = json!({ "identity": identity });
    match scope {
        SignInScope::Project(project) => auth["scope"] = json!({ "project": named(project) }),
        SignInScope::Domain(d) => auth["scope"] = json!({ "domain": domain(d) }),
        SignInScope::System => auth["scope"] = json!({ "system": { "all": true } }),
        SignInScope::Default => {}
    }
    Zeroizing::new(json!({ "auth": auth }).to_string())
}

fn named(named: &Named) -> Value {
    match named {
        Named::Id(id) => json!({ "id": id }),
        Named::Name { name, domain: d } => json!({ "name": name, "domain": domain(d) }),
    }
}

fn domain(domain: &Domain) -> Value {
    match domain {
        Domain::Id(id) => json!({ "id": id }),
        Domain::Name(name) => json!({ "name": name }),
    }
}

/// The answer of `POST /auth/tokens`; the token itself comes in a header.
#[derive(Debug, Deserialize)]
pub(super) struct Granted {
    pub(super) token: Grant,
}

#[derive(Debug, Deserialize)]
pub(super) struct Grant {
    pub(super) user: Thing,
    #[serde(default)]
    pub(super) project: Option<Thing>,
    #[serde(default)]
    pub(super) domain: Option<Thing>,
    #[serde(default)]
    pub(super) system: Option<Value>,
    #[serde(default)]
    pub(super) roles: Vec<Thing>,
    #[serde(default)]
    pub(super) catalog: Catalogue,
    #[serde(default)]
    issued_at: Option<String>,
    #[serde(default)]
    expires_at: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Thing {
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
}

impl Grant {
    /// How long the token may be used: until shortly before it ends. Measured between the server's own times, so that
    /// clocks need not agree.
    pub(super) fn good_for(&self) -> Option<Duration> {
        const MARGIN: Duration = Duration::from_mins(1);
        let time = |text: &Option<String>| text.as_ref()?.parse::<Timestamp>().ok();
        let lifetime = Duration::try_from(time(&self.expires_at)?.duration_since(time(&self.issued_at)?)).ok()?;
        Some(lifetime.saturating_sub(MARGIN.min(lifetime / 10)))
    }
}

#[cfg(test)]
mod tests {
    use stocktake_provider::Secret;

    use super::*;

    fn name(name: &str, domain: &str) -> Named {
        Named::Name { name: name.to_owned(), domain: Domain::Name(domain.to_owned()) }
    }

    fn body(method: &Method, scope: &SignInScope) -> Value {
        serde_json::from_str(&request(method, scope)).unwrap()
    }

    #[test]
    fn the_address_of_v3_is_found_from_what_people_write() {
        for (given, expected) in [
            ("http://h:5000", "http://h:5000/v3"),
            ("http://h:5000/", "http://h:5000/v3"),
            ("http://h:5000/v3/", "http://h:5000/v3"),
            ("http://h:5000/v2.0", "http://h:5000/v3"),
            ("https://h/identity", "https://h/identity/v3"),
            ("https://h/identity/v3", "https://h/identity/v3"),
        ] {
            assert_eq!(v3(&given.parse().unwrap()).as_str(), expected, "{given}");
        }
    }

    #[test]
    fn password_with_each_scope() {
        let method = Method::Password { user: name("ann", "people"), password: Secret::from("s3") };
        let identity = json!({ "methods": ["password"], "password": { "user":
            { "name": "ann", "domain": { "name": "people" }, "password": "s3" } } });
        let scopes = [
            (SignInScope::Project(Named::Id("p1".to_owned())), Some(json!({ "project": { "id": "p1" } }))),
            (
                SignInScope::Project(name("dev", "people")),
                Some(json!({ "project": { "name": "dev", "domain": { "name": "people" } } })),
            ),
            (SignInScope::Domain(Domain::Id("d1".to_owned())), Some(json!({ "domain": { "id": "d1" } }))),
            (SignInScope::System, Some(json!({ "system": { "all": true } }))),
            (SignInScope::Default, None),
        ];
        for (scope, expected) in scopes {
            let body = body(&method, &scope);
            assert_eq!(body["auth"]["identity"], identity);
            assert_eq!(body["auth"].get("scope"), expected.as_ref());
        }
    }

    #[test]
    fn application_credentials_by_id_and_by_name() {
        let secret = Secret::from("s3");
        let by_id = Method::ApplicationCredential { credential: Credential::Id("c1".to_owned()), secret: secret.clone() };
        let expected = json!({ "auth": { "identity": { "methods": ["application_credential"],
            "application_credential": { "id": "c1", "secret": "s3" } } } });
        assert_eq!(body(&by_id, &SignInScope::Default), expected);
        let credential = Credential::Name { name: "robot".to_owned(), user: Named::Id("u1".to_owned()) };
        let by_name = Method::ApplicationCredential { credential, secret };
        let expected = json!({ "auth": { "identity": { "methods": ["application_credential"],
            "application_credential": { "name": "robot", "user": { "id": "u1" }, "secret": "s3" } } } });
        assert_eq!(body(&by_name, &SignInScope::Default), expected);
    }

    #[test]
    fn token() {
        let body = body(&Method::Token(Secret::from("t1")), &SignInScope::Project(Named::Id("p1".to_owned())));
        let identity = json!({ "methods": ["token"], "token": { "id": "t1" } });
        assert_eq!(body, json!({ "auth": { "identity": identity, "scope": { "project": { "id": "p1" } } } }));
    }

    #[test]
    fn a_token_is_used_until_shortly_before_its_end() {
        let grant = |issued: &str, expires: &str| -> Grant {
            let token = json!({ "user": { "id": "u" }, "issued_at": issued, "expires_at": expires });
            serde_json::from_value(token).unwrap()
        };
        let hour = grant("2026-11-22T08:34:09.000000Z", "2026-11-22T09:34:09.000000Z");
        assert_eq!(hour.good_for(), Some(Duration::from_mins(59)));
        let short = grant("2026-11-22T08:34:00Z", "2026-11-22T08:34:20Z");
        assert_eq!(short.good_for(), Some(Duration::from_secs(18)));
        assert_eq!(grant("", "soon").good_for(), None);
    }
}
