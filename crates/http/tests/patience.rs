//! Busy, broken and silent servers: what is asked again, how long, and how it ends.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use stocktake_http::testing::{Reply, Server};
use stocktake_http::{Call, Options, RetryPolicy};
use stocktake_provider::ErrorKind;
use support::{get, http, options};

const GOOD: &str = r#"{"things": []}"#;

/// Answers these in turn, the last one for ever.
fn in_turn(replies: Vec<Reply>) -> Server {
    let at = AtomicUsize::new(0);
    Server::start(move |_| replies[at.fetch_add(1, Relaxed).min(replies.len() - 1)].clone())
}

#[tokio::test]
async fn a_server_that_stumbles_is_asked_again() {
    for status in [429, 500, 502, 503, 504] {
        let server = in_turn(vec![Reply::json(status, "{}"), Reply::json(status, "{}"), Reply::json(200, GOOD)]);
        let http = http(options());
        assert_eq!(get(&http, &server, "/things").await.unwrap().body, GOOD);
        let usage = http.usage();
        assert_eq!((usage.calls, usage.retries, usage.throttled), (3, 2, if status == 429 { 2 } else { 0 }));
        assert_eq!(usage.bytes, 4 + GOOD.len() as u64);
    }
}

#[tokio::test]
async fn other_refusals_are_answers_and_not_repeated() {
    for status in [400, 401, 403, 404, 409, 501] {
        let server = in_turn(vec![Reply::json(status, r#"{"error": {"message": "No."}}"#)]);
        let http = http(options());
        let answer = get(&http, &server, "/things").await.unwrap();
        assert_eq!((answer.status, http.usage().calls), (status, 1));
        let error = answer.ok("GET things /things").unwrap_err();
        assert!(error.to_string().contains(&format!("GET things /things: answered {status}: No.")), "{error}");
    }
}

#[tokio::test]
async fn a_storm_of_429_ends_as_throttled() {
    let server = in_turn(vec![Reply::json(429, r#"{"overLimit": {"message": "Slow down"}}"#)]);
    let http = http(options());
    let error = get(&http, &server, "/things").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
    assert!(error.message.contains("Slow down; given up after 4 attempts"), "{error}");
    assert_eq!(http.usage().throttled, 4);
}

#[tokio::test]
async fn what_must_not_be_repeated_is_not() {
    let server = in_turn(vec![Reply::json(503, "{}")]);
    let http = http(options());
    let call = Call { repeatable: false, ..Call::post_json("things", server.url("/things"), "{}") };
    assert_eq!(http.send(&call).await.unwrap_err().kind, ErrorKind::Server);
    assert_eq!(http.usage().calls, 1);
}

#[tokio::test]
async fn retry_after_in_seconds_is_waited_for() {
    let server = in_turn(vec![Reply::json(503, "{}").with("Retry-After", "1"), Reply::json(200, GOOD)]);
    let (http, begun) = (http(options()), Instant::now());
    get(&http, &server, "/things").await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn retry_after_as_a_date_is_measured_by_the_servers_clock() {
    let busy = Reply::json(503, "{}")
        .with("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .with("Retry-After", "Sun, 06 Nov 1994 08:49:38 GMT");
    let server = in_turn(vec![busy, Reply::json(200, GOOD)]);
    let (http, begun) = (http(options()), Instant::now());
    get(&http, &server, "/things").await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_wish_beyond_our_patience_is_refused_and_said() {
    let server = in_turn(vec![Reply::json(429, "{}").with("Retry-After", "3600")]);
    let http = http(options());
    let error = get(&http, &server, "/things").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
    assert!(error.message.contains("it asks to wait 3600 s, more than is left of the 3 s"), "{error}");
    assert_eq!(http.usage().calls, 1);
}

#[tokio::test]
async fn a_body_cut_off_is_asked_for_again_and_then_a_bad_answer() {
    let whole = in_turn(vec![Reply::json(200, GOOD).cut(4), Reply::json(200, GOOD)]);
    let client = http(options());
    assert_eq!(get(&client, &whole, "/things").await.unwrap().body, GOOD);
    let never = in_turn(vec![Reply::json(200, GOOD).cut(4)]);
    let error = get(&client, &never, "/things").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadAnswer, "{error}");
    // A proxy that cuts and corrects the length.
    let shortened = in_turn(vec![Reply::json(200, &GOOD[..9])]);
    let error = get(&client, &shortened, "/things").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadAnswer);
    assert!(error.message.contains("cut off after 9 bytes"), "{error}");
}

#[tokio::test]
async fn web_pages_and_empty_bodies_are_bad_answers() {
    let client = http(options());
    let page = in_turn(vec![Reply::new(200, "text/html", "<html>\n<title>Please log in</title>")]);
    let error = get(&client, &page, "/things").await.unwrap_err();
    assert_eq!((error.kind, client.usage().calls), (ErrorKind::BadAnswer, 1));
    assert!(error.message.contains("text/html instead of JSON: <html>"), "{error}");
    let empty = in_turn(vec![Reply::json(200, " \n")]);
    let error = get(&client, &empty, "/things").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::BadAnswer);
    assert!(error.message.contains("empty body"), "{error}");
}

#[tokio::test]
async fn silence_is_a_time_out_and_tried_only_twice() {
    let server = in_turn(vec![Reply::json(200, GOOD).after(Duration::from_secs(1))]);
    let http = http(Options { timeout: Duration::from_millis(50), ..options() });
    let error = get(&http, &server, "/things").await.unwrap_err();
    assert_eq!((error.kind, http.usage().calls), (ErrorKind::Timeout, 2));
    assert!(error.message.contains("no whole answer from 127.0.0.1:"), "{error}");
}

#[tokio::test]
async fn an_endless_body_is_given_up() {
    let server = in_turn(vec![Reply::json(200, &"x".repeat(100_000))]);
    let http = http(Options { largest_body: 10_000, ..options() });
    let error = get(&http, &server, "/things").await.unwrap_err();
    assert!(error.message.contains("larger than"), "{error}");
}

#[tokio::test]
async fn no_more_than_the_budget_is_in_flight() {
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let server = Server::start(|_| {
        MOST.fetch_max(NOW.fetch_add(1, Relaxed) + 1, Relaxed);
        std::thread::sleep(Duration::from_millis(5));
        NOW.fetch_sub(1, Relaxed);
        Reply::json(200, GOOD)
    });
    let http = http(Options { in_flight: 3, ..options() });
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (http, call) = (http.clone(), Call::get("things", server.url("/things")));
        calls.spawn(async move { http.send(&call).await.map(|_| ()) });
    }
    assert!(calls.join_all().await.iter().all(Result::is_ok));
    assert!(MOST.load(Relaxed) <= 3);
}

#[tokio::test]
async fn a_dropped_call_gives_its_turn_back() {
    let server = in_turn(vec![Reply::json(200, GOOD).after(Duration::from_millis(300)), Reply::json(200, GOOD)]);
    let http = http(Options { in_flight: 1, ..options() });
    let abandoned = tokio::time::timeout(Duration::from_millis(50), get(&http, &server, "/things")).await;
    assert!(abandoned.is_err());
    get(&http, &server, "/things").await.unwrap();
}

#[tokio::test]
async fn waiting_people_hear_why() {
    let server = in_turn(vec![Reply::json(429, "{}"), Reply::json(200, GOOD)]);
    let http = http(options());
    let mut notices = http.notices();
    get(&http, &server, "/things").await.unwrap();
    assert!(notices.try_recv().unwrap().starts_with("things: answered 429, waiting"));
}

#[test]
fn patience_is_bounded_by_default() {
    let RetryPolicy { attempts, total, .. } = RetryPolicy::default();
    assert_eq!((attempts, total), (4, Duration::from_secs(30)));
}
