//! Webhooks against a small server.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use stocktake_http::testing::{Reply, Request, Server};
use stocktake_queue::State;
use stocktake_testkit::TestDatabase;

use crate::support::{House, chmod};

const KEY: &str = "a-key-of-this-test-alone";

async fn house(database: TestDatabase, server: &Server, more: &str) -> House {
    let url = server.url("/hook");
    let rules = format!(
        "[[rule]]\nname = 'tell'\nwhen = 'true'\nwebhook = {{ url = '{url}', secret_file = 'key', headers = {{ X-Team = 'ops' }}{more} }}"
    );
    let house = House::new(database, &rules).await;
    house.file("key", &format!("{KEY}\n"));
    house.deleted("k1").await;
    house
}

/// As the documentation tells receivers to do it, with another implementation than ours.
fn verify(request: &Request) {
    use hmac::{KeyInit, Mac as _};
    let header = request.header("stocktake-signature").expect("it is signed");
    let parts: Vec<_> = header.split(',').map(|part| part.split_once('=').unwrap()).collect();
    let [("t", seconds), ("v1", signature)] = parts.as_slice() else { panic!("{header}") };
    let age = jiff::Timestamp::now().as_second() - seconds.parse::<i64>().unwrap();
    assert!((0..300).contains(&age), "it was signed when it was sent");
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{}", request.body).as_bytes());
    let mut expected = String::new();
    for byte in mac.finalize().into_bytes() {
        write!(expected, "{byte:02x}").unwrap();
    }
    assert_eq!(*signature, expected);
}

pub(crate) async fn a_webhook_is_signed_and_says_what_happened(database: TestDatabase) {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let house = house(database, &server, "").await;
    house.works_until("webhook", State::Done).await;
    let seen = server.seen();
    let [request] = seen.as_slice() else { panic!("one request: {seen:?}") };
    verify(request);
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/hook"));
    assert_eq!(request.header("x-team"), Some("ops"));
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(request.header("stocktake-delivery"), body["id"].as_str());
    assert_eq!(body["rule"], "tell");
    assert_eq!(body["provider"]["name"], "cloud1");
    assert_eq!(body["event"]["type"], "compute.instance.delete.end");
    assert_eq!(body["event"]["payload"]["state"], "deleted");
    assert!(body["objects"]["vm"].is_null(), "the inventory does not have it");
}

pub(crate) async fn busy_receivers_are_tried_again_with_the_same_message(database: TestDatabase) {
    let answers = [500, 429, 408, 503, 204];
    let next = Arc::new(AtomicUsize::new(0));
    let server =
        Server::start(move |_| Reply::new(answers[next.fetch_add(1, Ordering::Relaxed).min(4)], "text/plain", "busy"));
    let house = house(database, &server, "").await;
    let job = house.works_until("webhook", State::Done).await;
    assert_eq!(job.attempts, 5);
    let seen = server.seen();
    seen.iter().for_each(verify);
    let first = (seen[0].header("stocktake-delivery"), &seen[0].body);
    assert!(seen.iter().all(|request| (request.header("stocktake-delivery"), &request.body) == first));
}

pub(crate) async fn refusals_are_parked(database: TestDatabase) {
    let server = Server::start(|_| Reply::new(400, "text/plain", "what is this?"));
    let refused = house(database, &server, "").await;
    let job = refused.works_until("webhook", State::Parked).await;
    assert_eq!(job.attempts, 1);
    assert!(
        job.error.as_deref().is_some_and(|error| error.contains("400") && error.contains("what is this?")),
        "{:?}",
        job.error
    );
    // Nobody is led elsewhere.
    let other = Server::start(|_| Reply::json(200, "{}"));
    let to = server.url("/elsewhere").to_string();
    let redirecting = Server::start(move |_| Reply::new(307, "text/plain", "").with("Location", &to));
    let led = house(stocktake_testkit::sqlite().await, &redirecting, "").await;
    let job = led.works_until("webhook", State::Parked).await;
    assert!(job.error.as_deref().is_some_and(|error| error.contains("redirects are not followed")), "{:?}", job.error);
    assert_eq!((redirecting.seen().len(), other.seen().len()), (1, 0));
    assert_eq!(server.count("POST", "/elsewhere"), 0);
}

pub(crate) async fn a_receiver_that_does_not_answer_is_tried_again(database: TestDatabase) {
    let next = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let slow = if next.fetch_add(1, Ordering::Relaxed) == 0 { Duration::from_secs(30) } else { Duration::ZERO };
        Reply::json(200, "{}").after(slow)
    });
    let house = house(database, &server, ", timeout = '200ms'").await;
    let job = house.works_until("webhook", State::Done).await;
    assert!(job.attempts > 1, "the first one took too long");
}

pub(crate) async fn what_only_a_person_can_mend_is_parked_and_retried(database: TestDatabase) {
    let server = Server::start(|_| Reply::json(200, "{}"));
    let house = house(database, &server, "").await;
    let key = house.folder.path().join("key");
    chmod(&key, 0o644);
    let job = house.works_until("webhook", State::Parked).await;
    assert!(job.error.as_deref().is_some_and(|error| error.contains("can be read by others")), "{:?}", job.error);
    chmod(&key, 0o600);
    std::fs::write(&key, "short").unwrap();
    house.queue.retry(job.id).await.unwrap();
    let job = house.works_until("webhook", State::Parked).await;
    assert!(job.error.as_deref().is_some_and(|error| error.contains("shorter than 16 bytes")), "{:?}", job.error);
    assert!(server.seen().is_empty(), "nothing is sent unsigned");
    std::fs::write(&key, KEY).unwrap();
    house.queue.retry(job.id).await.unwrap();
    house.works_until("webhook", State::Done).await;
    verify(&server.seen()[0]);
}
