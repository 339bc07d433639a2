//! What is recorded plays back the same, and gives nothing away.

mod support;

use std::sync::Arc;

use stocktake_http::testing::{Reply, Server};
use stocktake_http::{Answer, Call, HeaderName, HeaderValue, Http, Url, redact_json, redact_text};
use stocktake_provider::{ErrorKind, Exchange, Secret, Traffic};
use support::options;

fn call(url: Url, version: &'static str) -> Call {
    Call::get("things", url)
        .with(HeaderName::from_static("x-auth-token"), HeaderValue::from_static("tok-SECRET-1-of-some-length"))
        .selecting(HeaderName::from_static("api-version"), HeaderValue::from_static(version))
}

fn server() -> Server {
    Server::start(|r| match r.path.as_str() {
        "/login" => Reply::json(201, r#"{"token": {"audit_ids": ["AUDIT-1"], "user": {"name": "ann"}}}"#)
            .with("X-Subject-Token", "tok-SECRET-1-of-some-length")
            .with("Set-Cookie", "session=COOKIE-1"),
        "/things" if r.header("api-version") == Some("2") => Reply::json(200, r#"{"v": 2, "adminPass": "ADMIN-1"}"#),
        "/things" => Reply::json(200, r#"{"v": 1, "echo": "you sent tok-SECRET-1-of-some-length"}"#),
        "/down" => Reply::json(503, "{}"),
        "/gone" => Reply::json(404, r#"{"itemNotFound": {"message": "no such thing"}}"#),
        _ => Reply::json(200, "{}"),
    })
}

/// The same conversation, live or replayed.
async fn talk(http: &Http, at: impl Fn(&str) -> Url) -> Vec<Result<(u16, String), String>> {
    let mut heard = Vec::new();
    let login = Call::post_json("identity", at("/login"), r#"{"password": "PASSWORD-1"}"#);
    for call in [login, call(at("/things"), "1"), call(at("/things"), "2"), call(at("/down"), "1"), call(at("/gone"), "1")] {
        let said = http.send(&call).await;
        let text = |a: Answer| (a.status, String::from_utf8_lossy(&a.body).into_owned());
        heard.push(said.map(text).map_err(|e| e.to_string()));
    }
    heard
}

async fn recorded() -> (Vec<Result<(u16, String), String>>, Vec<Exchange>) {
    let server = server();
    let (traffic, kept) = Traffic::recorder();
    let http = Http::new(options(), traffic).expect("made for the test");
    http.hide(&Secret::from("tok-SECRET-1-of-some-length"));
    let heard = talk(&http, |path| server.url(path)).await;
    let kept = kept.lock().expect("made for the test").clone();
    (heard, kept)
}

#[tokio::test]
async fn nothing_secret_is_kept() {
    let (_, kept) = recorded().await;
    let text = serde_json::to_string(&kept).unwrap();
    for secret in ["SECRET", "AUDIT-1", "COOKIE-1", "ADMIN-1", "PASSWORD-1"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    assert!(!text.contains("127.0.0.1"), "a recording names no host: {text}");
}

#[tokio::test]
async fn a_replay_says_what_was_said() {
    let (heard, kept) = recorded().await;
    assert_eq!(kept.len(), 5, "one exchange a call, however many attempts");
    let http = Http::new(options(), Traffic::Replay(Arc::new(kept))).unwrap();
    assert!(http.is_replay());
    let elsewhere = |path: &str| format!("https://no.network.invalid{path}").parse().unwrap();
    let replayed = talk(&http, elsewhere).await;
    let redacted = heard
        .into_iter()
        .map(|said| said.map(|(status, body)| (status, redact_text(&redact_json(&body), ["tok-SECRET-1-of-some-length"]))));
    assert_eq!(replayed, redacted.collect::<Vec<_>>());
    let unknown = http.send(&call(elsewhere("/other"), "1")).await.unwrap_err();
    assert_eq!(unknown.kind, ErrorKind::BadAnswer);
    assert!(unknown.message.contains("the recording holds no answer for GET /other"), "{unknown}");
}

#[tokio::test]
async fn repeated_requests_are_answered_in_order() {
    let exchange = |body: &str| Exchange {
        method: "GET".to_owned(),
        url: "/x?a=1".to_owned(),
        request_headers: vec![("asked".to_owned(), "things".to_owned())],
        status: 200,
        headers: Vec::new(),
        body: body.to_owned(),
    };
    let replay = Traffic::Replay(Arc::new(vec![exchange("{1}"), exchange("{2}")]));
    let http = Http::new(options(), replay).unwrap();
    let mut heard = Vec::new();
    for _ in 0..3 {
        heard.push(http.send(&Call::get("things", "http://h/x?a=1".parse().unwrap())).await.unwrap().body);
    }
    assert_eq!(heard, ["{1}", "{2}", "{2}"]);
    let other = http.send(&Call::get("stuff", "http://h/x?a=1".parse().unwrap())).await;
    assert!(other.is_err(), "another service's answer is not taken");
}

#[tokio::test]
async fn a_secret_in_an_address_is_looked_up_as_it_was_recorded() {
    const SECRET: &str = "a-secret-of-some-length";
    let server = Server::start(|_| Reply::json(200, "{}"));
    let (traffic, kept) = Traffic::recorder();
    let ask = async |http: &Http, url: Url| {
        http.hide(&Secret::from(SECRET));
        http.send(&Call::get("things", url)).await.map(|answer| answer.status)
    };
    let path = format!("/revoke/{SECRET}?network=1");
    assert_eq!(ask(&Http::new(options(), traffic).unwrap(), server.url(&path)).await.unwrap(), 200);
    let kept = kept.lock().unwrap().clone();
    assert_eq!(kept[0].url, "/revoke/REDACTED?network=1");
    let http = Http::new(options(), Traffic::Replay(Arc::new(kept))).unwrap();
    let elsewhere = format!("https://no.network.invalid{path}").parse().unwrap();
    assert_eq!(ask(&http, elsewhere).await.unwrap(), 200);
}
