//! Every way the simulated cloud misbehaves, in full and in targeted runs: nothing is ever deleted or archived that is
//! still there, a failed run leaves the old inventory whole, and when the fault is over the inventory is right again.
#![allow(clippy::unwrap_used)]

mod support;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, Kind, Service};
use stocktake_model::{Scope, Target};
use stocktake_refresh::Outcome;
use stocktake_testkit::{TestDatabase, postgres, sqlite};
use support::{Inventory, World};

/// Large enough that what one broken page hides is more than the delete guard lets pass, with several pages a listing.
fn spec() -> CloudSpec {
    CloudSpec { servers: 80, ..CloudSpec::small() }
}

/// No patience, so that a fault that stays is soon told.
const IMPATIENT: [(&str, &str); 3] = [("timeout", "0.3"), ("attempts", "2"), ("longest_wait", "0.1")];

async fn world(database: TestDatabase) -> World {
    let cloud = FakeCloud::start(spec()).await.unwrap();
    World::new(database, cloud, &[("page_size", "15")]).await
}

/// Rows of `before` that are gone or archived in `after`.
fn lost(before: &Inventory, after: &Inventory) -> Vec<String> {
    let there = |(key, row): &(&(String, String), &(i64, i64, bool))| {
        row.2 || after.get(*key).is_some_and(|now| now.0 == row.0 && !now.2)
    };
    before.iter().filter(|row| !there(row)).map(|((c, r), _)| format!("{c}/{r}")).collect()
}

async fn check(world: &World, before: &Inventory, rule: FaultRule, scope: Scope) {
    let what = format!("{} at {:?} after {} in a {} run", rule.fault.name(), rule.service, rule.after, scope.name());
    world.cloud.control().add_fault(rule);
    let finished = world.refresh_as(&IMPATIENT, scope).await;
    world.cloud.control().clear_faults();
    let after = world.inventory().await;
    assert_eq!(lost(before, &after), Vec::<String>::new(), "{what}: {:?}", finished.report.notes);
    if finished.report.counts().held > 0 {
        // Two bad answers of one kind in a row would be the second run that agrees: a good one lies between them.
        assert_eq!(world.full().await.report.outcome, Outcome::Ok, "{what}");
    }
    if finished.report.outcome == Outcome::Failed {
        assert_eq!(before, &after, "{what}: failed, and yet something was written");
    }
}

async fn matrix(database: TestDatabase, services: &[Service]) {
    let world = world(database).await;
    let first = world.full().await;
    assert_eq!(first.report.outcome, Outcome::Ok, "{:?} {:?}", first.error.map(|e| e.to_string()), first.report.notes);
    let before = world.inventory().await;
    let control = world.cloud.control();
    let targets: Vec<(&str, String)> = vec![
        ("vms", control.id(Kind::Server, 3)),
        ("cloud_volumes", control.ids(Kind::VolumeData)[0].clone()),
        ("cloud_networks", control.id(Kind::Network, 1)),
        ("network_ports", control.ids(Kind::PortServer)[2].clone()),
        ("images", control.id(Kind::Image, 1)),
    ];
    let targets = targets.iter().map(|(c, id)| format!("{c}={id}").parse().unwrap()).collect::<Vec<_>>();
    for fault in Fault::all() {
        for &service in services {
            for after in [0, 2] {
                let rule = FaultRule::new(fault).service(service).after(after);
                check(&world, &before, rule, Scope::Full).await;
            }
            let rule = FaultRule::new(fault).service(service);
            check(&world, &before, rule, Scope::Targets(targets.clone())).await;
        }
        // Well again: what a fault smuggled in (a null, a first duplicate) is put right, under the same ids.
        let well = world.full().await;
        assert_eq!(well.report.outcome, Outcome::Ok, "after {}: {:?}", fault.name(), well.report.notes);
        assert_eq!(before, world.inventory().await, "after {}", fault.name());
    }
}

#[tokio::test]
async fn no_fault_takes_anything_away_sqlite() {
    matrix(sqlite().await, &[Service::Compute, Service::Network, Service::Volume, Service::Image]).await;
}

#[tokio::test]
async fn no_fault_takes_anything_away_postgres() {
    matrix(postgres().await, &[Service::Compute]).await;
}

/// Whole collections, alone and beside each other and single objects. What a service breaks it must break only for itself.
async fn matrix_of_collections(database: TestDatabase, faulty: &[(Service, &[&str])]) {
    let world = world(database).await;
    assert_eq!(world.full().await.report.outcome, Outcome::Ok);
    let before = world.inventory().await;
    let server = world.cloud.control().id(Kind::Server, 3);
    for fault in Fault::all() {
        for (service, collections) in faulty {
            // Alone from the second page on, together from the first.
            for collection in *collections {
                let rule = FaultRule::new(fault).service(*service).after(1);
                check(&world, &before, rule, Scope::Targets(vec![Target::whole(*collection)])).await;
            }
            let mut together: Vec<_> = collections.iter().copied().map(Target::whole).collect();
            if !collections.contains(&"vms") {
                together.push(Target::one("vms", &server));
            }
            check(&world, &before, FaultRule::new(fault).service(*service), Scope::Targets(together)).await;
        }
        let well = world.full().await;
        assert_eq!(well.report.outcome, Outcome::Ok, "after {}: {:?}", fault.name(), well.report.notes);
        assert_eq!(before, world.inventory().await, "after {}", fault.name());
    }
}

#[tokio::test]
async fn no_fault_takes_anything_away_from_a_collection_sqlite() {
    let faulty: [(Service, &[&str]); 4] = [
        (Service::Compute, &["vms", "hosts"]),
        (Service::Network, &["network_ports", "cloud_networks"]),
        (Service::Volume, &["cloud_volumes", "vms"]),
        (Service::Identity, &["cloud_tenants"]),
    ];
    matrix_of_collections(sqlite().await, &faulty).await;
}

#[tokio::test]
async fn no_fault_takes_anything_away_from_a_collection_postgres() {
    matrix_of_collections(postgres().await, &[(Service::Volume, &["cloud_volumes", "vms"])]).await;
}

/// A fault that passes must not even be seen.
#[tokio::test]
async fn what_happens_once_does_not_show() {
    let world = world(sqlite().await).await;
    world.full().await;
    let passing = [
        Fault::TokensRevoked,
        Fault::TooMany429 { retry_after: None },
        Fault::ServerError(500),
        Fault::ServerError(503),
        Fault::EmptyBody,
        Fault::ConnectionReset,
    ];
    for fault in passing {
        world.cloud.control().add_fault(FaultRule::new(fault).service(Service::Compute).after(1).times(1));
        let finished = world.full().await;
        assert_eq!(finished.report.outcome, Outcome::Ok, "{}: {:?}", fault.name(), finished.report.notes);
        assert_eq!(finished.report.counts().written(), 0, "{}", fault.name());
        world.cloud.control().clear_faults();
    }
}

/// What need not be asked, because the cloud does not offer it, licenses no deletion and is no failure.
#[tokio::test]
async fn what_the_cloud_does_not_offer_is_no_failure() {
    let world = world(sqlite().await).await;
    world.full().await;
    let before = world.inventory().await;
    for fault in [Fault::NotFound404, Fault::EmptyPage { next_link: false }] {
        let rule = FaultRule::new(fault).service(Service::Network).path("/availability_zones");
        world.cloud.control().add_fault(rule);
        let finished = world.full().await;
        world.cloud.control().clear_faults();
        assert_eq!(finished.report.outcome, Outcome::Ok, "{}: {:?}", fault.name(), finished.report.notes);
        assert_eq!(before, world.inventory().await, "{}", fault.name());
    }
}
