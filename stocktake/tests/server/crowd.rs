//! Many who ask for much at once.

use std::collections::BTreeSet;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Kind};
use stocktake_model::Target;
use stocktake_queue::{Debounce, Queue, State};
use stocktake_refresh::requests::{self, Ask};
use stocktake_store::registry::RunState;
use stocktake_store::{Store, params};
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::wait::until_so;

const CLIENTS: usize = 50;
/// Of each client; each target is asked for by two of them.
const TARGETS: usize = 200;
/// In one call.
const AT_ONCE: usize = 20;
const DEBOUNCE: Debounce =
    Debounce { quiet: std::time::Duration::from_millis(100), at_most: std::time::Duration::from_millis(500) };

pub(crate) async fn fifty_ask_for_ten_thousand(database: TestDatabase) {
    let house = House::new(database).await;
    let distinct = CLIENTS * TARGETS / 2;
    let half = (distinct / 2) as u32;
    let spec = CloudSpec { servers: half, data_volumes: 100, free_volumes: 200, boot_volumes: 0, ..CloudSpec::small() };
    let cloud = FakeCloud::start(spec).await.unwrap();
    house.register("one", &cloud);
    let control = cloud.control();
    let refs = |kinds: &[Kind]| kinds.iter().flat_map(|kind| control.ids(*kind)).take(distinct / 2).collect::<BTreeSet<_>>();
    let asked = [("vms", refs(&[Kind::Server])), ("cloud_volumes", refs(&[Kind::VolumeData, Kind::VolumeFree]))];
    let target = |collection: &str, reference: &String| {
        Ask::Target(Target { collection: collection.to_owned(), reference: reference.clone() })
    };
    let targets = asked.iter().flat_map(|(collection, refs)| refs.iter().map(|reference| target(collection, reference)));
    let targets: Vec<_> = targets.collect();
    assert_eq!(targets.len(), distinct);
    let _server = house.server("blue", &[("STOCKTAKE__REFRESH__ON_START", "false")]);
    let id = house.id("one").await;
    house.worker("one", |_| true).await;

    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        // Each a process of its own as far as the database can tell.
        let queue = Queue::new(Store::open(&house.url).await.unwrap());
        let mine: Vec<_> = targets.iter().cycle().skip(client * TARGETS).take(TARGETS).cloned().collect();
        clients.spawn(async move {
            for asks in mine.chunks(AT_ONCE) {
                requests::ask(&queue, id, asks, "crowd", DEBOUNCE).await.unwrap();
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
    until_so("everything to be served", async || requests::pending(&house.store).await.unwrap().is_empty()).await;
    house.quiet().await;

    for (collection, refs) in &asked {
        let sql = format!("select ems_ref from {collection} where provider_id = $1");
        let rows = house.store.query(&sql, &params![id]).await.unwrap();
        let known: BTreeSet<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert!(refs.is_subset(&known), "{collection}");
    }
    let runs = house.runs("one").await;
    let asks = CLIENTS * TARGETS / AT_ONCE;
    assert!(runs.len() <= asks / 10, "{} runs for {asks} wishes", runs.len());
    assert!(runs.iter().all(|run| run.state == RunState::Ok));
    let jobs: Vec<_> = house.jobs().await.into_iter().filter(|job| job.kind == requests::KIND).collect();
    assert!(jobs.iter().all(|job| job.state == State::Done && job.attempts == 1), "{jobs:?}");
    let wishes: i64 = jobs.iter().map(|job| 1 + job.merged).sum();
    assert!(wishes as usize >= asks, "{wishes} of {asks}: each wish is a job or went into one");
    assert!(runs.len() <= jobs.len());
}
