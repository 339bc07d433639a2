//! Whatever goes wrong is told in words, and tried again.

use std::time::Duration;

use stocktake_provider::ErrorKind;
use stocktake_store::registry::SourceState;
use stocktake_testkit::TestDatabase;
use stocktake_testkit::scripted::Fault;

use crate::support::{World, keys, until};

const LONG: Duration = Duration::from_mins(10);

pub(crate) async fn what_passes_is_waited_for_longer_each_time(database: TestDatabase) {
    let world = World::new(database).await;
    for _ in 0..4 {
        world.source.on_connect(Fault::Fails(ErrorKind::Connect));
    }
    let catcher = world.catcher_with((Duration::from_millis(2), LONG));
    until("it to say that it catches", async || catcher.states().last() == Some(&SourceState::Catching)).await;
    let told = catcher.told.lock().unwrap().clone();
    let waits = told.iter().filter(|(state, _)| *state == SourceState::Waiting);
    assert_eq!(waits.count(), 4, "{told:?}");
    assert_eq!(told[1].1, "connect: it does not work; look at the broker; tried again in 1 s");
    catcher.stop().await;

    // Long enough to be looked at.
    for kind in [ErrorKind::Server, ErrorKind::Timeout] {
        world.source.on_connect(Fault::Fails(kind));
    }
    let catcher = world.catcher_with((Duration::from_mins(1), LONG));
    until("the wait", async || world.state().await == Some(SourceState::Waiting)).await;
    let row = world.row().await;
    assert_eq!(row.message.as_deref(), Some("connect: it does not work; look at the broker"));
    let retry = row.retry_on.expect("when it is tried again") - row.now;
    assert!((30_000_000..=60_000_000).contains(&retry), "{retry}");
    assert!(!row.is_connected() && !row.is_silent());
    catcher.stop().await;
    let row = world.row().await;
    assert_eq!((row.state, row.message, row.retry_on), (SourceState::Stopped, None, None));
}

pub(crate) async fn what_a_person_must_mend_is_failed_and_still_tried(database: TestDatabase) {
    let world = World::new(database).await;
    for kind in [ErrorKind::Unauthorized, ErrorKind::Configuration, ErrorKind::Unauthorized] {
        world.source.on_connect(Fault::Fails(kind));
    }
    let catcher = world.catcher();
    world.source.tell_all(0..1);
    world.acknowledged(1).await;
    assert_eq!(world.keys().await, keys(0..1));
    let expected =
        [SourceState::Connecting, SourceState::Failed, SourceState::Failed, SourceState::Failed, SourceState::Catching];
    assert_eq!(catcher.states(), expected);
    catcher.stop().await;

    world.source.on_connect(Fault::Fails(ErrorKind::Unauthorized));
    let catcher = world.catcher_with((Duration::from_millis(1), LONG));
    until("the failure", async || world.state().await == Some(SourceState::Failed)).await;
    let row = world.row().await;
    let retry = row.retry_on.expect("when it is tried again") - row.now;
    assert!(retry > 300_000_000, "at once after the longest pause, however short the first: {retry}");
    catcher.stop().await;
}

pub(crate) async fn an_empty_answer_forgets_past_trouble(database: TestDatabase) {
    let world = World::new(database).await;
    // Without an answer between them the last of these pauses would take minutes.
    let catcher = world.catcher_with((Duration::from_millis(5), LONG));
    world.catching().await;
    for _ in 0..16 {
        let before = world.source.asked().len();
        world.source.on_next(Fault::Fails(ErrorKind::Connect));
        until("the next connection", async || world.source.asked().len() > before).await;
        world.source.be_quiet();
        until("the answer", async || !world.source.is_about_to_answer()).await;
    }
    world.source.tell_all(0..1);
    world.acknowledged(1).await;
    assert_eq!(world.keys().await, keys(0..1));
    catcher.stop().await;
}
