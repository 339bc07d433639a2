//! Every way the simulated cloud misbehaves, as the API layer meets it: once, which must be got over, and for ever, which
//! must end as an error that says what it was.

use std::time::Duration;

use stocktake_fakecloud::{CloudSpec, Cut, FakeCloud, Fault, FaultRule, PASSWORD};
use stocktake_http::RetryPolicy;
use stocktake_openstack::api::{Api, Service};
use stocktake_openstack::config::OpenStackConfig;
use stocktake_provider::{Configuration, ErrorKind, Secret, Traffic};

async fn cloud() -> (FakeCloud, Api) {
    let cloud = FakeCloud::start(CloudSpec::small()).await.expect("a port");
    let mut c = Configuration::default();
    for (name, value) in [("auth_url", cloud.auth_url().as_str()), ("username", "admin"), ("project_name", "admin")] {
        c.settings.insert(name.to_owned(), value.to_owned());
    }
    c.secrets.insert("password".to_owned(), Secret::from(PASSWORD));
    let config = OpenStackConfig::read(&c).expect("settings made for the test");
    let retry = RetryPolicy {
        attempts: 4,
        first: Duration::from_millis(1),
        longest: Duration::from_millis(5),
        total: Duration::from_secs(30),
    };
    let config = OpenStackConfig { retry, timeout: Duration::from_millis(500), ..config };
    let api = Api::new(&config, Traffic::Live).expect("a client");
    api.get(Service::Compute, "/servers").await.expect("a cloud in good health");
    (cloud, api)
}

/// What passes when it happens once, and what it is called when it stays.
const PASSING: [(Fault, ErrorKind); 14] = [
    (Fault::Unauthorized401, ErrorKind::Unauthorized),
    (Fault::TokensRevoked, ErrorKind::Unauthorized),
    (Fault::TooMany429 { retry_after: Some(1) }, ErrorKind::Throttled),
    (Fault::TooMany429 { retry_after: None }, ErrorKind::Throttled),
    (Fault::ServerError(500), ErrorKind::Server),
    (Fault::ServerError(502), ErrorKind::Server),
    (Fault::ServerError(503), ErrorKind::Server),
    (Fault::ServerError(504), ErrorKind::Server),
    (Fault::Slow(2_000), ErrorKind::Timeout),
    (Fault::Hang, ErrorKind::Timeout),
    (Fault::TruncatedBody(Cut::Connection), ErrorKind::BadAnswer),
    (Fault::TruncatedBody(Cut::Json), ErrorKind::BadAnswer),
    (Fault::EmptyBody, ErrorKind::BadAnswer),
    (Fault::ConnectionReset, ErrorKind::Connect),
];

const LASTING: [(Fault, ErrorKind); 3] = [
    (Fault::Forbidden403, ErrorKind::Forbidden),
    (Fault::NotFound404, ErrorKind::NotFound),
    (Fault::HtmlBody, ErrorKind::BadAnswer),
];

#[tokio::test]
async fn what_happens_once_is_got_over() {
    let (cloud, api) = cloud().await;
    for (fault, _) in PASSING {
        let rule = cloud.control().add_fault(FaultRule::new(fault).path("/servers").times(1));
        let answer = api.get(Service::Compute, "/servers").await;
        assert!(answer.is_ok(), "{}: {}", fault.name(), answer.unwrap_err());
        cloud.control().remove_fault(rule);
    }
}

#[tokio::test]
async fn what_stays_is_an_error_of_the_right_kind() {
    for (fault, kind) in PASSING.into_iter().chain(LASTING) {
        let (cloud, api) = cloud().await;
        cloud.control().add_fault(FaultRule::new(fault).path("/servers"));
        let error = api.get(Service::Compute, "/servers").await.expect_err(&fault.name());
        assert_eq!(error.kind, kind, "{}: {error}", fault.name());
        assert!(error.to_string().starts_with("GET compute /servers: "), "{}: {error}", fault.name());
        cloud.control().clear_faults();
        // A refused token is not replaced again and again; for a while the refusal stands.
        if kind != ErrorKind::Unauthorized {
            api.get(Service::Compute, "/servers").await.expect("the cloud is well again");
        }
    }
}
