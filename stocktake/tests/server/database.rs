//! The database is restarted while everything is at work.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use stocktake_fakecloud::{Control, Fault, FaultRule, NewServer};
use stocktake_model::Target;
use stocktake_queue::Queue;
use stocktake_refresh::requests::{self, AT_ONCE, Ask};
use stocktake_store::fleet::{self, ServerRecord, WorkerState};
use stocktake_store::{ProviderId, Store};
use stocktake_testkit::OwnServer;

use crate::house::House;
use crate::process::{Process, children};
use crate::wait::until_so;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restarted_under_load() {
    let own = OwnServer::new();
    Store::open(&own.url()).await.unwrap().migrate().await.unwrap();
    let house = House::at(own.url(), None).await;
    let clouds = [("one", house.cloud("one", 1).await), ("two", house.cloud("two", 2).await)];
    let servers = [house.server("blue", &[]), house.server("green", &[])];
    for (name, cloud) in &clouds {
        house.served(name).await;
        // So that there is always one at work.
        cloud.control().add_fault(FaultRule::new(Fault::Slow(200)));
    }

    let enough = Arc::new(AtomicBool::new(false));
    let mut clients = BTreeMap::new();
    for (name, cloud) in &clouds {
        let queue = Queue::new(Store::open(&house.url).await.unwrap());
        let client = asking(queue, house.id(name).await, cloud.control(), Arc::clone(&enough));
        clients.insert(*name, tokio::spawn(client));
    }
    for _ in 0..2 {
        for (name, _) in &clouds {
            house.worker(name, |w| w.job.is_some()).await;
        }
        until_so("the servers to have their database", async || !servers.iter().any(in_trouble)).await;
        own.crash();
        until_so("the servers to notice", async || servers.iter().all(in_trouble)).await;
        own.start();
        until_so("the database to answer", async || house.store.query("select 1", &[]).await.is_ok()).await;
    }
    for (name, _) in &clouds {
        house.worker(name, |w| w.job.is_some()).await;
    }
    enough.store(true, Ordering::Relaxed);

    for (name, client) in clients {
        let asked = client.await.unwrap();
        until_so("what was asked for to be served", async || requests::pending(&house.store).await.unwrap().is_empty())
            .await;
        let known = house.vms(name).await;
        assert!(asked.len() > 10 && asked.is_subset(&known), "{name}: {:?} were lost", asked.difference(&known));
    }
    house.quiet().await;
    // A server that was away for longer than its lease was taken for lost, and is back with its workers.
    until_so("the rows to tell what there is", async || {
        let told: BTreeSet<_> = house.workers(false).await.into_iter().filter_map(|worker| worker.pid).collect();
        let all = fleet::servers(&house.store, true).await.unwrap();
        told == servers.iter().flat_map(|server| children(server.pid())).collect() && all.iter().all(ServerRecord::works)
    })
    .await;
    let died: Vec<_> = house.workers(true).await.into_iter().filter(|w| w.state == WorkerState::Failed).collect();
    assert!(died.is_empty(), "nobody gives up because the database is away: {died:?}");
}

/// Whether a server says that it goes on without its database.
fn in_trouble(server: &Process) -> bool {
    let said = std::fs::read_to_string(&server.log).unwrap();
    said.matches("the database cannot be used").count() > said.matches("going on as usual").count()
}

/// Makes VMs and asks for each; what it could not ask for because of the database it asks for again.
async fn asking(queue: Queue, provider: ProviderId, control: Control, enough: Arc<AtomicBool>) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    while !enough.load(Ordering::Relaxed) {
        let reference = control.create_server(NewServer::default()).unwrap();
        let target = Ask::Target(Target { collection: "vms".to_owned(), reference: reference.clone() });
        while let Err(error) = requests::ask(&queue, provider, std::slice::from_ref(&target), "load", AT_ONCE).await {
            assert!(error.is_transient(), "{error:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        asked.insert(reference);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    asked
}
