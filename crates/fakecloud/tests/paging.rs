//! Whatever the page size, a listing shows every row exactly once and in the same order; limits and markers behave as
//! the real services' do.

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, FakeCloud, Kind};
use support::{Session, text};

fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|r| text(r, "id").to_owned()).collect()
}

#[tokio::test]
async fn every_row_exactly_once_at_every_page_size() {
    let cloud = FakeCloud::start(CloudSpec::demo()).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let mut empty = Vec::new();
    for (path, key) in admin.listings() {
        let whole = ids(&admin.rows(&format!("{path}&limit=1000"), key).await);
        let distinct: BTreeSet<_> = whole.iter().collect();
        assert_eq!(distinct.len(), whole.len(), "{path} repeats an id");
        if whole.is_empty() {
            empty.push(path.clone());
        }
        // Cinder links attachments to no next page, so paging cannot be tested there.
        for size in [1, 7, 50].into_iter().filter(|_| key != "attachments") {
            let (rows, pages) = admin.pages(&format!("{path}&limit={size}"), key).await;
            assert_eq!(ids(&rows), whole, "{path} with {size} a page");
            assert_eq!(pages, whole.len() / size + 1, "a full page has a next link, even the last: {path}");
        }
    }
    assert!(empty.is_empty(), "nothing in {empty:?}");
}

#[tokio::test]
async fn pages_are_bounded_by_the_services_own_limits() {
    let cloud = FakeCloud::builder(CloudSpec::demo()).page_max(10).start().await.expect("start");
    let admin = Session::admin(&cloud).await;
    for (path, key) in admin.listings() {
        if key == "stacks" {
            continue;
        }
        let page = admin.get(&format!("{path}&limit=100")).await.json();
        assert!(page[key].as_array().expect("rows").len() <= 10, "{path}");
    }
    let whole = admin.rows("/compute/v2.1/servers/detail?all_tenants=1", "servers").await;
    assert_eq!(whole.len(), 120, "paging goes on where the limit cut");

    let cloud = FakeCloud::start(CloudSpec { images: 60, ..CloudSpec::small() }).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let page = admin.get("/image/v2/images").await.json();
    assert_eq!(page["images"].as_array().expect("rows").len(), 25, "glance shows 25 unless told otherwise");
    assert!(text(&page, "next").starts_with("/v2/images?marker="));
}

#[tokio::test]
async fn unknown_markers_are_refused_and_deleted_ones_known_to_nova() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let nobody = "00000000-0000-0000-0000-000000000000";
    let servers = "/compute/v2.1/servers/detail?all_tenants=1";
    assert_eq!(admin.get(&format!("{servers}&marker={nobody}")).await.status, 400);
    assert_eq!(admin.get(&format!("/network/v2.0/ports?limit=2&marker={nobody}")).await.status, 404);
    assert_eq!(admin.get(&format!("/image/v2/images?marker={nobody}")).await.status, 400);
    let gone = cloud.control().id(Kind::Server, 10);
    cloud.control().delete(&gone).expect("delete");
    let rest = admin.rows(&format!("{servers}&marker={gone}"), "servers").await;
    assert_eq!(rest.len(), 10, "the youngest comes first, so what follows number 10 is 9 to 0");
}

#[tokio::test]
async fn neutron_pages_backwards_and_filters_by_any_attribute() {
    let cloud = FakeCloud::start(CloudSpec::demo()).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let first = admin.get("/network/v2.0/ports?limit=5").await.json();
    let second = admin.get(text(&first["ports_links"][0], "href")).await.json();
    let back = second["ports_links"].as_array().expect("links").iter().find(|l| l["rel"] == "previous");
    let again = admin.get(text(back.expect("previous"), "href")).await.json();
    assert_eq!(again["ports"], first["ports"]);

    let ports = admin.rows("/network/v2.0/ports?", "ports").await;
    for key in ["id", "device_id", "network_id", "device_owner", "project_id", "mac_address", "status", "binding:host_id"] {
        let value = text(&ports[3], key);
        let wanted: Vec<_> = ports.iter().filter(|p| p[key] == value).cloned().collect();
        let found = admin.rows(&format!("/network/v2.0/ports?{key}={value}"), "ports").await;
        assert_eq!(ids(&found), ids(&wanted), "{key}={value}");
    }
    let two = format!("/network/v2.0/ports?id={}&id={}", text(&ports[1], "id"), text(&ports[8], "id"));
    assert_eq!(admin.rows(&two, "ports").await.len(), 2);
    let subnet = text(&ports[3]["fixed_ips"][0], "subnet_id");
    let on_it = admin.rows(&format!("/network/v2.0/ports?fixed_ips=subnet_id={subnet}"), "ports").await;
    assert!(!on_it.is_empty() && on_it.len() < ports.len());
    assert!(admin.rows("/network/v2.0/networks?router:external=true", "networks").await.len() == 1);
}
