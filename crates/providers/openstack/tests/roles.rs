//! A role is taken away from a provider that stays connected: what it no longer sees is unknown, not gone.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};

use stocktake_fakecloud::{CloudSpec, Control, FakeCloud, Kind};
use stocktake_model::{Listed, Scope};
use stocktake_provider::{BoxFuture, Page, PageSink, Progress};
use support::{admin, full, targeted};

async fn small() -> FakeCloud {
    FakeCloud::start(CloudSpec::small()).await.expect("a cloud")
}

#[tokio::test]
async fn a_role_lost_between_two_runs_makes_nothing_vanish() {
    let cloud = small().await;
    let provider = admin(&cloud, &[]);
    let before = full(&provider).await;
    assert!(before.is_complete("network_ports"));

    cloud.control().demote_admin();
    let after = full(&provider).await;
    let unseen: Vec<_> = before.keys("network_ports").difference(&after.keys("network_ports")).cloned().collect();
    assert!(!unseen.is_empty(), "the network service leaves out what is others', without a word");
    for collection in ["vms", "cloud_volumes", "cloud_networks", "network_ports", "floating_ips", "images"] {
        assert!(!after.is_complete(collection), "{collection}: {:?}", after.listed(collection));
    }
    for (collection, kind) in [("vms", Kind::Server), ("cloud_volumes", Kind::VolumeFree)] {
        let ids = cloud.control().ids(kind);
        let targets: Vec<_> = ids.iter().take(5).map(|id| (collection, id.as_str())).collect();
        assert!(targeted(&provider, &targets).await.gone().is_empty(), "{collection}");
    }
}

/// Takes the role away, and the tokens with it, as the first page comes.
struct Demotes {
    control: Control,
    done: AtomicBool,
}

impl PageSink for Demotes {
    fn page(&self, _: Page) -> BoxFuture<'_, ()> {
        if !self.done.swap(true, Ordering::SeqCst) {
            self.control.demote_admin();
            self.control.revoke_tokens();
        }
        Box::pin(std::future::ready(()))
    }

    fn progress(&self, _: Progress) {}
}

#[tokio::test]
async fn a_role_lost_within_a_run_leaves_nothing_of_it_complete() {
    let cloud = small().await;
    let provider = admin(&cloud, &[("page_size", "5")]);
    let sink = Demotes { control: cloud.control(), done: AtomicBool::new(false) };
    let collected = provider.collect(&Scope::Full, &sink).await.expect("a run");
    for (_, listed) in collected.coverage.iter() {
        assert!(!listed.is_complete());
    }
    let doubted = |l: &Listed| l.errors().iter().any(|error| error.contains("lost a role"));
    assert!(collected.listings.iter().any(|l| doubted(&l.listed)), "{:?}", collected.listings);
}

#[tokio::test]
async fn a_run_signs_in_once() {
    let cloud = small().await;
    let provider = admin(&cloud, &[]);
    let vm = cloud.control().id(Kind::Server, 0);
    for logins in 1..=2 {
        targeted(&provider, &[("vms", &vm)]).await;
        assert_eq!(cloud.control().requests().logins, logins);
    }
}
