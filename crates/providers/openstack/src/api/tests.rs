//! Signing in once for many, finding services, asking at the right microversion; against a small cloud that counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use serde_json::json;
use stocktake_http::RetryPolicy;
use stocktake_http::testing::{Reply, Request, Server};
use stocktake_provider::{Configuration, ErrorKind, Secret, Traffic};

use super::*;

/// Which tokens the cloud takes, by the number of their sign-in.
#[derive(Clone, Copy)]
enum Takes {
    All,
    /// Only tokens of this sign-in and later: the older ones have ended.
    From(usize),
    None,
}

struct Cloud {
    server: Server,
    takes: Arc<Mutex<Takes>>,
}

const HOUR: (&str, &str) = ("2026-11-22T08:00:00.000000Z", "2026-11-22T09:00:00.000000Z");

impl Cloud {
    fn start() -> Self {
        Self::with(HOUR, "2.93")
    }

    fn with(lifetime: (&'static str, &'static str), nova: &'static str) -> Self {
        let takes = Arc::new(Mutex::new(Takes::All));
        let (now, logins) = (Arc::clone(&takes), AtomicUsize::new(0));
        let server = Server::start(move |r| match (r.method.as_str(), r.path.as_str()) {
            ("POST", "/v3/auth/tokens") if r.body.contains("wrong") => {
                let body = r#"{"error": {"code": 401, "message": "The request you have made requires authentication."}}"#;
                Reply::json(401, body).after(Duration::from_millis(20))
            }
            ("POST", "/v3/auth/tokens") => {
                let token = format!("token-number-{}", logins.fetch_add(1, Relaxed) + 1);
                Reply::json(201, &grant(r, lifetime)).with("X-Subject-Token", &token).after(Duration::from_millis(20))
            }
            ("GET", "/compute/v2.1/") => {
                let body =
                    json!({ "version": { "id": "v2.1", "status": "CURRENT", "version": nova, "min_version": "2.1" } });
                Reply::json(200, &body.to_string())
            }
            ("GET", _) if !*taken(r, &now.lock().unwrap()) => Reply::json(401, r#"{"error": {"message": "Unauthorized"}}"#),
            ("GET", "/compute/v2.1/newer") => {
                Reply::json(406, r#"{"computeFault": {"message": "Version is not supported"}}"#)
            }
            ("GET", "/compute/v2.1/forbidden?x=1") => {
                Reply::json(403, r#"{"forbidden": {"code": 403, "message": "Policy doesn't allow it"}}"#)
            }
            _ => Reply::json(200, r#"{"servers": []}"#),
        });
        Self { server, takes }
    }

    fn configuration(&self, more: &[(&str, &str)]) -> Configuration {
        let mut c = Configuration::default();
        let auth_url = self.server.url("/").to_string();
        let usual = [("auth_url", auth_url.as_str()), ("username", "ann"), ("project_name", "dev")];
        for (name, value) in usual.iter().chain(more) {
            c.settings.insert((*name).to_owned(), (*value).to_owned());
        }
        c.secrets.insert("password".to_owned(), Secret::from("pass-SECRET"));
        c
    }

    fn api(&self, more: &[(&str, &str)]) -> Api {
        self.api_over(more, Traffic::Live)
    }

    fn api_over(&self, more: &[(&str, &str)], traffic: Traffic) -> Api {
        Api::new(&quick(&self.configuration(more)), traffic).unwrap()
    }

    fn takes(&self, takes: Takes) {
        *self.takes.lock().unwrap() = takes;
    }

    fn sign_ins(&self) -> usize {
        self.server.count("POST", "/v3/auth/tokens")
    }
}

fn quick(configuration: &Configuration) -> OpenStackConfig {
    let retry = RetryPolicy { first: Duration::from_millis(1), ..RetryPolicy::default() };
    OpenStackConfig { retry, ..OpenStackConfig::read(configuration).unwrap() }
}

fn taken(request: &Request, takes: &Takes) -> &'static bool {
    let number = request.header("x-auth-token").and_then(|t| t.strip_prefix("token-number-")?.parse::<usize>().ok());
    match takes {
        Takes::All => &true,
        Takes::From(first) if number.is_some_and(|n| n >= *first) => &true,
        Takes::From(_) | Takes::None => &false,
    }
}

fn grant(request: &Request, (issued, expires): (&str, &str)) -> String {
    let host = request.header("host").unwrap();
    let service = |kind: &str, path: &str| {
        let endpoint = |region: &str, interface: &str, host: &str| json!({ "interface": interface, "region": region, "region_id": region, "url": format!("http://{host}/{path}") });
        let endpoints = [
            endpoint("one", "internal", "inside.invalid"),
            endpoint("one", "public", host),
            endpoint("two", "public", "two.invalid"),
        ];
        json!({ "type": kind, "endpoints": endpoints })
    };
    let body = json!({ "token": {
        "user": { "id": "u1", "name": "ann" },
        "project": { "id": "p1", "name": "dev" },
        "roles": [{ "id": "r1", "name": "reader" }],
        "catalog": [service("compute", "compute/v2.1"), service("network", "network"),
            service("volumev2", "volume/v2/p1"), service("volume", "volume/v2/p1"), service("image", "image/v2")],
        "issued_at": issued,
        "expires_at": expires,
    } });
    body.to_string()
}

async fn fifty(api: &Api) -> Vec<Result<u16, ProviderError>> {
    let mut asking = tokio::task::JoinSet::new();
    for i in 0..50 {
        let api = api.clone();
        asking.spawn(async move { api.get(Service::Network, &format!("/networks?i={i}")).await.map(|a| a.status) });
    }
    asking.join_all().await
}

#[tokio::test]
async fn many_who_ask_at_once_sign_in_once() {
    let cloud = Cloud::start();
    assert!(fifty(&cloud.api(&[])).await.iter().all(Result::is_ok));
    assert_eq!(cloud.sign_ins(), 1);
}

#[tokio::test]
async fn a_token_that_ended_is_renewed_once_for_all() {
    let cloud = Cloud::start();
    let api = cloud.api(&[]);
    api.get(Service::Network, "/networks").await.unwrap();
    cloud.takes(Takes::From(2));
    assert!(fifty(&api).await.iter().all(Result::is_ok));
    assert_eq!(cloud.sign_ins(), 2);
}

#[tokio::test]
async fn a_fresh_token_refused_is_an_error_and_no_loop() {
    let cloud = Cloud::start();
    cloud.takes(Takes::None);
    let api = cloud.api(&[]);
    for answer in fifty(&api).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert_eq!(error.call, "GET network /networks");
    }
    assert_eq!(cloud.sign_ins(), 2, "the first token and one more try");
    let _ = api.get(Service::Network, "/networks").await.unwrap_err();
    assert_eq!(cloud.sign_ins(), 2, "this service's refusal is known");
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_for_all() {
    let cloud = Cloud::start();
    let mut configuration = cloud.configuration(&[]);
    configuration.secrets.insert("password".to_owned(), Secret::from("wrong"));
    let api = Api::new(&quick(&configuration), Traffic::Live).unwrap();
    for answer in fifty(&api).await {
        let error = answer.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unauthorized);
        assert!(error.to_string().starts_with("sign in with keystone: refused, answered 401: The request"), "{error}");
        assert!(error.hint.unwrap().contains("check user, password"));
    }
    assert_eq!(cloud.sign_ins(), 1);
}

#[tokio::test]
async fn a_token_about_to_end_is_renewed_before_it_is_refused() {
    // It lives for no time at all, so each question needs another.
    let cloud = Cloud::with((HOUR.0, HOUR.0), "2.93");
    let api = cloud.api(&[]);
    for sign_ins in 1..=3 {
        api.get(Service::Network, "/networks").await.unwrap();
        assert_eq!(cloud.sign_ins(), sign_ins);
    }
}

#[tokio::test]
async fn an_address_that_is_not_keystones_is_said_to_be_wrong() {
    let cloud = Cloud::start();
    let elsewhere = Server::start(|_| Reply::json(404, "{}"));
    let api = cloud.api(&[("auth_url", elsewhere.url("/nova").as_str())]);
    let error = api.session().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Configuration);
    assert!(error.message.ends_with("/nova/v3/auth/tokens is not there (404)"), "{error}");
    let page = Server::start(|_| Reply::new(200, "text/html", "<html>"));
    let error = cloud.api(&[("auth_url", page.url("/").as_str())]).session().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadAnswer);
}

#[tokio::test]
async fn the_session_tells_who_we_are() {
    let session = Cloud::start().api(&[]).session().await.unwrap();
    assert_eq!((session.user_name.as_str(), session.project_id.as_deref()), ("ann", Some("p1")));
    assert!(session.has_role("reader") && !session.has_role("admin") && !session.system);
    assert_eq!(session.scope(), "project dev");
    assert_eq!(session.catalogue.regions(), ["one", "two"]);
}

#[tokio::test]
async fn microversions_are_asked_for_in_both_spellings_and_degrade() {
    for (offered, expected) in [("2.93", Some("2.93")), ("2.99", Some("2.93")), ("2.60", Some("2.60")), ("", None)] {
        let cloud = Cloud::with(HOUR, offered);
        let api = cloud.api(&[]);
        assert_eq!(api.microversion(Service::Compute).await.unwrap().map(|v| v.to_string()).as_deref(), expected);
        api.get(Service::Compute, "/servers").await.unwrap();
        let seen = cloud.server.seen();
        let asked = seen.iter().find(|r| r.path.ends_with("/servers")).unwrap();
        assert_eq!(asked.header("x-openstack-nova-api-version"), expected);
        let modern = expected.map(|v| format!("compute {v}"));
        assert_eq!(asked.header("openstack-api-version"), modern.as_deref());
        assert_eq!(cloud.server.count("GET", "/compute/v2.1/"), 2, "one version document and one question");
    }
}

#[tokio::test]
async fn a_service_that_does_not_know_the_microversion_is_asked_which_it_knows() {
    let cloud = Cloud::start();
    let api = cloud.api(&[]);
    api.get(Service::Compute, "/servers").await.unwrap();
    assert!(api.get(Service::Compute, "/newer").await.unwrap_err().to_string().contains("406"));
    let documents = |cloud: &Cloud| cloud.server.seen().iter().filter(|r| r.path == "/compute/v2.1/").count();
    assert_eq!(documents(&cloud), 1);
    for _ in 0..2 {
        api.get(Service::Compute, "/servers").await.unwrap();
        assert_eq!(documents(&cloud), 2, "once more, and then no more");
    }
}

#[tokio::test]
async fn services_are_found_by_region_and_interface_or_by_hand() {
    let cloud = Cloud::start();
    let api = cloud.api(&[("region", "one")]);
    assert!(api.has(Service::Compute).await.unwrap());
    assert!(api.has(Service::Identity).await.unwrap(), "we know where Keystone is");
    assert!(!api.has(Service::Orchestration).await.unwrap());
    assert!(!api.has(Service::Volume).await.unwrap(), "version 2 is another API");
    let error = api.get(Service::Orchestration, "/stacks").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NoService);
    assert!(error.message.contains("no orchestration service in the catalogue"), "{error}");

    let error = cloud.api(&[("region", "three")]).has(Service::Network).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NoService, "it is there, and not where we look");
    let error = cloud.api(&[("region", "three")]).get(Service::Network, "/networks").await.unwrap_err();
    assert!(error.to_string().contains("for region three, interface public; set region (known: one, two)"), "{error}");

    let heat = cloud.server.url("/heat/v1").to_string();
    let by_hand = cloud.api(&[("orchestration_endpoint", heat.as_str())]);
    by_hand.get(Service::Orchestration, "/stacks").await.unwrap();
    assert_eq!(cloud.server.count("GET", "/heat/v1/p1/stacks"), 1);
}

#[tokio::test]
async fn refusals_keep_the_services_words() {
    let cloud = Cloud::start();
    let error = cloud.api(&[]).get(Service::Compute, "/forbidden?x=1").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Forbidden);
    assert!(error.to_string().starts_with("GET compute /forbidden: answered 403: Policy doesn't allow it"), "{error}");
}

#[tokio::test]
async fn next_links_lead_to_paths() {
    let cloud = Cloud::start();
    let api = cloud.api(&[]);
    let link = "http://10.1.1.1:8774/v2.1/servers/detail?limit=2&marker=x";
    assert_eq!(api.next_path(Service::Compute, link).await.unwrap(), "/servers/detail?limit=2&marker=x");
    let stranger = api.next_path(Service::Compute, "http://evil.invalid/steal").await.unwrap_err();
    assert_eq!(stranger.kind, ErrorKind::BadAnswer);
}

#[tokio::test]
async fn a_recording_replays_without_network_token_or_secret() {
    let cloud = Cloud::with((HOUR.0, HOUR.0), "2.93");
    let (traffic, kept) = Traffic::recorder();
    let live = cloud.api_over(&[], traffic);
    let answer = live.get(Service::Compute, "/servers").await.unwrap();
    let kept = kept.lock().unwrap().clone();
    let text = serde_json::to_string(&kept).unwrap();
    assert!(!text.contains("token-number") && !text.contains("SECRET"), "{text}");

    let configuration = cloud.configuration(&[]);
    drop(cloud);
    let replay = Api::new(&quick(&configuration), Traffic::Replay(Arc::new(kept))).unwrap();
    assert_eq!(replay.get(Service::Compute, "/servers").await.unwrap().body, answer.body);
    assert_eq!(replay.usage().calls, 3, "an ended token of long ago is not renewed");
    assert!(replay.get(Service::Compute, "/flavors").await.unwrap_err().message.contains("recording holds no answer"));
}

#[tokio::test]
async fn no_secret_shows() {
    let cloud = Cloud::start();
    let api = cloud.api(&[]);
    let session = api.session().await.unwrap();
    let shown = format!("{api:?} {session:?}");
    assert!(!shown.contains("SECRET") && !shown.contains("token-number"), "{shown}");
}

#[tokio::test]
async fn a_service_that_is_away_is_tried_once_for_all_who_wait() {
    let cloud = Cloud::start();
    let gone = Server::start(|_| Reply::json(503, r#"{"error": {"message": "nobody home"}}"#));
    let api = cloud.api(&[("volume_endpoint", gone.url("/v3/p1").as_str())]);
    let mut asking = tokio::task::JoinSet::new();
    for i in 0..20 {
        let api = api.clone();
        asking.spawn(async move { api.get(Service::Volume, &format!("/volumes?i={i}")).await.map(|a| a.status) });
    }
    while let Some(answer) = asking.join_next().await {
        assert!(answer.unwrap().is_err());
    }
    assert_eq!(gone.seen().len(), RetryPolicy::default().attempts as usize);
}
