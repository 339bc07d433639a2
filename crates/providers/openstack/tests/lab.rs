//! Against a real cloud, described by `OS_CLOUD` or `OS_*` as for any other client. Not part of the usual run:
//!
//! ```text
//! . openrc && cargo test -p stocktake-openstack --test lab -- --ignored --nocapture
//! ```

use std::sync::Arc;

use stocktake_openstack::OpenStack;
use stocktake_openstack::api::{Api, Service};
use stocktake_openstack::config::{Environment, OpenStackConfig, find_cloud};
use stocktake_provider::{ProviderType as _, Traffic};

#[tokio::test]
#[ignore = "needs a real cloud in OS_*"]
#[expect(clippy::print_stdout, reason = "a person reads it")]
async fn a_real_cloud_passes_its_test() {
    let found = find_cloud(&Environment::of_process(), None).expect("OS_CLOUD or OS_AUTH_URL");
    let (traffic, kept) = Traffic::recorder();
    let provider = OpenStack.connect(&found.configuration, traffic).expect("settings that fit");
    let report = provider.test().await;
    for check in &report.checks {
        println!("{:20} {:8} {:5} ms  {}", check.name, format!("{:?}", check.status), check.millis, check.message);
    }
    for a in &report.access {
        let (needs, message) = (a.needs.as_deref().unwrap_or("-"), a.message.as_deref().unwrap_or("-"));
        println!("{:30} {:5} {:20} {needs}: {message}", a.collection, a.readable, a.reach.as_deref().unwrap_or("-"));
    }
    println!("{:?}", provider.usage());
    assert!(report.passed());

    let kept = kept.lock().expect("nobody panicked").clone();
    let text = serde_json::to_string(&kept).expect("text");
    for secret in found.configuration.secrets.values() {
        use secrecy::ExposeSecret as _;
        assert!(!text.contains(secret.expose_secret()), "the recording holds a secret");
    }
    assert!(!text.contains("gAAAA"), "the recording holds a token");
    let replay = OpenStack.connect(&found.configuration, Traffic::Replay(Arc::new(kept))).expect("settings that fit");
    let replayed = replay.test().await;
    assert_eq!(replayed.access.len(), report.access.len());
    assert!(replayed.passed());
}

#[tokio::test]
#[ignore = "needs a real cloud in OS_*"]
async fn a_real_listing_is_read_page_by_page() {
    let found = find_cloud(&Environment::of_process(), None).expect("OS_CLOUD or OS_AUTH_URL");
    let config = OpenStackConfig::read(&found.configuration).expect("settings that fit");
    let api = Api::new(&config, Traffic::Live).expect("a client");
    for (service, path, root, links) in [
        (Service::Compute, "/flavors/detail?limit=2", "flavors", "flavors_links"),
        (Service::Network, "/ports?limit=3", "ports", "ports_links"),
        (Service::Volume, "/volumes/detail?all_tenants=1&limit=2", "volumes", "volumes_links"),
        (Service::Image, "/images?limit=2", "images", ""),
    ] {
        let mut paging = stocktake_http::Paging::from(path);
        while let Some(path) = paging.next() {
            let answer = api.get(service, &path).await.expect("a page");
            let page: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
            let records = page[root].as_array().expect("records");
            let ids: Vec<_> = records.iter().map(|r| r["id"].as_str().expect("an id")).collect();
            let link = if links.is_empty() {
                page["next"].as_str()
            } else {
                page[links].as_array().into_iter().flatten().find(|l| l["rel"] == "next").and_then(|l| l["href"].as_str())
            };
            let next = match link {
                Some(link) => Some(api.next_path(service, link).await.expect("a path")),
                None => None,
            };
            paging.page(ids, next).expect("pages that make a listing");
        }
        assert!(paging.pages() > 1, "{root}: {} pages, {} records", paging.pages(), paging.records());
    }
    assert_eq!(api.microversion(Service::Compute).await.expect("Nova").map(|v| v.to_string()).as_deref(), Some("2.93"));
}
