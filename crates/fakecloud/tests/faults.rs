//! Each fault does what its name says, when its rule says so, and nothing else.

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, Cut, FakeCloud, Fault, FaultRule, Malformed, Service};
use support::{Session, password_body, text};

const SERVERS: &str = "/compute/v2.1/servers/detail?all_tenants=1&limit=10";

struct Bench {
    cloud: FakeCloud,
    admin: Session,
}

impl Bench {
    async fn new() -> Self {
        let cloud = FakeCloud::start(CloudSpec::small()).await.expect("start");
        let admin = Session::admin(&cloud).await;
        Self { cloud, admin }
    }

    /// One page of servers under a fault.
    async fn under(&self, fault: Fault) -> reqwest::Result<support::Answer> {
        self.cloud.control().clear_faults();
        self.cloud.control().add_fault(FaultRule::new(fault).service(Service::Compute).path("/servers/detail"));
        self.admin.try_get(SERVERS).await
    }

    async fn page(&self, fault: Fault) -> Value {
        let answer = self.under(fault).await.expect("an answer");
        assert_eq!(answer.status, 200);
        answer.json()
    }
}

fn ids(page: &Value) -> Vec<&str> {
    page["servers"].as_array().expect("rows").iter().map(|r| text(r, "id")).collect()
}

#[tokio::test]
async fn names_are_unique_and_rules_survive_json() {
    let all = Fault::all();
    let names: BTreeSet<_> = all.iter().map(Fault::name).collect();
    assert_eq!(names.len(), all.len());
    for fault in all {
        let rule = FaultRule::new(fault).service(Service::Volume).path("/volumes").after(2).times(1);
        let text = serde_json::to_string(&rule).expect("json");
        assert_eq!(serde_json::from_str::<FaultRule>(&text).expect("rule"), rule);
    }
}

#[tokio::test]
async fn every_fault_is_felt_and_gone_once_cleared() {
    let mut bench = Bench::new().await;
    let good = bench.admin.get(SERVERS).await.text;
    for fault in Fault::all().into_iter().filter(|f| *f != Fault::Hang) {
        let started = Instant::now();
        let felt = match bench.under(fault).await {
            Err(_) => true,
            Ok(answer) => answer.status != 200 || answer.text != good || started.elapsed() >= Duration::from_millis(200),
        };
        assert!(felt, "{} does nothing", fault.name());
        bench.cloud.control().clear_faults();
        // After a revocation only a new token can tell that the fault is over.
        bench.admin = Session::admin(&bench.cloud).await;
        assert_eq!(bench.admin.get(SERVERS).await.text, good, "{} lasts", fault.name());
    }
}

#[tokio::test]
async fn statuses_and_their_headers() {
    let bench = Bench::new().await;
    for (fault, status) in [
        (Fault::Unauthorized401, 401),
        (Fault::Forbidden403, 403),
        (Fault::NotFound404, 404),
        (Fault::TooMany429 { retry_after: Some(3) }, 429),
        (Fault::TooMany429 { retry_after: None }, 429),
        (Fault::ServerError(500), 500),
        (Fault::ServerError(503), 503),
    ] {
        let answer = bench.under(fault).await.expect("an answer");
        assert_eq!(answer.status, status);
        let retry = answer.headers.contains_key("retry-after");
        assert_eq!(retry, matches!(fault, Fault::TooMany429 { retry_after: Some(_) }));
        let html = answer.header("content-type").starts_with("text/html");
        assert_eq!(html, status == 503, "a proxy speaks html, a service json");
    }
    let answer = bench.under(Fault::HtmlBody).await.expect("an answer");
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html"));
    let answer = bench.under(Fault::EmptyBody).await.expect("an answer");
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    let other = bench.admin.get("/compute/v2.1/flavors/detail").await;
    assert_eq!(other.status, 200, "only the path it was put on");
}

#[tokio::test]
async fn a_rule_counts() {
    let bench = Bench::new().await;
    let control = bench.cloud.control();
    let rule = FaultRule::new(Fault::ServerError(500)).service(Service::Compute).path("/servers").after(2).times(1);
    let number = control.add_fault(rule);
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(bench.admin.get(SERVERS).await.status);
        bench.admin.get("/network/v2.0/ports").await;
    }
    assert_eq!(statuses, [200, 200, 500, 200, 200]);
    let fault = control.faults().swap_remove(0);
    assert_eq!((fault.id, fault.seen, fault.struck), (number, 5, 1));
    assert!(control.remove_fault(number) && !control.remove_fault(number));
}

#[tokio::test]
async fn revoked_tokens_can_be_replaced() {
    let bench = Bench::new().await;
    let rule = FaultRule::new(Fault::TokensRevoked).path("/servers/detail").after(1).times(1);
    bench.cloud.control().add_fault(rule);
    assert_eq!(bench.admin.get(SERVERS).await.status, 200);
    assert_eq!(bench.admin.get(SERVERS).await.status, 401);
    assert_eq!(bench.admin.get(SERVERS).await.status, 401, "the old token stays dead");
    let again = Session::admin(&bench.cloud).await;
    assert_eq!(again.get(SERVERS).await.status, 200);
    assert_eq!(bench.cloud.control().revoke_tokens(), 1);
    assert_eq!(again.get("/network/v2.0/ports").await.status, 401);
}

#[tokio::test]
async fn pages_that_lie() {
    let bench = Bench::new().await;
    let good = bench.admin.get(SERVERS).await.json();
    let next = text(&good["servers_links"][0], "href").to_owned();

    let page = bench.page(Fault::EmptyPage { next_link: true }).await;
    assert!(ids(&page).is_empty());
    assert_eq!(text(&page["servers_links"][0], "href"), next);
    let page = bench.page(Fault::EmptyPage { next_link: false }).await;
    assert!(ids(&page).is_empty() && page["servers_links"].is_null());

    let page = bench.page(Fault::RepeatedMarker).await;
    let again = bench.admin.get(text(&page["servers_links"][0], "href")).await.json();
    assert_eq!(again, page, "the next page is this page");

    let page = bench.page(Fault::ShrunkPage).await;
    assert_eq!(ids(&page).len(), 10);
    assert_eq!(ids(&page)[..5], ids(&good)[..5]);
    assert_eq!(ids(&page)[5..], ids(&good)[..5]);

    let page = bench.page(Fault::DuplicateRecord).await;
    assert_eq!(ids(&page).len(), 11);
    assert_eq!(ids(&page)[10], ids(&good)[0]);

    // The same lies in the other dialects of paging.
    bench.cloud.control().clear_faults();
    bench.cloud.control().add_fault(FaultRule::new(Fault::RepeatedMarker));
    let page = bench.admin.get("/image/v2/images?limit=3").await.json();
    let again = bench.admin.get(&format!("/image{}", text(&page, "next"))).await.json();
    assert_eq!(page["images"], again["images"]);
    let page = bench.admin.get("/network/v2.0/ports?limit=4").await.json();
    let again = bench.admin.get(text(&page["ports_links"][0], "href")).await.json();
    assert_eq!(page["ports"], again["ports"]);
}

#[tokio::test]
async fn records_of_the_wrong_shape() {
    let bench = Bench::new().await;
    for how in Malformed::ALL {
        let page = bench.page(Fault::WrongTypes(how)).await;
        let row = &page["servers"][5];
        let wrong = match how {
            Malformed::StringForNumber => {
                row["OS-EXT-STS:power_state"].is_string()
                    || row["progress"].is_string()
                    || row["OS-EXT-SRV-ATTR:launch_index"].is_string()
            }
            Malformed::NumberForString => row["name"].is_number(),
            Malformed::MissingId => row.is_object() && row.get("id").is_none(),
            Malformed::BlankId => row["id"] == "",
            Malformed::NullId => row.get("id").is_some_and(Value::is_null),
            Malformed::NullRecord => page["servers"].as_array().is_some_and(|r| r[5].is_null()),
            Malformed::TextRecord => row.is_string(),
            Malformed::ArrayPage => page.as_array().is_some_and(|r| r.len() == 10),
            Malformed::NullList => page.get("servers").is_some_and(Value::is_null),
            Malformed::MissingList => page.is_object() && page.get("servers").is_none(),
        };
        assert!(wrong, "{how:?}: {row}");
    }
}

#[tokio::test]
async fn bodies_and_connections_that_break() {
    let bench = Bench::new().await;
    let good = bench.admin.get(SERVERS).await;
    let length = good.header("content-length").to_owned();

    let cut = bench.under(Fault::TruncatedBody(Cut::Json)).await.expect("http is in order");
    assert_eq!(cut.status, 200);
    assert!(serde_json::from_str::<Value>(&cut.text).is_err() && good.text.starts_with(&cut.text));

    bench.cloud.control().clear_faults();
    bench.cloud.control().add_fault(FaultRule::new(Fault::TruncatedBody(Cut::Connection)).path("/servers"));
    let url = format!("{}{SERVERS}", bench.admin.url);
    let request = bench.admin.http.get(url).header("X-Auth-Token", &bench.admin.token);
    let response = request.header("OpenStack-API-Version", &bench.admin.version).send().await.expect("a head");
    assert_eq!(response.headers()["content-length"], length.as_str(), "the whole length is promised");
    assert!(response.bytes().await.is_err(), "and not kept");

    let error = bench.under(Fault::ConnectionReset).await.err().expect("no answer");
    assert!(error.is_request() && format!("{error:?}").contains("reset"), "{error:?}");

    let started = Instant::now();
    bench.under(Fault::Slow(150)).await.expect("late, but good");
    assert!(started.elapsed() >= Duration::from_millis(150));

    let hanging = tokio::time::timeout(Duration::from_millis(200), bench.under(Fault::Hang)).await;
    assert!(hanging.is_err(), "it hangs");
    assert_eq!(bench.cloud.control().requests().by_status.get(&0), Some(&2), "hung requests are not answered");
}

#[tokio::test]
async fn a_hanging_request_ends_with_the_cloud() {
    let Bench { cloud, admin } = Bench::new().await;
    cloud.control().add_fault(FaultRule::new(Fault::Hang));
    let hanging = tokio::spawn(async move { admin.try_get(SERVERS).await.is_err() });
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(cloud);
    let ended = tokio::time::timeout(Duration::from_secs(2), hanging).await.expect("it ends").expect("no panic");
    assert!(ended);
}

#[tokio::test]
async fn the_log_counts_logins_and_what_was_in_flight() {
    let bench = Bench::new().await;
    let control = bench.cloud.control();
    control.reset_requests();
    control.add_fault(FaultRule::new(Fault::Slow(100)).service(Service::Network));
    let gets = (0..6).map(|_| bench.admin.get("/network/v2.0/networks"));
    futures_util::future::join_all(gets).await;
    bench.admin.post("/identity/v3/auth/tokens", &password_body("admin", "wrong", None)).await;
    let seen = control.requests();
    assert_eq!((seen.total, seen.logins, seen.in_flight, seen.in_flight_max), (7, 1, 0, 6));
    assert_eq!(seen.by_pattern["GET /network/v2.0/networks"], 6);
    assert_eq!((seen.by_status[&200], seen.by_status[&401]), (6, 1));
}
