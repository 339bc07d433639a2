//! Several servers on one database: who does what, when one falls, and when one joins.

use std::collections::BTreeMap;

use rustix::process::Signal;
use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, Kind, NewServer};
use stocktake_queue::State;
use stocktake_refresh::requests::Ask;
use stocktake_store::fleet::{self, ServerId, ServerState};
use stocktake_store::params;
use stocktake_store::registry::{RunRecord, RunState};
use stocktake_supervisor::whose;
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::process::{Process, children, lives, signal};
use crate::wait::{until, until_so};

const NAMES: [&str; 4] = ["one", "two", "three", "four"];

pub(crate) async fn one_falls_and_another_joins(database: TestDatabase) {
    let house = House::new(database).await;
    let mut clouds = BTreeMap::new();
    for (seed, name) in (1..).zip(NAMES) {
        let cloud = FakeCloud::start(CloudSpec::small().with_seed(seed)).await.unwrap();
        house.register(name, &cloud);
        clouds.insert(name, cloud);
    }
    let mut servers = BTreeMap::new();
    for name in ["blue", "green"] {
        servers.insert(name.to_owned(), house.server(name, &[]));
    }
    agreed(&house, &servers).await;
    for name in NAMES {
        house.served(name).await;
        assert_eq!(house.vms(name).await, clouds[name].control().ids(Kind::Server).into_iter().collect());
    }

    // A tick falls due while both look.
    let scheduled = format!("refresh:{}", house.id("one").await);
    let due = "update schedules set next_on = now() where name = $1 and next_on is not null";
    until_so("the schedule", async || house.store.execute(due, &params![scheduled.as_str()]).await.unwrap() == 1).await;
    let served = |run: &RunRecord| run.trigger == "schedule" && run.state == RunState::Ok;
    until_so("the tick's refresh", async || house.runs("one").await.iter().any(served)).await;

    // The one with the most workers falls in the midst of a refresh, and its workers with it, as with a host.
    let all = house.workers(false).await;
    let count = |name: &String| all.iter().filter(|w| w.provider.is_some() && w.server == *name).count();
    let victim = servers.keys().max_by_key(|name| count(name)).unwrap().clone();
    let busy = all.iter().find(|w| w.server == victim && w.provider.is_some()).and_then(|w| w.provider.clone()).unwrap();
    let control = clouds[busy.as_str()].control();
    control.add_fault(FaultRule::new(Fault::Hang).path("/servers/detail"));
    house.ask(&busy, Ask::Everything).await;
    house.worker(&busy, |w| w.doing.as_deref().is_some_and(|doing| doing.starts_with("collecting"))).await;
    let mut fallen = servers.remove(&victim).unwrap();
    let orphans = children(fallen.pid());
    fallen.kill();
    for pid in &orphans {
        signal(*pid, Signal::KILL);
    }
    control.clear_faults();
    let mut created = BTreeMap::new();
    for name in NAMES {
        created.insert(name, clouds[name].control().create_server(NewServer::default()).unwrap());
        house.run(&["refresh", name, "--wait"]);
    }
    for name in NAMES {
        assert!(house.vms(name).await.contains(&created[name]), "{name} is served by the one that is left");
    }
    agreed(&house, &servers).await;
    assert!(orphans.iter().all(|pid| !lives(*pid)));

    // Shares follow from the servers' ids, which are new with each start: one may get nothing.
    let joined = loop {
        let mut third = house.server("red", &[]);
        let id = id_of(&house, &third).await;
        let share = shares(&house).await;
        if share.values().any(|of| *of == id) {
            break third;
        }
        assert!(third.stop().await.success());
    };
    servers.insert("red".to_owned(), joined);
    agreed(&house, &servers).await;
    assert!(house.workers(false).await.iter().any(|w| w.server == "red" && w.provider.is_some()));
    for name in NAMES {
        created.insert(name, clouds[name].control().create_server(NewServer::default()).unwrap());
        house.run(&["refresh", name, "--wait"]);
        assert!(house.vms(name).await.contains(&created[name]));
    }
    house.quiet().await;
    let ticks = house.runs("one").await.into_iter().filter(|run| run.trigger.contains("schedule")).count();
    assert_eq!(ticks, 1, "a tick is taken once, however many could take it");
    assert!(house.jobs().await.iter().all(|job| job.state == State::Done));
    for (_, mut server) in servers {
        assert!(server.stop().await.success());
    }
    assert!(house.workers(false).await.is_empty());
}

/// Whose each provider is, as all servers that work now should see it.
async fn shares(house: &House) -> BTreeMap<&'static str, ServerId> {
    let working = fleet::servers(&house.store, false).await.unwrap();
    let working: Vec<_> = working.iter().filter(|server| server.works()).map(|server| server.id).collect();
    let mut shares = BTreeMap::new();
    for name in NAMES {
        shares.insert(name, whose(&format!("provider:{}", house.id(name).await), &working).unwrap());
    }
    shares
}

async fn id_of(house: &House, server: &Process) -> ServerId {
    until("the server's row", async || {
        let all = fleet::servers(&house.store, false).await.unwrap();
        all.iter().find(|row| row.pid == server.pid() && row.state == ServerState::Running).map(|row| row.id)
    })
    .await
}

/// Waits until these servers and no others work, every provider has one worker where it should, and one keeps the schedules.
async fn agreed(house: &House, servers: &BTreeMap<String, Process>) {
    let mut ids = Vec::new();
    for server in servers.values() {
        ids.push(id_of(house, server).await);
    }
    ids.sort();
    until_so("all servers to agree", async || {
        let mut working: Vec<_> = fleet::servers(&house.store, false).await.unwrap();
        working.retain(stocktake_store::fleet::ServerRecord::works);
        let mut working: Vec<_> = working.into_iter().map(|server| server.id).collect();
        working.sort();
        let workers = house.workers(false).await.into_iter().filter_map(|w| Some((w.provider?, w.server_id)));
        let mut workers: Vec<_> = workers.collect();
        workers.sort();
        let mut shares: Vec<_> = shares(house).await.into_iter().map(|(name, id)| (name.to_owned(), id)).collect();
        shares.sort();
        let held = fleet::assignments(&house.store).await.unwrap();
        let scheduler = whose("role:scheduler", &working);
        let keeps = held.iter().any(|one| one.what == "role:scheduler" && one.held && Some(one.server) == scheduler);
        working == ids && workers == shares && keeps
    })
    .await;
}
