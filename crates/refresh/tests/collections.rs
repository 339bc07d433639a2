//! Whole collections of a simulated cloud, on both databases: what is named is as a full run would leave it, what is not
//! is as it was, and the run's record says what was asked for and why.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::future::pending;

use stocktake_fakecloud::Kind;
use stocktake_model::{Scope, Target};
use stocktake_openstack::OpenStack;
use stocktake_provider::ProviderType as _;
use stocktake_refresh::{Outcome, Quiet, Refresh, Request, execute};
use stocktake_saver::GuardPolicy;
use stocktake_store::registry;
use stocktake_testkit::{TestDatabase, postgres, sqlite};
use support::{Inventory, World};

fn whole(collections: &[&str]) -> Scope {
    Scope::Targets(collections.iter().copied().map(Target::whole).collect())
}

/// Collections in which anything differs.
fn differing(before: &Inventory, after: &Inventory) -> BTreeSet<String> {
    let keys = before.keys().chain(after.keys());
    keys.filter(|key| before.get(*key) != after.get(*key)).map(|(collection, _)| collection.clone()).collect()
}

/// Names of collections whose freshness is of this run.
async fn fresh(world: &World, run: registry::RunId) -> Vec<String> {
    let all = registry::latest_per_collection(&world.store).await.unwrap();
    all.into_iter().filter(|f| f.run == run.to_string() && f.listed.is_complete()).map(|f| f.collection).collect()
}

async fn only_what_is_named_is_touched(database: TestDatabase) {
    let world = World::small(database).await;
    assert_eq!(world.full().await.report.outcome, Outcome::Ok);
    let before = world.inventory().await;
    let control = world.cloud.control();
    let (gone, kept) = (control.id(Kind::Server, 4), control.id(Kind::Server, 3));
    control.delete(&gone).unwrap();
    control.rename(&kept, "another").unwrap();
    control.delete(&control.id(Kind::Image, 2)).unwrap();
    control.delete(&control.id(Kind::FloatingFree, 0)).unwrap();
    let finished = world.refresh(whole(&["vms"])).await;
    assert_eq!(finished.report.outcome, Outcome::Ok, "{:?}", finished.report.notes);
    let after = world.inventory().await;
    // What VMs own, and volumes, which came because they are disks: those may change, none may go.
    let came = ["vms", "hardwares", "disks", "nics", "operating_systems", "labels", "cloud_volumes", "volume_attachments"];
    for collection in differing(&before, &after) {
        assert!(came.contains(&collection.as_str()), "{collection} was not asked for");
    }
    for (key, row) in before.iter().filter(|((of, _), _)| of.contains("volume")) {
        assert_eq!(after[key].2, row.2, "{key:?} was not asked for");
    }
    assert!(after[&("vms".to_owned(), gone)].2, "it is archived");
    let vms = finished.report.collections.iter().find(|c| c.collection == "vms").unwrap();
    assert_eq!((vms.counts.archived, vms.counts.updated), (1, 1));
    let listings: Vec<_> = finished.report.listings.iter().map(|l| l.listing.as_ref()).collect();
    assert_eq!(listings, ["servers", "volumes"]);
    assert_eq!(fresh(&world, finished.run).await, ["vms"]);
    let record = registry::find_run(&world.store, &finished.run.to_string()).await.unwrap();
    assert_eq!((record.mode.as_str(), record.targets.as_slice()), ("collections", &[Target::whole("vms")][..]));
    let again = world.refresh(whole(&["vms"])).await;
    assert_eq!(again.report.counts().written(), 0);
    // What nobody asked for is found by the next run that does.
    let full = world.full().await;
    let found: BTreeSet<_> =
        full.report.collections.iter().filter(|c| c.counts.written() > 0).map(|c| c.collection.as_str()).collect();
    assert!(found.contains("images") && found.contains("floating_ips") && !found.contains("vms"), "{found:?}");
}

#[tokio::test]
async fn only_what_is_named_is_touched_sqlite() {
    only_what_is_named_is_touched(sqlite().await).await;
}

#[tokio::test]
async fn only_what_is_named_is_touched_postgres() {
    only_what_is_named_is_touched(postgres().await).await;
}

/// Collection after collection comes to the same as everything at once.
async fn part_by_part_is_everything(database: TestDatabase, days: u64) {
    let world = World::small(database).await;
    world.full().await;
    let control = world.cloud.control();
    for seed in 0..days {
        control.churn(0.4, seed);
        control.delete(&control.ids(Kind::VolumeFree)[0]).unwrap();
        control.delete(&control.ids(Kind::SecurityGroup)[1]).unwrap();
        for collection in OpenStack.listable() {
            let before = world.inventory().await;
            let finished = world.refresh_with(whole(&[collection]), GuardPolicy::OFF).await;
            assert_eq!(finished.report.outcome, Outcome::Ok, "{collection}: {:?}", finished.report.notes);
            assert_eq!(finished.report.issues, [], "{collection}");
            let (after, named) = (world.inventory().await, (*collection).to_owned());
            for (key, row) in before.iter().filter(|((of, _), row)| *of != named && !row.2) {
                let is_owned = OpenStack.menu().get(OpenStack.menu().expect_ix(&key.0)).owner.iter().next().is_some();
                assert!(is_owned || after.get(key).is_some_and(|now| !now.2), "{collection} took {key:?} {row:?} away");
            }
            let again = world.refresh_with(whole(&[collection]), GuardPolicy::OFF).await;
            assert_eq!(again.report.counts().written(), 0, "{collection} twice");
        }
        let before = world.inventory().await;
        let full = world.full().await;
        let changed: Vec<_> = full.report.collections.iter().filter(|c| c.counts.written() > 0).collect();
        assert!(changed.is_empty(), "{changed:?}");
        assert_eq!(before, world.inventory().await);
    }
}

#[tokio::test]
async fn part_by_part_is_everything_sqlite() {
    part_by_part_is_everything(sqlite().await, 2).await;
}

#[tokio::test]
async fn part_by_part_is_everything_postgres() {
    part_by_part_is_everything(postgres().await, 1).await;
}

#[tokio::test]
async fn a_choice_is_kept_with_the_run_and_is_no_flaw() {
    let world = World::small(sqlite().await).await;
    world.full().await;
    let refresh = Refresh {
        provider_id: world.provider_id,
        provider: world.provider(&[]),
        scope: whole(&["images"]),
        guard: GuardPolicy::default(),
        strict: false,
        seed: world.seed,
    };
    let choice = ["40 targets of images cost 40 calls, listing 1 call: all images".to_owned()];
    let request = Request { choice: &choice, ..Request::new("test", "test") };
    let finished = execute(&world.store, &refresh, &request, &Quiet, pending()).await.unwrap();
    assert_eq!(finished.report.outcome, Outcome::Ok);
    let record = registry::find_run(&world.store, &finished.run.to_string()).await.unwrap();
    assert_eq!(record.notes.first(), choice.first());
    assert_eq!(record.state.name(), "ok");
}

#[tokio::test]
async fn what_has_no_listing_is_told_and_kept() {
    let world = World::small(sqlite().await).await;
    world.full().await;
    let before = world.inventory().await;
    let finished = world.refresh(whole(&["labels", "vms"])).await;
    assert_eq!(finished.report.outcome, Outcome::Partial);
    assert_eq!(finished.report.unknown_targets, [Target::whole("labels")]);
    assert!(finished.report.notes.iter().any(|note| note.contains("labels (all) could not be read")));
    assert_eq!(before, world.inventory().await);
    assert_eq!(fresh(&world, finished.run).await, ["vms"]);
}

#[tokio::test]
async fn single_objects_beside_a_collection_come_once() {
    let world = World::small(sqlite().await).await;
    world.full().await;
    let control = world.cloud.control();
    let (gone, read) = (control.id(Kind::Server, 5), control.id(Kind::Server, 6));
    control.delete(&gone).unwrap();
    control.rename(&read, "another").unwrap();
    let one = |collection: &str, id: &str| Target::one(collection, id);
    // A VM is read with its ports and volumes, a network with its subnets: all of these are listed here.
    let network = control.id(Kind::Network, 0);
    let targets = vec![
        Target::whole("network_ports"),
        Target::whole("cloud_volumes"),
        Target::whole("cloud_subnets"),
        one("vms", &gone),
        one("vms", &read),
        one("cloud_networks", &network),
    ];
    let finished = world.refresh(Scope::Targets(targets)).await;
    assert_eq!(finished.report.issues, []);
    assert_eq!(finished.report.outcome, Outcome::Ok, "{:?}", finished.report.notes);
    // Server groups and stacks that name the VM were not asked for; of what was, a full run finds nothing to do.
    let full = world.full().await;
    let written = full.report.collections.iter().filter(|c| c.counts.written() > 0).map(|c| c.collection.as_str());
    let asked = ["vms", "network_ports", "cloud_volumes", "cloud_subnets", "cloud_networks", "disks", "nics", "labels"];
    assert_eq!(written.filter(|collection| asked.contains(collection)).collect::<Vec<_>>(), Vec::<&str>::new());
}
