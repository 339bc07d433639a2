//! A worker that stands still (SIGSTOP, a host that sleeps) for longer than its leases: others do its work, and what it
//! still tries when it comes back changes nothing.

use rustix::process::Signal;
use stocktake_fakecloud::{Fault, FaultRule, Kind, NewServer};
use stocktake_refresh::requests::Ask;
use stocktake_store::fleet::WorkerState;
use stocktake_store::registry::RunState;
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::process::signal;
use crate::wait::until_so;

pub(crate) async fn a_worker_that_comes_back_writes_nothing(database: TestDatabase) {
    let house = House::new(database).await;
    let cloud = house.cloud("one", 1).await;
    house.run(&["refresh", "one"]);
    let created = cloud.control().create_server(NewServer::default()).unwrap();
    let slow = cloud.control().add_fault(FaultRule::new(Fault::Slow(1_500)).path("/servers/detail"));
    house.ask("one", Ask::Everything).await;
    let mut stalled = house.refresher("one");
    stalled.until_doing("collecting").await;
    signal(stalled.pid(), Signal::STOP);
    cloud.control().remove_fault(slow);

    // It comes only when the first one's leases have run out.
    let mut other = house.refresher("one");
    let run = house.served("one").await;
    assert!(run.owner.ends_with(&format!(":{}", other.pid())), "{}", run.owner);
    assert!(house.vms("one").await.contains(&created));
    assert!(other.stop().await.success());
    let (after, runs) = (house.inventory().await, house.runs("one").await.len());

    // What it has collected by now is older than what is stored: that this VM is gone it does not know.
    cloud.control().delete(&created).unwrap();
    signal(stalled.pid(), Signal::CONT);
    until_so("the one that was stalled to give its job up", async || {
        let log = std::fs::read_to_string(&stalled.log).unwrap();
        log.contains("job was lost") || log.contains("was not written down")
    })
    .await;
    assert!(house.inventory().await == after, "it wrote nothing, not even a time");
    assert_eq!(house.runs("one").await.len(), runs);
    assert_eq!(house.runs_in("one", RunState::Ok).await.len(), 2, "one run of the command line's, one of the other's");
    assert_eq!(house.runs_in("one", RunState::Failed).await.len(), 1, "its own");

    // It is as good as any other worker from here on.
    house.ask("one", Ask::Everything).await;
    until_so("its next refresh", async || !house.vms("one").await.contains(&created)).await;
    house.quiet().await;
    assert!(stalled.stop().await.success());
    assert_eq!(house.vms("one").await, cloud.control().ids(Kind::Server).into_iter().collect());
}

pub(crate) async fn a_worker_that_does_not_come_back_is_replaced(database: TestDatabase) {
    let house = House::new(database).await;
    let cloud = house.cloud("one", 1).await;
    let _server = house.server("blue", &[]);
    house.served("one").await;
    cloud.control().add_fault(FaultRule::new(Fault::Hang).path("/servers/detail"));
    house.ask("one", Ask::Everything).await;
    let stalled = house.worker("one", |w| w.doing.as_deref().is_some_and(|d| d.starts_with("collecting"))).await;
    signal(stalled.pid.unwrap(), Signal::STOP);
    cloud.control().clear_faults();
    let created = cloud.control().create_server(NewServer::default()).unwrap();

    let ended = house.ended(stalled.pid.unwrap()).await;
    assert_eq!(ended.state, WorkerState::Killed);
    let reason = ended.end_reason.unwrap();
    assert!(reason.starts_with("it said nothing for ") && reason.contains("while collecting"), "{reason}");
    house.worker("one", |w| w.pid != stalled.pid).await;
    house.served("one").await;
    house.quiet().await;
    assert!(house.vms("one").await.contains(&created));
    assert_eq!(house.runs_in("one", RunState::Failed).await.len(), 1);
}
