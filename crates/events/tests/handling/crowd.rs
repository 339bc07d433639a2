use std::sync::Arc;
use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use stocktake_events::LANE;
use stocktake_events::handle::Handled;
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
                stored += handler.handle(batch).await.expect("without an attempt more").expect("nobody else has it").stored;
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

/// The same events in opposite orders: whoever met a key second waits for the first, and never the first for the second.
pub(crate) async fn redelivered_in_another_order_nobody_waits_in_a_circle(database: TestDatabase) {
    let world = World::new(database).await;
    let events: Vec<_> = (0..500).map(|n| power(&format!("k{n}"), "a")).collect();
    let back: Vec<_> = events.iter().rev().cloned().collect();
    for round in 0..10 {
        let (one, other) = (world.batch(&events).await, world.batch(&back).await);
        let (one, other) = (world.slow(one).await, world.slow(other).await);
        let (one, other) = tokio::join!(one.go_on(), other.go_on());
        let stored = [one, other].map(|handled| handled.expect("each has its own").stored);
        assert!(stored == [500, 0] || stored == [0, 500], "round {round}: {stored:?}");
        world.store.execute("delete from events", &[]).await.unwrap();
    }
    if world.store.kind() == Kind::Postgres {
        let sql = "select deadlocks from pg_stat_database where datname = current_database()";
        assert_eq!(world.store.query_one(sql, &[]).await.unwrap().get::<i64>(0).unwrap(), 0);
    }
}

/// The stream is read by ids, and keys are met in another order.
pub(crate) async fn ids_rise_as_events_came(database: TestDatabase) {
    let world = World::new(database).await;
    let keys: Vec<_> = (0..50).map(|n| format!("k{}", n * 7 % 50)).collect();
    world.handle(&keys.iter().map(|key| power(key, "a")).collect::<Vec<_>>()).await;
    let rows = world.store.query("select key from events order by id", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0).unwrap()).collect::<Vec<String>>(), keys);
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
    let batch = dead.payload["batch"].as_i64().unwrap();
    let slow = world.slow(batch).await;
    expire(&world).await;
    let next = world.claim(LANE).await.expect("the lost job comes back");
    assert_eq!((next.id, next.attempt), (dead.id, 2));
    assert_eq!(world.handler().handle(batch).await.unwrap().map(|handled| handled.stored), Some(1));
    // The dead one was only slow, and goes on.
    assert_eq!(slow.go_on().await, None);
    world.queue.done(&next, None).await.unwrap();
    world.queue.done(&dead, None).await.unwrap_err();
    assert_eq!((world.keys().await, world.asked().await), (vec!["k".to_owned()], vec!["vms=a 1".to_owned()]));
}

pub(crate) async fn a_handler_that_died_after_it_committed_changes_nothing_more(database: TestDatabase) {
    let world = World::new(database).await;
    world.caught(&[power("k", "a")]).await;
    let dead = world.claim(LANE).await.expect("a batch waits");
    let batch = dead.payload["batch"].as_i64().unwrap();
    expire(&world).await;
    let next = world.claim(LANE).await.expect("nobody ended it");
    // It has read the batch when the first commits, and dies before it says so.
    let reader = world.slow(batch).await;
    world.handler().handle(batch).await.unwrap().expect("done");
    assert_eq!(reader.go_on().await, None);
    assert_eq!(world.neighbour().await.handle(batch).await.unwrap(), None, "nor one that comes later");
    world.queue.done(&next, None).await.unwrap();
    assert_eq!((world.keys().await.len(), world.asked().await), (1, vec!["vms=a 1".to_owned()]));
}

/// What it has read is handled by another, and a new batch waits where the old one was: it is not this handler's.
pub(crate) async fn a_late_handler_takes_no_later_batch_away(database: TestDatabase) {
    let world = World::new(database).await;
    for (round, restored) in [(0, false), (1, true)] {
        let old = world.batch(&[power(&format!("x{round}"), "a")]).await;
        let late = world.slow(old).await;
        assert_eq!(world.handler().handle(old).await.unwrap().map(|handled| handled.stored), Some(1));
        let new = world.batch(&[power(&format!("y{round}"), "b")]).await;
        // As in a database whose ids begin again.
        let id = if restored { old } else { new };
        world.store.execute("update event_batches set id = $1 where id = $2", &params![id, new]).await.unwrap();
        assert_eq!(late.go_on().await, None);
        let handled = world.handler().handle(id).await.unwrap();
        assert_eq!(handled.map(|handled| handled.stored), Some(1), "round {round}: it waits for its own handler");
    }
    assert_eq!(world.keys().await, ["x0", "x1", "y0", "y1"]);
}

pub(crate) async fn ids_of_batches_and_events_are_given_once(database: TestDatabase) {
    let world = World::new(database).await;
    let (mut batches, mut events) = (Vec::new(), Vec::new());
    for n in 0..3 {
        let batch = world.batch(&[power(&n.to_string(), "a")]).await;
        world.handler().handle(batch).await.unwrap().expect("done");
        batches.push(batch);
        events.push(world.store.query_one("select id from events", &[]).await.unwrap().get::<i64>(0).unwrap());
        world.store.execute("delete from events", &[]).await.unwrap();
    }
    assert!(batches.is_sorted_by(|a, b| a < b), "{batches:?}");
    assert!(events.is_sorted_by(|a, b| a < b), "{events:?}");
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
