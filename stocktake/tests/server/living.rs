//! What a running installation does by itself.

use std::collections::BTreeSet;

use stocktake_fakecloud::{Fault, FaultRule, Kind, NewServer};
use stocktake_queue::State;
use stocktake_refresh::requests::{self, Ask};
use stocktake_store::fleet::WorkerState;
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::process::{children, lives};
use crate::wait::until_so;

pub(crate) async fn each_provider_has_a_worker_of_its_own(database: TestDatabase) {
    let house = House::new(database).await;
    let (one, two) = (house.cloud("one", 1).await, house.cloud("two", 2).await);
    let mut server = house.server("blue", &[]);
    for (name, cloud) in [("one", &one), ("two", &two)] {
        assert_eq!(house.served(name).await.trigger, "server_start");
        assert_eq!(house.vms(name).await, cloud.control().ids(Kind::Server).into_iter().collect());
    }
    let (first, second) = (house.worker("one", |_| true).await, house.worker("two", |_| true).await);
    assert_ne!(first.pid, second.pid);
    let pids: BTreeSet<_> = children(server.pid()).into_iter().collect();
    assert_eq!(pids.len(), 4, "two refresh workers, a handler of events and a generic one");
    until_so("the rows to tell of them", async || {
        house.workers(false).await.iter().filter_map(|worker| worker.pid).collect::<BTreeSet<_>>() == pids
    })
    .await;

    let shown = house.json(&["workers"]);
    let shown = shown.as_array().unwrap().iter().map(|w| (w["kind"].to_string(), w["provider"].to_string()));
    let expected = [("event_handler", "null"), ("generic", "null"), ("refresh", "\"one\""), ("refresh", "\"two\"")];
    assert_eq!(shown.collect::<BTreeSet<_>>(), expected.map(|(kind, of)| (format!("\"{kind}\""), of.to_owned())).into());
    let servers = house.json(&["servers"]);
    assert_eq!((servers[0]["name"].as_str(), servers[0]["pid"].as_i64()), (Some("blue"), Some(server.pid())));
    let status = house.json(&["status"]);
    assert_eq!(status["workers"].as_array().unwrap().len(), 4);
    let statuses = status["providers"].as_array().unwrap().iter().map(|p| p["status"].as_str().unwrap());
    assert_eq!(statuses.collect::<Vec<_>>(), ["ok", "ok"]);

    let three = house.cloud("three", 3).await;
    assert_eq!(house.served("three").await.trigger, "provider_added");
    assert_eq!(house.vms("three").await.len(), three.control().ids(Kind::Server).len());

    assert!(server.stop().await.success());
    assert!(pids.iter().all(|pid| !lives(*pid)), "its workers stopped with it");
    let ended = house.workers(true).await;
    let reasons: BTreeSet<_> = ended.iter().map(|w| (w.state.name(), w.end_reason.as_deref().unwrap())).collect();
    assert_eq!(reasons, [("stopped", "its server stops")].into());
}

pub(crate) async fn changes_of_a_provider_act_at_once(database: TestDatabase) {
    let house = House::new(database).await;
    let cloud = house.cloud("one", 1).await;
    let _server = house.server("blue", &[]);
    let first = house.worker("one", |_| true).await;
    house.served("one").await;

    house.run(&["provider", "pause", "one"]);
    let ended = house.ended(first.pid.unwrap()).await;
    assert_eq!((ended.state, ended.end_reason.as_deref()), (WorkerState::Stopped, Some("it is not wanted any more")));
    let created = cloud.control().create_server(NewServer::default()).unwrap();
    house.ask("one", Ask::Everything).await;
    // Nobody is there who could take it, and it says so.
    let pending = house.json(&["status"])["providers"][0]["pending"].as_u64();
    let left: BTreeSet<_> = house.workers(false).await.into_iter().map(|worker| worker.kind).collect();
    assert_eq!((pending, left), (Some(1), ["event_handler", "generic"].map(str::to_owned).into()));
    assert_eq!(house.jobs().await[0].state, State::Waiting);

    house.run(&["provider", "resume", "one"]);
    let second = house.worker("one", |w| w.pid != first.pid).await;
    house.served("one").await;
    assert!(house.vms("one").await.contains(&created));

    house.run(&["provider", "edit", "one", "--set", "interface=internal", "--no-test"]);
    let third = house.worker("one", |w| w.generation > second.generation).await;
    let ended = house.ended(second.pid.unwrap()).await;
    let words = format!("settings changed (generation {} to {})", second.generation, third.generation);
    assert_eq!(ended.end_reason.as_deref(), Some(words.as_str()));
    until_so("the refresh after the change", async || house.runs("one").await[0].trigger == "provider_changed").await;
    house.served("one").await;

    // Removed in the midst of a refresh: the worker goes first, what it had is handed back and never saved.
    cloud.control().add_fault(FaultRule::new(Fault::Slow(3_000)).path("/servers/detail"));
    house.ask("one", Ask::Everything).await;
    house.worker("one", |w| w.doing.as_deref().is_some_and(|doing| doing.starts_with("collecting"))).await;
    house.run(&["provider", "remove", "one", "--yes"]);
    assert!(house.json(&["provider", "list"]).as_array().unwrap().is_empty());
    house.ended(third.pid.unwrap()).await;
    house.quiet().await;
    assert!(house.inventory().await.iter().all(|(_, rows)| rows.is_empty()));
    assert!(requests::pending(&house.store).await.unwrap().is_empty());
}
