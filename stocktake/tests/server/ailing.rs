//! Workers that take too much memory, and workers that die over and over again.

use rustix::process::Signal;
use stocktake_fakecloud::{Fault, FaultRule, Kind, NewServer};
use stocktake_refresh::requests::Ask;
use stocktake_store::fleet::WorkerState;
use stocktake_store::registry::RunState;
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::process::signal;
use crate::wait::{until, until_so};

/// The limit is below what any refresh worker takes, so each is replaced as soon as it is measured.
pub(crate) async fn too_large(database: TestDatabase) {
    let house = House::new(database).await;
    let cloud = house.cloud("one", 1).await;
    // Longer than from one measurement to the next: interrupted, no refresh would ever end.
    cloud.control().add_fault(FaultRule::new(Fault::Slow(5_000)).path("/servers/detail"));
    let limits = [("STOCKTAKE__MEMORY__REFRESH", "16MiB"), ("STOCKTAKE__MEMORY__KILL_FACTOR", "100")];
    let _server = house.server("blue", &limits);
    let run = house.served("one").await;
    assert_eq!(house.vms("one").await, cloud.control().ids(Kind::Server).into_iter().collect());
    assert!(house.runs_in("one", RunState::Failed).await.is_empty(), "the job was finished first");
    let pid = run.owner.split(':').nth(1).unwrap().parse().unwrap();
    let ended = house.ended(pid).await;
    assert_eq!(ended.state, WorkerState::Stopped);
    let reason = ended.end_reason.unwrap();
    assert!(reason.starts_with("it took ") && reason.contains("MiB of memory, more than 16, while collecting"), "{reason}");
    let next = house.worker("one", |w| w.pid != Some(pid)).await;
    assert!(next.restarts > 0);
    cloud.control().clear_faults();
    let created = cloud.control().create_server(NewServer::default()).unwrap();
    house.ask("one", Ask::Everything).await;
    until_so("a refresh by its successors", async || house.vms("one").await.contains(&created)).await;
    house.quiet().await;
    let generic = house.workers(true).await.into_iter().filter(|w| w.kind == "generic").count();
    assert_eq!(generic, 1, "each kind has a limit of its own");
}

pub(crate) async fn too_short_lived(database: TestDatabase) {
    let house = House::new(database).await;
    let (cloud, other) = (house.cloud("one", 1).await, house.cloud("two", 2).await);
    let _server = house.server("blue", &[("STOCKTAKE__WORKERS__CRASH_LOOP_AFTER", "3")]);
    house.served("one").await;
    house.served("two").await;
    let bystander = house.worker("two", |_| true).await;
    let created = cloud.control().create_server(NewServer::default()).unwrap();
    let mut dead = Vec::new();
    for _ in 0..3 {
        let victim = house.worker("one", |w| !dead.contains(&w.pid)).await;
        signal(victim.pid.unwrap(), Signal::KILL);
        dead.push(victim.pid);
    }
    let looping = until("the crash loop", async || {
        let ended = house.json(&["workers", "--all", "--provider", "one"]);
        let reasons = ended.as_array().unwrap().iter().filter_map(|w| w["end_reason"].as_str().map(str::to_owned));
        reasons.into_iter().find(|reason| reason.contains("crash loop"))
    })
    .await;
    assert!(
        looping.contains("ended by signal 9") && looping.contains("crash loop: 3 ends in a row, next start in"),
        "{looping}"
    );
    for pid in dead {
        assert_eq!(house.ended(pid.unwrap()).await.state, WorkerState::Failed);
    }

    let also = other.control().create_server(NewServer::default()).unwrap();
    house.ask("two", Ask::Everything).await;
    until_so("others to go on", async || house.vms("two").await.contains(&also)).await;
    assert_eq!(house.worker("two", |_| true).await.pid, bystander.pid);
    // What made it die is gone: it comes back by itself.
    house.ask("one", Ask::Everything).await;
    until_so("the place to be filled again", async || house.vms("one").await.contains(&created)).await;
    assert_eq!(house.worker("one", |_| true).await.restarts, 3);
    house.quiet().await;
}
