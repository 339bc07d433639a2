//! What nobody told is asked for.

use stocktake_provider::ErrorKind;
use stocktake_refresh::requests;
use stocktake_store::params;
use stocktake_testkit::TestDatabase;
use stocktake_testkit::scripted::Fault;

use crate::support::{World, everything, keys, until};

pub(crate) async fn the_first_time_everything_is_asked_for(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.catching().await;
    assert_eq!(world.asked().await, everything(1));
    assert_eq!(world.jobs(&requests::lane(world.provider)).await.len(), 1);
    let row = world.row().await;
    assert_eq!((row.gaps, row.last_gap, row.last_gap_on), (0, None, None), "nothing is missing that should have come");
    assert_eq!(world.position().await.as_deref(), Some("1:0"), "stored before the first event was taken");
    catcher.stop().await;
    let again = world.catcher();
    world.catching().await;
    assert_eq!(world.asked().await, everything(1), "going on asks for nothing");
    again.stop().await;
}

pub(crate) async fn a_gap_is_counted_and_asks_for_everything_once(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.source.tell_all(0..4);
    world.acknowledged(4).await;
    assert_eq!(world.position().await.as_deref(), Some("1:4"));
    world.source.lose_queue("the queue is gone: the broker was restarted");
    world.source.on_next(Fault::Fails(ErrorKind::Connect));
    until("the gap", async || world.row().await.gaps == 1).await;
    world.catching().await;
    let row = world.row().await;
    assert_eq!(row.last_gap.as_deref(), Some("the queue is gone: the broker was restarted"));
    assert!(row.last_gap_on.is_some());
    assert_eq!(world.asked().await, everything(2), "once for the first time, once for the gap");
    world.source.tell_all(4..6);
    world.acknowledged(2).await;
    assert_eq!(world.keys().await, keys(0..6));
    assert_eq!(world.position().await.as_deref(), Some("2:2"));
    catcher.stop().await;
    let again = world.catcher();
    world.catching().await;
    assert_eq!((world.row().await.gaps, world.asked().await), (1, everything(2)));
    again.stop().await;
}

pub(crate) async fn another_source_begins_anew(database: TestDatabase) {
    let world = World::new(database).await;
    let sql = "insert into event_sources (provider_id, source, state, position) values ($1, 'other', 'stopped', 'theirs')";
    world.store.execute(sql, &params![world.provider]).await.unwrap();
    let catcher = world.catcher();
    world.catching().await;
    assert_eq!(world.source.asked(), [None], "no source can read the position of another");
    assert_eq!(world.row().await.source, "scripted");
    assert_eq!(world.position().await.as_deref(), Some("1:0"));
    assert_eq!(world.asked().await, everything(1));
    catcher.stop().await;
}

/// The provider was given another source, and the catcher of the old one has not heard of it yet.
pub(crate) async fn a_position_is_never_left_to_another_source(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.catching().await;
    world.store.execute("update event_sources set source = 'other', position = 'theirs'", &[]).await.unwrap();
    world.source.tell_all(0..2);
    world.acknowledged(2).await;
    assert_eq!(world.keys().await, keys(0..2), "what it caught is an event all the same");
    assert_eq!(world.position().await.as_deref(), Some("theirs"));
    catcher.kill().await;
}
