//! What comes is stored before it is acknowledged, and all of it.

use std::collections::BTreeSet;

use serde_json::json;
use stocktake_events::{End, HANDLE};
use stocktake_provider::RawEvent;
use stocktake_store::registry::{self, AsideFilter, SourceState};
use stocktake_testkit::TestDatabase;
use stocktake_testkit::scripted::{Fault, ScriptedSource};

use crate::support::{MOST, World, keys, until};

pub(crate) async fn what_is_told_is_a_batch_with_its_job(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.catching().await;
    for n in 0..2 {
        world.source.tell(ScriptedSource::event(n));
        world.acknowledged(n + 1).await;
    }
    assert_eq!(world.batches().await, [vec![ScriptedSource::event(0)], vec![ScriptedSource::event(1)]]);
    let row = world.row().await;
    assert_eq!((row.received, row.poisoned, row.gaps, row.waiting_batches, row.waiting_events), (2, 0, 0, 2, 2));
    assert!(row.last_event_on.is_some() && row.waiting_since.is_some() && row.is_connected());
    let sql = "select id from event_batches order by id";
    let ids: Vec<i64> = world.store.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0).unwrap()).collect();
    let mut jobs: Vec<_> = world.handle_jobs().await.into_iter().map(|job| (job.kind, job.payload)).collect();
    jobs.sort_by_key(|(_, payload)| payload["batch"].as_i64());
    let job = |id: &i64| (HANDLE.to_owned(), json!({"provider": world.provider, "batch": id}));
    assert_eq!(jobs, ids.iter().map(job).collect::<Vec<_>>(), "each batch has its own job, which names it");
    assert_eq!(catcher.stop().await, End::Stopped);
    assert_eq!(world.state().await, Some(SourceState::Stopped));
}

pub(crate) async fn a_storm_comes_in_batches_up_to_the_limit_and_none_is_missed(database: TestDatabase) {
    const ALL: usize = 2_000;
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.catching().await;
    // Faster than anybody stores.
    for from in (0..ALL).step_by(20) {
        world.source.tell_all(from..from + 20);
        tokio::task::yield_now().await;
    }
    world.acknowledged(ALL).await;
    assert_eq!(world.keys().await, keys(0..ALL), "each once, and in their order");
    let batches = world.batches().await;
    assert!(batches.iter().all(|batch| batch.len() <= MOST));
    assert!(batches.iter().any(|batch| batch.len() == MOST), "batches grow while one is stored");
    assert_eq!(world.handle_jobs().await.len(), batches.len());
    assert_eq!(world.row().await.received, ALL as i64);
    catcher.stop().await;
}

/// Stored twice: the source cannot know that it was stored, and to ask the database for each event whether it is there would
/// cost more than to drop it when it is handled, which must be done anyway.
pub(crate) async fn one_killed_before_it_said_stored_is_told_again(database: TestDatabase) {
    let world = World::new(database).await;
    let first = world.catcher();
    world.catching().await;
    world.source.on_stored(Fault::Hangs);
    world.source.tell_all(0..3);
    until("the batch", async || world.keys().await.len() == 3).await;
    until("the killer's moment", async || world.source.faults_left() == 0).await;
    assert_eq!(world.source.acknowledged(), 0);
    first.kill().await;
    assert_eq!(world.state().await, Some(SourceState::Catching), "one that is killed says nothing");
    let second = world.catcher();
    world.acknowledged(3).await;
    assert_eq!(world.keys().await, [keys(0..3), keys(0..3)].concat(), "once more, and none is missing");
    world.source.tell_all(3..5);
    world.acknowledged(5).await;
    let known: BTreeSet<_> = world.keys().await.into_iter().collect();
    assert_eq!(known, keys(0..5).into_iter().collect());
    second.stop().await;
}

pub(crate) async fn poison_is_kept_aside_and_harms_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.source.tell_all(0..1);
    world.source.poison("it is no JSON: \0", b"\0\xff{".to_vec());
    world.source.poison("it is too long", vec![b'x'; 1 << 20]);
    world.source.tell_all(1..2);
    world.acknowledged(4).await;
    assert_eq!(world.keys().await, keys(0..2));
    let row = world.row().await;
    assert_eq!((row.received, row.poisoned), (2, 2));
    let filter = AsideFilter { provider: Some(world.provider), before: None, limit: 10 };
    let aside = registry::events_aside(&world.store, &filter).await.unwrap();
    let seen: Vec<_> = aside.iter().map(|a| (a.reason.as_str(), a.body.len(), a.provider.as_str())).collect();
    assert_eq!(seen, [("it is too long", 64 << 10, "cloud"), ("it is no JSON: \u{fffd}", 3, "cloud")]);
    let older = AsideFilter { before: Some(aside[0].id), limit: 1, ..filter };
    assert_eq!(registry::events_aside(&world.store, &older).await.unwrap(), aside[1..]);
    catcher.stop().await;
}

pub(crate) async fn what_is_large_is_cut_into_batches_and_too_large_is_set_aside(database: TestDatabase) {
    let world = World::new(database).await;
    let sized = |n: usize, mebibytes: usize| RawEvent {
        body: format!("\"{}\"", "x".repeat(mebibytes << 20)).into(),
        ..ScriptedSource::event(n)
    };
    for (n, mebibytes) in [3, 3, 9, 1].into_iter().enumerate() {
        world.source.tell(sized(n, mebibytes));
    }
    let catcher = world.catcher();
    world.acknowledged(4).await;
    let keys: Vec<Vec<String>> =
        world.batches().await.into_iter().map(|batch| batch.into_iter().map(|event| event.key).collect()).collect();
    let key = |n: usize| ScriptedSource::event(n).key;
    assert_eq!(keys, [vec![key(0)], vec![key(1)], vec![key(3)]], "what is too large parts those beside it");
    assert_eq!(world.handle_jobs().await.len(), 3);
    let row = world.row().await;
    assert_eq!((row.received, row.poisoned), (3, 1));
    let filter = AsideFilter { provider: Some(world.provider), before: None, limit: 10 };
    let aside = registry::events_aside(&world.store, &filter).await.unwrap();
    assert_eq!(aside[0].body.len(), 64 << 10);
    assert!(aside[0].reason.contains("events of more than 8388608 are not handled"), "{}", aside[0].reason);
    catcher.stop().await;
}

pub(crate) async fn asked_to_stop_it_leaves_what_it_did_not_store(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.source.tell_all(0..2);
    world.acknowledged(2).await;
    catcher.stop().await;
    world.source.tell_all(2..5);
    assert_eq!(world.keys().await, keys(0..2));
    let catcher = world.catcher();
    world.acknowledged(5).await;
    assert_eq!(world.keys().await, keys(0..5));
    assert_eq!(world.row().await.gaps, 0);
    assert_eq!(catcher.stop().await, End::Stopped);
}

pub(crate) async fn a_removed_provider_ends_it_and_leaves_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let catcher = world.catcher();
    world.source.tell_all(0..2);
    world.source.poison("it is no JSON", b"x".to_vec());
    world.acknowledged(3).await;
    registry::remove(&world.store, world.provider, |_| {}).await.unwrap();
    world.source.tell_all(2..3);
    assert_eq!(catcher.ended().await, End::Removed);
    for table in ["event_sources", "event_batches", "events_aside", "events", "refresh_targets"] {
        let sql = format!("select count(*) from {table}");
        let left: i64 = world.store.query_one(&sql, &[]).await.unwrap().get(0).unwrap();
        assert_eq!(left, 0, "{table}: the id may be given again");
    }
    assert_eq!(world.source.acknowledged(), 3, "what nobody stored is not said to be stored");
}
