//! Who catches events.

use stocktake_store::fleet::WorkerState;
use stocktake_store::params;
use stocktake_store::registry::{self, SourceState};
use stocktake_testkit::TestDatabase;

use crate::house::House;
use crate::wait::until_so;

/// The column is what a server goes by; what the settings of this cloud make of it is that there is none, which its catcher
/// says, and goes on looking.
pub(crate) async fn a_catcher_comes_and_goes_with_its_source(database: TestDatabase) {
    let house = House::new(database).await;
    let _cloud = house.cloud("one", 1).await;
    let _server = house.server("blue", &[]);
    house.served("one").await;
    let id = house.id("one").await;
    let catchers = async || {
        let workers = house.workers(false).await;
        workers.into_iter().filter(|worker| worker.kind == "event_catcher")
    };
    assert_eq!(catchers().await.count(), 0, "it tells nothing");

    let name = async |source: Option<&str>| {
        let sql = "update providers set event_source = $1 where id = $2";
        house.store.execute(sql, &params![source, id]).await.unwrap();
    };
    name(Some("amqp")).await;
    let says = |doing: &str| doing.starts_with("failed: the settings of one name no source of events");
    until_so("a catcher that says what is wrong", async || {
        catchers().await.any(|w| w.state == WorkerState::Running && says(w.doing.as_deref().unwrap_or_default()))
    })
    .await;
    let seen = registry::event_source(&house.store, id).await.unwrap().expect("its state");
    assert_eq!((seen.source.as_str(), seen.state), ("amqp", SourceState::Failed));
    let shown = house.json(&["provider", "show", "one"]);
    assert_eq!((&shown["event_source"], &shown["events"]["state"]), (&"amqp".into(), &"failed".into()));
    assert!(house.run(&["status"]).contains("Events"));

    house.run(&["provider", "pause", "one"]);
    until_so("it to go", async || catchers().await.count() == 0).await;
    house.run(&["provider", "resume", "one"]);
    until_so("it to come back", async || catchers().await.count() == 1).await;
    name(None).await;
    until_so("it to go for good", async || catchers().await.count() == 0).await;
}
