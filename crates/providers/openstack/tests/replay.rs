//! A recorded run replays without a network: same pages, same coverage; and the recording gives nothing away.

use std::sync::{Arc, Mutex};

use stocktake_fakecloud::{CloudSpec, FakeCloud, PASSWORD};
use stocktake_http::redact_json;
use stocktake_model::Scope;
use stocktake_openstack::OpenStack;
use stocktake_provider::{
    BoxFuture, Collected, Configuration, Page, PageSink, Progress, ProviderType as _, Secret, Traffic,
};

#[derive(Debug, Default)]
struct Kept(Mutex<Vec<String>>);

impl PageSink for Kept {
    fn page(&self, page: Page) -> BoxFuture<'_, ()> {
        let body = String::from_utf8_lossy(&page.body).into_owned();
        let line = format!("{} {} {}: {}", page.listing, page.context, page.number, redact_json(&body));
        self.0.lock().expect("nobody panicked").push(line);
        Box::pin(std::future::ready(()))
    }

    fn progress(&self, _progress: Progress) {}
}

async fn run(configuration: &Configuration, traffic: Traffic) -> (Vec<String>, Collected) {
    let provider = OpenStack.connect(configuration, traffic).expect("settings that fit");
    let kept = Kept::default();
    let collected = provider.collect(&Scope::Full, &kept).await.expect("a cloud that lets us in");
    let mut pages = kept.0.into_inner().expect("nobody panicked");
    // Listings run at once; their pages come in no particular order.
    pages.sort();
    (pages, collected)
}

#[tokio::test]
async fn a_full_run_replays_the_same() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
    let mut configuration = Configuration::default();
    for (name, value) in
        [("auth_url", cloud.auth_url().as_str()), ("username", "admin"), ("project_name", "admin"), ("page_size", "7")]
    {
        configuration.settings.insert(name.to_owned(), value.to_owned());
    }
    configuration.secrets.insert("password".to_owned(), Secret::from(PASSWORD));

    let (traffic, exchanges) = Traffic::recorder();
    let (pages, live) = run(&configuration, traffic).await;
    assert!(pages.len() > 30, "{} pages", pages.len());
    drop(cloud);

    let exchanges = exchanges.lock().unwrap().clone();
    let text = serde_json::to_string(&exchanges).unwrap();
    assert!(!text.contains(PASSWORD), "a password is in the recording");
    let (replayed, again) = run(&configuration, Traffic::Replay(Arc::new(exchanges))).await;
    assert_eq!(replayed, pages);
    let told = |c: &Collected| {
        let mut lines: Vec<_> =
            c.listings.iter().map(|l| format!("{} {} {}", l.listing, l.listed.name(), l.records)).collect();
        lines.sort();
        lines
    };
    assert_eq!(told(&again), told(&live));
    assert_eq!(again.usage.retries, 0);
}
