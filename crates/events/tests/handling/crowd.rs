use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use stocktake_events::handle::Handled;
use stocktake_events::{HandleError, LANE};
use stocktake_store::{Kind, params};
use stocktake_testkit::TestDatabase;

use super::support::{Noting, World, power};

const HANDLERS: usize = 6;

pub(crate) async fn one_batch_in_many_hands_is_done_once(database: TestDatabase) {
    let world = World::new(database).await;
    for round in 0..10 {
        let rules = Arc::new(Noting::default());
        let mut events: Vec<_> = (0..20).map(|n| power(&format!("{round}-{n}"), &format!("vm-{n}"))).collect();
        // One that cannot be read, which no key keeps from being written twice.
        events[7].body = "{".into();
        let batch = world.batch(&events).await;
        let mut hands = Vec::new();
        for _ in 0..HANDLERS {
            let mut handler = world.neighbour().await;
            handler.consequences = Arc::<Noting>::clone(&rules);
            hands.push(tokio::spawn(async move { handler.handle(batch).await.unwrap() }));
        }
        let done: Vec<Option<Handled>> = join_all(hands).await.into_iter().map(Result::unwrap).collect();
        assert_eq!(done.iter().flatten().count(), 1, "{done:?}");
        assert_eq!(world.count("events").await, 19 * (round + 1));
        assert_eq!(world.count("notes where event_id is not null").await, 19 * (round + 1));
        assert_eq!(world.count("events_aside").await, round + 1);
    }
    assert_eq!(world.count("refresh_targets where asked = 10").await, 20, "19 VMs and the rule's volumes, once a batch");
}

/// Every event is in three batches, in other company and order each time, and all are handled at once.
pub(crate) async fn events_in_many_batches_at_once_are_stored_asked_and_ruled_once(database: TestDatabase) {
    const EVENTS: usize = 240;
    let world = World::new(database).await;
    let rules = Arc::new(Noting::default());
    let mut batches = Vec::new();
    for (step, chunk) in [(1, 20), (7, 30), (EVENTS - 1, 24)] {
        let order: Vec<usize> = (0..EVENTS).map(|n| n * step % EVENTS).collect();
        for part in order.chunks(chunk) {
            // One event a VM: how often it was asked for is how often its event was routed.
            let events: Vec<_> = part.iter().map(|n| power(&format!("k{n}"), &format!("vm-{n}"))).collect();
            batches.push(world.batch(&events).await);
        }
    }
    let mut handlers = Vec::new();
    for hand in 0..HANDLERS {
        let mut handler = world.neighbour().await;
        handler.consequences = Arc::<Noting>::clone(&rules);
        let mine: Vec<_> = batches.iter().copied().skip(hand).step_by(HANDLERS).collect();
        handlers.push(tokio::spawn(async move {
            let mut stored = 0;
            for batch in mine {
                loop {
                    match handler.handle(batch).await {
                        Ok(handled) => break stored += handled.expect("nobody else has it").stored,
                        // As its job would be: again.
                        Err(HandleError::Crowded { .. }) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            }
            stored
        }));
    }
    let stored: usize = join_all(handlers).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(stored, EVENTS);
    assert_eq!(world.count("events").await, EVENTS as i64);
    assert_eq!(world.count("notes").await, EVENTS as i64, "each ruled once");
    assert_eq!(
        world.count("refresh_targets where collection = 'vms' and asked = 1").await,
        EVENTS as i64,
        "each asked once"
    );
    assert_eq!(world.count(&format!("event_types where seen = {EVENTS}")).await, 1, "each counted once");
    assert_eq!(world.count("event_batches").await, 0);
}

pub(crate) async fn what_was_not_committed_never_was(database: TestDatabase) {
    let world = World::new(database).await;
    let rules = Arc::new(Noting::default());
    rules.refuse.store(1, Ordering::SeqCst);
    let mut handler = world.handler();
    handler.consequences = Arc::<Noting>::clone(&rules);
    let batch = world.batch(&[power("k", "a"), power("l", "b")]).await;
    handler.handle(batch).await.unwrap_err();
    for table in ["events", "notes", "refresh_targets", "jobs", "event_types"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    assert_eq!(handler.handle(batch).await.unwrap().map(|handled| handled.stored), Some(2));
    assert_eq!((world.count("events").await, world.count("notes").await, world.count("event_batches").await), (2, 2, 0));
}

/// As kill -9 leaves it: the job is claimed, nothing else happened, and its lease runs out.
pub(crate) async fn a_handler_that_died_before_it_committed_is_done_again_and_once(database: TestDatabase) {
    let world = World::new(database).await;
    world.caught(&[power("k", "a")]).await;
    let dead = world.claim(LANE).await.expect("a batch waits");
    assert!(world.claim(LANE).await.is_none(), "it is held");
    expire(&world).await;
    let next = world.claim(LANE).await.expect("the lost job comes back");
    assert_eq!((next.id, next.attempt), (dead.id, 2));
    let batch = next.payload["batch"].as_i64().unwrap();
    assert_eq!(world.handler().handle(batch).await.unwrap().map(|handled| handled.stored), Some(1));
    // The dead one was only slow, and goes on.
    assert_eq!(world.neighbour().await.handle(batch).await.unwrap(), None);
    world.queue.done(&next, None).await.unwrap();
    world.queue.done(&dead, None).await.unwrap_err();
    assert_eq!((world.keys().await, world.asked().await), (vec!["k".to_owned()], vec!["vms=a 1".to_owned()]));
}

pub(crate) async fn a_handler_that_died_after_it_committed_changes_nothing_more(database: TestDatabase) {
    let world = World::new(database).await;
    world.caught(&[power("k", "a")]).await;
    let dead = world.claim(LANE).await.expect("a batch waits");
    let batch = dead.payload["batch"].as_i64().unwrap();
    world.handler().handle(batch).await.unwrap().expect("done");
    expire(&world).await;
    let next = world.claim(LANE).await.expect("nobody ended it");
    assert_eq!(world.handler().handle(batch).await.unwrap(), None);
    world.queue.done(&next, None).await.unwrap();
    assert_eq!((world.keys().await.len(), world.asked().await), (1, vec!["vms=a 1".to_owned()]));
}

pub(crate) async fn nothing_is_stored_for_a_provider_that_is_gone(database: TestDatabase) {
    let world = World::new(database).await;
    let batch = world.batch(&[power("k", "a")]).await;
    // Also by who read the batch before the provider went.
    let again = "insert into event_batches (id, provider_id, events, body) values ($1, $2, 1, $3)";
    let body: Vec<u8> = world.store.query_one("select body from event_batches", &[]).await.unwrap().get(0).unwrap();
    world.store.execute("delete from providers", &[]).await.unwrap();
    if world.count("event_batches").await == 0 {
        // The table does not take it either.
        world.store.execute(again, &params![batch, world.provider, body]).await.unwrap_err();
        assert_eq!(world.handler().handle(batch).await.unwrap(), None);
    } else {
        world.handler().handle(batch).await.unwrap_err();
    }
    assert_eq!((world.count("events").await, world.count("jobs").await), (0, 0));
}

async fn expire(world: &World) {
    let past = if world.store.kind() == Kind::Postgres { "now() - interval '1 second'" } else { "now() - 1000000" };
    let sql = format!("update jobs set lease_until = {past} where state = 'running'");
    assert_eq!(world.store.execute(&sql, &[]).await.unwrap(), 1);
    world.queue.take_back_lost().await.unwrap();
}
