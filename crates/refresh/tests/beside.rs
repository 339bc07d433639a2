//! What a deleted server takes along, and what it leaves: a refresh of the server alone brings it all up to date, on both
//! databases, and believes nothing that nobody said.
#![allow(clippy::unwrap_used)]

mod support;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, Kind, Service};
use stocktake_model::{Scope, Target};
use stocktake_refresh::Outcome;
use stocktake_store::params;
use stocktake_testkit::TestDatabase;
use support::World;

/// In the simulated cloud it has a port, a floating IP and a data volume.
const SERVER: u32 = 1;
/// And this one a second port, and a data volume.
const TWO_PORTS: u32 = 2;

async fn world(database: TestDatabase) -> World {
    let cloud = FakeCloud::start(CloudSpec { servers: 6, ..CloudSpec::small() }).await.unwrap();
    let world = World::new(database, cloud, &[("attempts", "1")]).await;
    assert_eq!(world.full().await.report.outcome, Outcome::Ok);
    world
}

async fn text(world: &World, sql: &str, reference: &str) -> Option<String> {
    let rows = world.store.query(sql, &params![world.provider_id, reference]).await.unwrap();
    rows.first().and_then(|row| row.get(0).unwrap())
}

async fn count(world: &World, table: &str, reference: &str) -> i64 {
    let sql = format!("select count(*) from {table} where provider_id = $1 and ems_ref = $2");
    world.store.query_one(&sql, &params![world.provider_id, reference]).await.unwrap().get(0).unwrap()
}

async fn a_deleted_server_is_named_alone(database: TestDatabase) {
    let world = world(database).await;
    let control = world.cloud.control();
    let (server, port) = (control.id(Kind::Server, SERVER), control.id(Kind::PortServer, SERVER));
    let (ip, volume) = (control.id(Kind::FloatingServer, SERVER), control.id(Kind::VolumeData, SERVER));
    control.delete(&server).unwrap();
    let run = world.targets(&[("vms", &server)]).await;
    assert_eq!(run.report.outcome, Outcome::Ok, "{:?}", run.report.notes);
    assert_eq!(count(&world, "network_ports", &port).await, 0, "the port nova made went with its server");
    let vm_of_ip = "select cast(vm_id as text) from floating_ips where provider_id = $1 and ems_ref = $2";
    assert_eq!((count(&world, "floating_ips", &ip).await, text(&world, vm_of_ip, &ip).await), (1, None));
    let status = "select status from cloud_volumes where provider_id = $1 and ems_ref = $2";
    assert_eq!(text(&world, status, &volume).await.as_deref(), Some("available"), "the volume is there, and free");
    let full = world.full().await;
    let left: Vec<_> = full.report.collections.iter().filter(|c| c.counts.written() > 0).collect();
    // Its group and its stack name it, too, and are asked for by themselves.
    assert!(
        left.iter().all(|c| ["server_groups", "server_group_members", "stack_resources"].contains(&&*c.collection)),
        "{left:?}"
    );
}

async fn an_unplugged_port_goes_with_the_refresh_of_its_server(database: TestDatabase) {
    let world = world(database).await;
    let control = world.cloud.control();
    let (server, port) = (control.id(Kind::Server, TWO_PORTS), control.id(Kind::PortExtra, TWO_PORTS));
    assert_eq!(count(&world, "network_ports", &port).await, 1);
    control.delete(&port).unwrap();
    let run = world.targets(&[("vms", &server)]).await;
    assert_eq!(run.report.outcome, Outcome::Ok, "{:?}", run.report.notes);
    assert_eq!(count(&world, "network_ports", &port).await, 0);
    assert_eq!(count(&world, "network_ports", &control.id(Kind::PortServer, TWO_PORTS)).await, 1);
    assert_eq!(world.full().await.report.counts().written(), 0);
}

async fn a_deleted_server_beside_a_whole_collection(database: TestDatabase) {
    let world = world(database).await;
    let control = world.cloud.control();
    let (server, port) = (control.id(Kind::Server, SERVER), control.id(Kind::PortServer, SERVER));
    let (ip, volume) = (control.id(Kind::FloatingServer, SERVER), control.id(Kind::VolumeData, SERVER));
    let read = control.id(Kind::Server, TWO_PORTS);
    let unplugged = control.id(Kind::PortExtra, TWO_PORTS);
    control.delete(&server).unwrap();
    control.delete(&unplugged).unwrap();
    let targets = vec![Target::whole("images"), Target::one("vms", &server), Target::one("vms", &read)];
    let run = world.refresh(Scope::Targets(targets)).await;
    assert_eq!((run.report.outcome, run.report.issues.len()), (Outcome::Ok, 0), "{:?}", run.report.notes);
    assert_eq!((count(&world, "network_ports", &port).await, count(&world, "network_ports", &unplugged).await), (0, 0));
    let vm_of_ip = "select cast(vm_id as text) from floating_ips where provider_id = $1 and ems_ref = $2";
    assert_eq!((count(&world, "floating_ips", &ip).await, text(&world, vm_of_ip, &ip).await), (1, None));
    let status = "select status from cloud_volumes where provider_id = $1 and ems_ref = $2";
    assert_eq!(text(&world, status, &volume).await.as_deref(), Some("available"), "the volume is there, and free");
}

async fn what_cannot_be_asked_is_kept(database: TestDatabase) {
    let world = world(database).await;
    let control = world.cloud.control();
    let (server, port) = (control.id(Kind::Server, SERVER), control.id(Kind::PortServer, SERVER));
    control.delete(&server).unwrap();
    for fault in [Fault::ServerError(503), Fault::Forbidden403, Fault::NotFound404] {
        control.add_fault(FaultRule::new(fault).service(Service::Network));
        let run = world.targets(&[("vms", &server)]).await;
        control.clear_faults();
        assert_eq!(run.report.outcome, Outcome::Partial, "{}: {:?}", fault.name(), run.report.notes);
        assert_eq!(count(&world, "network_ports", &port).await, 1, "{}", fault.name());
    }
    assert_eq!(world.targets(&[("vms", &server)]).await.report.outcome, Outcome::Ok);
    assert_eq!(count(&world, "network_ports", &port).await, 0);
}

async fn what_came_by_itself_is_not_asked_for_again(database: TestDatabase) {
    let world = world(database).await;
    let control = world.cloud.control();
    let has = |kind, index| control.find(&control.id(kind, index)).is_some();
    let plain =
        (0..6).find(|i| has(Kind::VolumeData, *i) && !has(Kind::FloatingServer, *i) && !has(Kind::VolumeRoot, *i)).unwrap();
    let server = control.id(Kind::Server, plain);
    let run = world.targets(&[("vms", &server)]).await;
    assert_eq!((run.report.outcome, run.report.counts().written()), (Outcome::Ok, 0), "{:?}", run.report.notes);
    let by_name = run.report.listings.iter().map(|l| (&*l.listing, l.records)).collect::<Vec<_>>();
    let ports = 1 + u64::from(has(Kind::PortExtra, plain));
    assert_eq!(by_name, [("ports", ports), ("servers", 1), ("volumes", 1)]);
    // Of a floating IP the server says nothing: it is asked for, and its port on the outer network.
    let run = world.targets(&[("vms", &control.id(Kind::Server, SERVER))]).await;
    let ips = run.report.listings.iter().find(|l| l.listing == "floating_ips").map(|l| l.records);
    assert_eq!((run.report.counts().written(), ips), (0, Some(1)));
}

stocktake_testkit::on_both! {
    a_deleted_server_is_named_alone,
    a_deleted_server_beside_a_whole_collection,
    an_unplugged_port_goes_with_the_refresh_of_its_server,
    what_cannot_be_asked_is_kept,
    what_came_by_itself_is_not_asked_for_again,
}
