//! Whatever is wrong, the check that names it fails, and those after it are skipped.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, PASSWORD, Service};
use stocktake_http::RetryPolicy;
use stocktake_http::testing::{Reply, Server};
use stocktake_provider::{Access, CheckStatus, Configuration, Secret, TestReport, Traffic};

use crate::api::Api;
use crate::collect::Projects;
use crate::config::OpenStackConfig;

fn configuration(auth_url: &str, more: &[(&str, &str)]) -> Configuration {
    let mut c = Configuration::default();
    for (name, value) in [("auth_url", auth_url), ("username", "admin"), ("project_name", "admin")].iter().chain(more) {
        c.settings.insert((*name).to_owned(), (*value).to_owned());
    }
    c.secrets.insert("password".to_owned(), Secret::from(PASSWORD));
    c
}

async fn test(configuration: &Configuration) -> TestReport {
    let config = OpenStackConfig::read(configuration).expect("settings made for the test");
    let retry = RetryPolicy { first: Duration::from_millis(1), ..RetryPolicy::default() };
    let api = Api::new(&OpenStackConfig { retry, ..config }, Traffic::Live).expect("a client");
    super::test(&api, Projects::Auto).await
}

/// Name, status and message of each check.
fn lines(report: &TestReport) -> Vec<String> {
    report.checks.iter().map(|c| format!("{} {:?}: {}", c.name, c.status, c.message)).collect()
}

/// Asserts that this check is the first to fail, and that nothing after it was tried.
fn fails(report: &TestReport, name: &str, words: &str) {
    let lines = lines(report).join("\n");
    assert!(!report.passed(), "{lines}");
    let at = report.checks.iter().position(|c| c.status == CheckStatus::Failed).unwrap();
    assert_eq!(report.checks[at].name, name, "{lines}");
    assert!(report.checks[at].message.contains(words), "{lines}");
    assert!(report.checks[at + 1..].iter().all(|c| c.status == CheckStatus::Skipped), "{lines}");
    assert!(report.checks.last().is_some_and(|c| c.name == "services" || at + 1 == report.checks.len()), "{lines}");
}

#[tokio::test]
async fn a_good_cloud_passes_from_the_name_to_the_last_service() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let report = test(&configuration(&cloud.auth_url(), &[])).await;
    assert!(report.passed(), "{:#?}", lines(&report));
    let names: Vec<_> = report.checks.iter().map(|c| c.name.as_str()).collect();
    let expected = [
        "name resolution",
        "connection",
        "tls",
        "keystone",
        "scope",
        "service identity",
        "service compute",
        "service network",
        "service image",
        "service volume",
        "service orchestration",
    ];
    assert_eq!(names, expected);
    let text = lines(&report).join("\n");
    for words in ["signed in as admin", "project admin, roles", "asked at 2.93 at http", "asked at 3.70"] {
        assert!(text.contains(words), "'{words}' is not in\n{text}");
    }
}

fn access<'a>(report: &'a TestReport, collection: &str) -> &'a Access {
    report.access.iter().find(|a| a.collection == collection).expect("every collection is told of")
}

#[tokio::test]
async fn an_admin_reads_everything() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let report = test(&configuration(&cloud.auth_url(), &[])).await;
    let unreadable: Vec<_> = report.access.iter().filter(|a| !a.readable).collect();
    assert!(unreadable.is_empty(), "{unreadable:#?}");
    assert_eq!(access(&report, "vms").reach.as_deref(), Some("all projects"));
    assert!(report.access.len() > 25, "{:#?}", report.access);
}

#[tokio::test]
async fn a_member_is_told_what_it_lacks() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let mut configuration = configuration(&cloud.auth_url(), &[]);
    configuration.settings.insert("username".to_owned(), "tenant-01-user".to_owned());
    configuration.settings.insert("project_name".to_owned(), "tenant-01".to_owned());
    let report = test(&configuration).await;
    assert!(report.passed(), "{:#?}", lines(&report));
    let hosts = access(&report, "hosts");
    assert!(!hosts.readable && hosts.needs.as_ref().is_some_and(|n| n.contains("admin")), "{hosts:?}");
    let vms = access(&report, "vms");
    assert!(vms.readable, "{vms:?}");
    assert_eq!(vms.reach.as_deref(), Some("own project only"));
    assert!(vms.message.as_ref().is_some_and(|m| m.contains("projects=own")), "{vms:?}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    fails(&test(&configuration("http://nowhere.invalid:5000", &[])).await, "name resolution", "'nowhere.invalid'");
}

#[tokio::test]
async fn a_closed_port() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let report = test(&configuration(&format!("http://127.0.0.1:{port}"), &[])).await;
    fails(&report, "connection", &format!("127.0.0.1:{port}: Connection refused"));
}

#[tokio::test]
async fn a_certificate_nobody_knows() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = certified.signing_key.serialize_der();
    let config = stocktake_http::testing::tls(vec![certified.cert.der().to_vec()], key);
    let server = Server::start_tls(config, |_| Reply::json(200, "{}"));
    fails(&test(&configuration(server.url("/").as_str(), &[])).await, "tls", "cacert");
}

#[tokio::test]
async fn another_service_than_keystone() {
    let server = Server::start(|_| Reply::new(200, "text/html", "<html>Welcome"));
    let report = test(&configuration(server.url("/").as_str(), &[])).await;
    fails(&report, "keystone", "text/html instead of JSON");
}

#[tokio::test]
async fn a_wrong_password() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let mut configuration = configuration(&cloud.auth_url(), &[]);
    configuration.secrets.insert("password".to_owned(), Secret::from("wrong"));
    fails(&test(&configuration).await, "keystone", "check user, password");
}

/// A worker tests with the connection it collects with.
#[tokio::test]
async fn credentials_that_are_refused_since() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let config = OpenStackConfig::read(&configuration(&cloud.auth_url(), &[])).expect("settings made for the test");
    let api = Api::new(&config, Traffic::Live).expect("a client");
    assert!(super::test(&api, Projects::Auto).await.passed());
    let refused = FaultRule::new(Fault::Unauthorized401).service(Service::Identity).path("/auth/tokens");
    cloud.control().add_fault(refused);
    fails(&super::test(&api, Projects::Auto).await, "keystone", "refused");
}

#[tokio::test]
async fn a_sign_in_to_nothing() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let mut configuration = configuration(&cloud.auth_url(), &[]);
    configuration.settings.remove("project_name");
    fails(&test(&configuration).await, "scope", "set a project, a domain or system_scope");
}

#[tokio::test]
async fn another_service_of_the_same_cloud() {
    let nova = Server::start(|_| Reply::json(401, r#"{"error": {"message": "Requires authentication"}}"#));
    fails(&test(&configuration(nova.url("/v2.1").as_str(), &[])).await, "keystone", "check that auth_url is Keystone's");
}

#[tokio::test]
async fn a_region_that_is_not_there() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let report = test(&configuration(&cloud.auth_url(), &[("region", "Nowhere")])).await;
    let scope = report.checks.iter().find(|c| c.name == "scope").unwrap();
    assert_eq!(scope.status, CheckStatus::Failed);
    assert!(scope.message.contains("set region to one of RegionOne"), "{}", scope.message);
}

#[tokio::test]
async fn a_service_that_is_down() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let volume = format!("http://127.0.0.1:{down}/v3");
    let report = test(&configuration(&cloud.auth_url(), &[("volume_endpoint", &volume)])).await;
    let failed: Vec<_> = report.checks.iter().filter(|c| c.status == CheckStatus::Failed).collect();
    assert_eq!(failed.len(), 1, "{:#?}", lines(&report));
    assert_eq!(failed[0].name, "service volume");
    assert!(failed[0].message.contains("refuses the connection"), "{}", failed[0].message);
}

#[tokio::test]
async fn a_recording_is_tested_without_network() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let config = OpenStackConfig::read(&configuration(&cloud.auth_url(), &[])).unwrap();
    let (traffic, kept) = Traffic::recorder();
    let live = super::test(&Api::new(&config, traffic).unwrap(), Projects::Auto).await;
    drop(cloud);
    let kept = Arc::new(kept.lock().unwrap().clone());
    let replayed = super::test(&Api::new(&config, Traffic::Replay(kept)).unwrap(), Projects::Auto).await;
    assert_eq!(lines(&live)[3..], lines(&replayed)[3..]);
    assert!(replayed.checks[..3].iter().all(|c| c.status == CheckStatus::Skipped));
}
