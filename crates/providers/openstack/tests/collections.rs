//! Whole collections of a simulated cloud: which listings are made, that no record comes twice, and what is not believed.

mod support;

use std::collections::BTreeSet;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, Kind, Service};
use stocktake_model::{Scope, Target};
use stocktake_openstack::OpenStack;
use stocktake_provider::ProviderType as _;
use support::{Run, admin, configuration, connect, full, run};

async fn small() -> FakeCloud {
    FakeCloud::start(CloudSpec::small()).await.expect("a cloud")
}

async fn collected(cloud: &FakeCloud, targets: &[Target]) -> Run {
    run(&admin(cloud, &[]), &Scope::Targets(targets.to_vec())).await
}

fn whole(run: &Run) -> Vec<&'static str> {
    run.collected.coverage.whole.iter().map(|ix| run.rows.menu().get(*ix).name).collect()
}

fn listings(run: &Run) -> BTreeSet<&str> {
    run.collected.listings.iter().map(|l| l.listing.as_ref()).collect()
}

/// The identities that came twice.
fn twice(run: &Run) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let keys = run.rows.iter().flat_map(|(ix, of)| of.iter().map(move |row| (ix, row.key().to_owned())).collect::<Vec<_>>());
    keys.filter(|key| !seen.insert(key.clone())).map(|(ix, key)| format!("{} {key}", run.rows.menu().get(ix).name)).collect()
}

#[tokio::test]
async fn each_collection_is_as_in_a_full_run() {
    let cloud = small().await;
    let all = full(&admin(&cloud, &[])).await;
    for collection in OpenStack.listable() {
        let run = collected(&cloud, &[Target::whole(collection)]).await;
        assert_eq!(whole(&run), [collection]);
        assert_eq!(run.keys(collection), all.keys(collection), "{collection}");
        // Of other users' key pairs nothing is known.
        assert_eq!(run.is_complete(collection), collection != "key_pairs", "{collection}");
        assert_eq!((twice(&run), run.rows.issues.len()), (vec![], 0), "{collection}");
        let digests = all.digests();
        assert!(run.digests().iter().all(|(key, digest)| digests.get(key) == Some(digest)), "{collection}");
        assert!(run.collected.coverage.read.is_empty() && run.collected.coverage.gone.is_empty());
    }
}

#[tokio::test]
async fn no_other_listing_is_made() {
    let cloud = small().await;
    let provider = admin(&cloud, &[]);
    provider.test().await;
    cloud.control().reset_requests();
    let run = run(&provider, &Scope::Targets(vec![Target::whole("cloud_networks")])).await;
    assert_eq!(listings(&run), BTreeSet::from(["networks", "subnets"]));
    let asked = cloud.control().requests().by_pattern;
    let about = |pattern: &&String| pattern.contains("networks") || pattern.contains("subnets");
    assert!(asked.keys().filter(|p| p.contains("/network/")).all(|p| about(&p)), "{asked:?}");
    assert!(!asked.keys().any(|p| p.contains("/servers")), "{asked:?}");
    let vms = collected(&cloud, &[Target::whole("vms"), Target::whole("images")]).await;
    assert_eq!(listings(&vms), BTreeSet::from(["servers", "volumes", "images", "hidden_images"]));
}

#[tokio::test]
async fn a_record_comes_once_whatever_leads_to_it() {
    let cloud = small().await;
    let control = cloud.control();
    let (server, network) = (control.id(Kind::Server, 0), control.id(Kind::Network, 0));
    let (gone, image) = (control.id(Kind::Server, 1), control.id(Kind::Image, 0));
    control.delete(&gone).expect("it was there");
    let one = |collection: &str, id: &str| Target::one(collection, id);
    let targets = [
        Target::whole("network_ports"),
        Target::whole("cloud_volumes"),
        Target::whole("cloud_subnets"),
        Target::whole("images"),
        one("vms", &server),
        one("vms", &gone),
        one("cloud_networks", &network),
        one("images", &image),
        Target::whole("images"),
    ];
    let run = collected(&cloud, &targets).await;
    assert_eq!(twice(&run), Vec::<String>::new());
    assert_eq!(run.keys("vms"), BTreeSet::from([server.clone()]));
    assert_eq!(run.gone(), BTreeSet::from([("vms", gone)]));
    assert!(run.read().is_superset(&BTreeSet::from([("vms", server), ("cloud_networks", network)])));
    for collection in ["network_ports", "cloud_volumes", "cloud_subnets", "images"] {
        assert!(run.is_complete(collection), "{collection}: {:?}", run.listed(collection));
    }
}

#[tokio::test]
async fn what_comes_with_others_is_not_said_to_be_listed() {
    let cloud = small().await;
    let run = collected(&cloud, &["labels", "disks", "nonsense", "flavors"].map(Target::whole)).await;
    assert_eq!((whole(&run), listings(&run)), (vec!["flavors"], BTreeSet::from(["flavors"])));
}

#[tokio::test]
async fn no_volumes_are_not_believed_without_the_servers() {
    let cloud = small().await;
    let control = cloud.control();
    let empty = || control.add_fault(FaultRule::new(Fault::EmptyPage { next_link: false }).path("/volumes/detail"));
    let rule = empty();
    for targets in [vec!["cloud_volumes"], vec!["vms"], vec!["vms", "cloud_volumes"]] {
        let targets: Vec<_> = targets.into_iter().map(Target::whole).collect();
        let run = collected(&cloud, &targets).await;
        assert!(!run.listing("volumes").is_complete(), "{targets:?}");
        assert!(!run.is_complete("disks") && !run.is_complete("cloud_volumes"), "{targets:?}");
    }
    // A server's own volumes, asked for by their ids, do not make up for the list.
    let server = control.id(Kind::Server, 0);
    let run = collected(&cloud, &[Target::whole("cloud_volumes"), Target::one("vms", server)]).await;
    assert!(!run.is_complete("cloud_volumes"), "{:?}", run.listing("volumes"));
    control.remove_fault(rule);
    assert!(collected(&cloud, &[Target::whole("cloud_volumes")]).await.is_complete("cloud_volumes"));
}

#[tokio::test]
async fn what_a_service_refuses_is_not_complete() {
    let cloud = small().await;
    cloud.control().add_fault(FaultRule::new(Fault::Forbidden403).service(Service::Volume));
    let run = collected(&cloud, &[Target::whole("vms")]).await;
    assert!(run.is_complete("vms") && run.is_complete("hardwares") && !run.is_complete("disks"));
    cloud.control().clear_faults();
    let member = connect(&configuration(&cloud, "tenant-01-user", "tenant-01", &[]));
    let run = support::run(&member, &Scope::Targets(["network_ports", "hosts"].map(Target::whole).to_vec())).await;
    assert!(!run.is_complete("network_ports") && !run.is_complete("hosts"), "a member sees its own");
}
