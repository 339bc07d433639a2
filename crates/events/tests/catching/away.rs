//! The database goes away in the middle.

use std::collections::BTreeSet;

use stocktake_provider::ErrorKind;
use stocktake_store::Store;
use stocktake_store::registry::SourceState;
use stocktake_testkit::scripted::Fault;
use stocktake_testkit::{OwnServer, TestDatabase};

use crate::support::{World, keys, until};

/// In a way that does not pass by itself: the source is dropped, and tells again what was not stored.
pub(crate) async fn a_database_that_refuses_loses_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.source.tell_all(0..2);
    world.acknowledged(2).await;
    world.store.execute("alter table event_batches rename to elsewhere", &[]).await.unwrap();
    let connected = world.source.asked().len();
    world.source.tell_all(2..4);
    until("it to try again", async || world.source.asked().len() > connected + 1).await;
    assert_eq!(world.source.acknowledged(), 2);
    assert_eq!(world.position().await.as_deref(), Some("1:2"), "what is not stored moves no position");
    world.store.execute("alter table elsewhere rename to event_batches", &[]).await.unwrap();
    world.acknowledged(4).await;
    assert_eq!(world.keys().await, keys(0..4));
    assert_eq!(world.row().await.gaps, 0);
    catcher.stop().await;
}

/// In a way that passes: what was caught is held, and nothing more is taken meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_caught_outlives_a_crash_of_the_database() {
    let own = OwnServer::new();
    let store = Store::open(&own.url()).await.unwrap();
    store.migrate().await.unwrap();
    let world = World::over(store).await;
    let catcher = world.catcher();
    world.source.tell_all(0..2);
    world.acknowledged(2).await;
    own.crash();
    world.source.tell_all(2..4);
    let connected = world.source.asked().len();
    let tries = || catcher.states().iter().filter(|state| **state == SourceState::Waiting).count();
    until("several tries", async || tries() >= 3).await;
    world.source.tell_all(4..6);
    assert_eq!(world.source.acknowledged(), 2);
    own.start();
    world.acknowledged(6).await;
    // A commit whose answer was lost with the server may be there twice; nothing is missing.
    let known: BTreeSet<_> = world.keys().await.into_iter().collect();
    assert_eq!(known, keys(0..6).into_iter().collect());
    assert_eq!(world.source.asked().len(), connected, "the source was not left for it");
    assert_eq!(catcher.states().last(), Some(&SourceState::Catching));

    // It is away when the source breaks, too: where it was is read again once that is possible.
    own.crash();
    world.source.on_next(Fault::Fails(ErrorKind::Connect));
    world.source.be_quiet();
    let waiting = async || catcher.states().last() == Some(&SourceState::Waiting);
    until("it to wait", waiting).await;
    own.start();
    world.source.tell_all(6..8);
    world.acknowledged(8).await;
    assert_eq!(world.row().await.gaps, 0);
    catcher.stop().await;
}
