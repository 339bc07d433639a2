//! `kill -9`: of a worker wherever it may be in a refresh, and of the server. The inventory is as it was before or as it is
//! after, the work is done by another, and nothing is done twice.

use rustix::process::Signal;
use stocktake_fakecloud::{FakeCloud, Fault, FaultRule, Kind, NewServer};
use stocktake_refresh::requests::{self, Ask};
use stocktake_store::fleet::{ServerState, WorkerState, servers};
use stocktake_store::registry::RunState;
use stocktake_store::{Kind as DatabaseKind, Store, Tx};
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::process::{children, lives, signal};
use crate::wait::until_so;

/// A worker dies here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Some pages are parsed and compared, others not asked for yet.
    Collecting,
    Planning,
    /// Inside the transaction.
    Saving,
}

pub(crate) async fn a_worker_in_any_phase(database: TestDatabase) {
    let house = House::new(database).await;
    let cloud = house.cloud("one", 1).await;
    house.run(&["refresh", "one"]);
    for phase in [Phase::Collecting, Phase::Planning, Phase::Saving] {
        let changed = change(&cloud, phase);
        let (before, runs) = (house.inventory().await, house.runs("one").await.len());
        cloud.control().add_fault(FaultRule::new(Fault::Slow(2_000)).path("/servers/detail"));
        house.ask("one", Ask::Everything).await;
        let mut worker = house.refresher("one");
        worker.until_doing("collecting").await;
        let barrier = barrier(&house, phase).await;
        match phase {
            Phase::Collecting => {}
            Phase::Planning => worker.until_doing("planning").await,
            Phase::Saving => worker.until_doing("saving").await,
        }
        worker.kill();
        // Gone with its connection, as the barrier is with its.
        drop(barrier);
        cloud.control().clear_faults();
        assert!(house.inventory().await == before, "{phase:?}: the inventory is whole");

        let mut second = house.refresher("one");
        let run = house.served("one").await;
        house.quiet().await;
        assert!(second.stop().await.success());
        let [dead] = &house.runs_in("one", RunState::Failed).await[..1] else { panic!("{phase:?}: no run has failed") };
        assert!(dead.error.as_ref().unwrap().contains("ended without a word"), "{phase:?}: {:?}", dead.error);
        assert_eq!(house.runs("one").await.len(), runs + 2, "{phase:?}: the run that died and the one that did it");
        assert_ne!(run.owner, dead.owner);
        let counts = run.counts();
        assert_eq!(counts.archived + counts.deleted, 0, "{phase:?}");
        let name = format!("name={}", changed.1);
        assert_eq!(house.json(&["get", "vms", &name]).as_array().unwrap().len(), 1, "{phase:?}");
        assert_eq!(house.vms("one").await, cloud.control().ids(Kind::Server).into_iter().collect());
        assert_eq!(house.jobs().await[0].attempts, 2);
    }
    let after = house.inventory().await;
    house.run(&["refresh", "one"]);
    assert!(house.inventory().await == after, "a further refresh finds nothing to do");
}

/// New rows make the plan reserve ids, which is where it can be held; without them it goes right on to saving.
fn change(cloud: &FakeCloud, phase: Phase) -> (String, String) {
    let control = cloud.control();
    let name = format!("changed-while-{phase:?}").to_lowercase();
    let id = match phase {
        Phase::Planning => control.create_server(NewServer { name: Some(name.clone()), ..NewServer::default() }).unwrap(),
        Phase::Collecting | Phase::Saving => {
            let id = control.ids(Kind::Server)[0].clone();
            control.rename(&id, &name).unwrap();
            id
        }
    };
    (id, name)
}

/// What a refresh cannot get past in this phase, until it is dropped.
async fn barrier(house: &House, phase: Phase) -> Option<(Store, Tx)> {
    let table = match phase {
        Phase::Collecting => return None,
        Phase::Planning => "inventory_ids",
        Phase::Saving => "vms",
    };
    let store = Store::open(&house.url).await.unwrap();
    // SQLite has one writer, and this is it.
    let mut held = store.begin().await.unwrap();
    if store.kind() == DatabaseKind::Postgres {
        held.execute(&format!("lock table {table} in exclusive mode"), &[]).await.unwrap();
    }
    Some((store, held))
}

pub(crate) async fn a_worker_of_a_server(database: TestDatabase) {
    let house = House::new(database).await;
    let cloud = house.cloud("one", 1).await;
    let bystander = house.cloud("two", 2).await;
    // Nobody waits for leases to run out: the server knows that its worker is dead.
    let long = [("STOCKTAKE__QUEUE__LEASE", "10m"), ("STOCKTAKE__REFRESH__LEASE", "10m")];
    let _server = house.server("blue", &long);
    house.served("one").await;
    house.served("two").await;
    let other = house.worker("two", |_| true).await;
    cloud.control().add_fault(FaultRule::new(Fault::Hang).path("/servers/detail"));
    house.ask("one", Ask::Everything).await;
    let victim =
        house.worker("one", |w| w.job.is_some() && w.doing.as_deref().is_some_and(|d| d.starts_with("collecting"))).await;
    let before = house.inventory().await;
    cloud.control().clear_faults();
    signal(victim.pid.unwrap(), Signal::KILL);

    let ended = house.ended(victim.pid.unwrap()).await;
    assert_eq!(ended.state, WorkerState::Failed);
    assert!(ended.end_reason.as_ref().unwrap().starts_with("its process was ended by signal 9 while"), "{ended:?}");
    let next = house.worker("one", |w| w.pid != victim.pid).await;
    assert_eq!(next.restarts, 1);
    let run = house.served("one").await;
    house.quiet().await;
    assert!(run.owner.contains(&format!(":{}:", next.pid.unwrap())), "{}", run.owner);
    assert!(house.inventory().await == before, "nothing had changed, so nothing is written");
    assert_eq!(house.runs_in("one", RunState::Failed).await.len(), 1);
    assert_eq!(house.worker("two", |_| true).await.pid, other.pid, "others go on");
    assert_eq!(house.vms("two").await.len(), bystander.control().ids(Kind::Server).len());
}

pub(crate) async fn a_server(database: TestDatabase) {
    let house = House::new(database).await;
    let clouds = [("one", house.cloud("one", 1).await), ("two", house.cloud("two", 2).await)];
    let mut first = house.server("blue", &[]);
    for (name, _) in &clouds {
        house.served(name).await;
    }
    let workers = children(first.pid());
    assert_eq!(workers.len(), 4, "two refresh workers, a handler of events and a generic one");
    // One worker is in the midst of a refresh, the others have nothing to do.
    clouds[0].1.control().add_fault(FaultRule::new(Fault::Hang).path("/servers/detail"));
    house.ask("one", Ask::Everything).await;
    house.worker("one", |w| w.job.is_some()).await;
    first.kill();
    until_so("the workers to notice that their server is gone", async || workers.iter().all(|pid| !lives(*pid))).await;
    clouds[0].1.control().clear_faults();

    let created: Vec<_> =
        clouds.iter().map(|(_, cloud)| cloud.control().create_server(NewServer::default()).unwrap()).collect();
    let _second = house.server("green", &[]);
    for ((name, cloud), created) in clouds.iter().zip(created) {
        until_so("the new server's refresh", async || house.vms(name).await.contains(&created)).await;
        house.served(name).await;
        assert_eq!(house.vms(name).await, cloud.control().ids(Kind::Server).into_iter().collect());
    }
    house.quiet().await;
    assert!(requests::pending(&house.store).await.unwrap().is_empty());
    until_so("the first server to be taken for lost", async || {
        let all = servers(&house.store, true).await.unwrap();
        all.iter().any(|s| s.name == "blue" && s.state == ServerState::Lost)
    })
    .await;
    let left = house.workers(false).await;
    assert!(left.len() == 4 && left.iter().all(|worker| worker.server == "green"), "{left:?}");
}
