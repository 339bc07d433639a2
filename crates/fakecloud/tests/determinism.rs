//! The same seed is the same cloud, byte for byte; another seed is another one.

mod support;

use stocktake_fakecloud::{CloudSpec, FakeCloud};
use support::Session;

const START: u64 = 1_800_000_000;

/// All listings as text, with the port of this run taken out.
async fn everything(cloud: &FakeCloud) -> Vec<String> {
    let admin = Session::admin(cloud).await;
    let mut all = Vec::new();
    for (path, _) in admin.listings() {
        all.push(admin.get(&path).await.text.replace(cloud.url(), "URL"));
    }
    all
}

async fn started(spec: CloudSpec) -> FakeCloud {
    FakeCloud::builder(spec).stepping_clock(START).start().await.expect("start")
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes() {
    let (one, two) = (started(CloudSpec::demo()).await, started(CloudSpec::demo()).await);
    let first = everything(&one).await;
    assert_eq!(first, everything(&two).await);
    assert_eq!(first, everything(&one).await, "asking changes nothing");
    let other = everything(&started(CloudSpec::demo().with_seed(2)).await).await;
    for (a, b) in first.iter().zip(&other) {
        assert_ne!(a, b);
    }
}

#[tokio::test]
async fn the_same_churn_gives_the_same_bytes_and_reset_undoes_it() {
    let (one, two) = (started(CloudSpec::demo()).await, started(CloudSpec::demo()).await);
    let fresh = everything(&one).await;
    assert_eq!(one.control().churn(0.3, 5), two.control().churn(0.3, 5));
    let churned = everything(&one).await;
    assert_ne!(fresh[0], churned[0]);
    assert_eq!(churned, everything(&two).await);
    assert_ne!(churned, {
        two.control().churn(0.3, 6);
        everything(&two).await
    });
    one.control().reset();
    assert_eq!(one.control().changes(), 0);
    assert_eq!(fresh, everything(&one).await);
}

#[tokio::test]
async fn memory_is_that_of_the_changes() {
    let cloud = started(CloudSpec::scale(50_000)).await;
    assert_eq!(cloud.control().changes(), 0);
    let report = cloud.control().churn(0.01, 1);
    assert_eq!(report.total(), 550, "500 servers, 50 of them replaced");
    assert!(cloud.control().changes() <= report.total() + report.created.len());
}
