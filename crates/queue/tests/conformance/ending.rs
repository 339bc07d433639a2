use serde_json::json;
use stocktake_queue::{Backoff, Failed, Queue, QueueError, State};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, World, alone, claim, ids, job, numbered};
use std::time::Duration;

pub(crate) async fn a_result_is_kept(database: TestDatabase) {
    let world = World::new(database).await;
    let put = world.queue.put_all(&(0..4).map(numbered).collect::<Vec<_>>()).await.unwrap();
    let taken = world.take(&["work"], 9).await;
    world.queue.done(&taken[0], Some(&json!({"rows": 3}))).await.unwrap();
    let rest = [(taken[1].clone(), Some(json!([1, "ä"]))), (taken[2].clone(), None), (taken[3].clone(), Some(json!(null)))];
    let cycle = world.queue.done_and_claim(&rest, &claim(&["work"], 9, LONG)).await.unwrap();
    assert!(cycle.claimed.is_empty() && cycle.lost.is_empty(), "{cycle:?}");
    let results = [Some(json!({"rows": 3})), Some(json!([1, "ä"])), None, Some(json!(null))];
    for (id, result) in put.iter().zip(results) {
        let record = world.get(*id).await;
        assert_eq!((record.state, record.result, record.lease_until), (State::Done, result, None));
        assert!(record.ended_on >= record.started_on && record.started_on.unwrap() >= record.created_on);
        assert_eq!(record.owner.as_deref(), Some("worker"), "who did it stays known");
    }
}

pub(crate) async fn what_nobody_looks_at_goes_when_it_is_done(database: TestDatabase) {
    let world = World::new(database).await;
    let first = world.put(alone("work")).await;
    let second = world.put(alone("work")).await;
    let taken = world.next().await;
    world.queue.done_and_gone(&taken).await.unwrap();
    assert!(matches!(world.queue.get(first).await, Err(QueueError::Unknown { .. })));
    assert!(matches!(world.queue.done_and_gone(&taken).await, Err(QueueError::Lost { .. })));
    // Its lane is free; and who was taken over takes nothing away.
    let late = world.next().await;
    world.expire_lease(second).await;
    world.queue.take_back_lost().await.unwrap();
    let holder = world.next().await;
    assert!(matches!(world.queue.done_and_gone(&late).await, Err(QueueError::Lost { .. })));
    world.queue.done_and_gone(&holder).await.unwrap();
    assert_eq!(world.count("select count(*) from jobs").await, 0);
}

pub(crate) async fn a_failed_job_waits_and_is_parked_with_its_causes_after_the_last_attempt(database: TestDatabase) {
    let world = World::new(database).await;
    let patient = Queue::with_backoff(world.queue.store().clone(), Backoff::default());
    let id = world.put(job().max_attempts(2)).await;
    let causes = "cannot refresh cloud 'one'\ncaused by: list servers\ncaused by: 503 from https://nova ä";
    let failed = patient.fail(&world.next().await, causes).await.unwrap();
    let Failed::WillRetry { after } = failed else { panic!("{failed:?}") };
    assert!(after > Duration::from_secs(3) && after <= Duration::from_secs(5), "{after:?}");
    assert!(world.take(&["work"], 1).await.is_empty(), "not before its time");
    let record = world.get(id).await;
    assert_eq!((record.state, record.attempts, record.error.as_deref()), (State::Retrying, 1, Some(causes)));
    assert_eq!((record.ended_on, record.lease_until), (None, None));
    world.queue.retry(id).await.unwrap();
    let second = world.next().await;
    assert_eq!((second.id, second.attempt), (id, 2), "a person need not wait");
    assert_eq!(patient.fail(&second, "again\ncaused by: the same").await.unwrap(), Failed::Parked);
    let record = world.get(id).await;
    assert_eq!(
        (record.state, record.attempts, record.error.as_deref()),
        (State::Parked, 2, Some("again\ncaused by: the same"))
    );
    assert!(record.ended_on.is_some() && world.take(&["work"], 1).await.is_empty());
}

pub(crate) async fn a_hopeless_job_is_parked_at_once(database: TestDatabase) {
    let world = World::new(database).await;
    let id = world.put(job()).await;
    assert_eq!(world.queue.park(&world.next().await, "no such provider").await.unwrap(), Failed::Parked);
    let record = world.get(id).await;
    assert_eq!((record.state, record.attempts, record.error.as_deref()), (State::Parked, 1, Some("no such provider")));
}

pub(crate) async fn a_job_handed_back_has_lost_no_attempt(database: TestDatabase) {
    let world = World::new(database).await;
    let id = world.put(job().max_attempts(1)).await;
    for _ in 0..3 {
        let taken = world.next().await;
        assert_eq!(taken.attempt, 1);
        world.queue.hand_back(&taken, "this worker is to end").await.unwrap();
        let record = world.get(id).await;
        assert_eq!((record.state, record.attempts), (State::Waiting, 0));
        assert_eq!(record.error.as_deref(), Some("this worker is to end"));
    }
}

pub(crate) async fn a_job_handed_back_makes_room_for_the_one_that_waits(database: TestDatabase) {
    let world = World::new(database).await;
    let first = world.put(job().merge_key("k")).await;
    let taken = world.next().await;
    let second = world.put(job().merge_key("k")).await;
    world.queue.hand_back(&taken, "drain").await.unwrap();
    assert_eq!((world.state(first).await, world.state(second).await), (State::Retrying, State::Waiting));
    assert_eq!(ids(&world.take(&["work"], 9).await), [first, second]);
}

pub(crate) async fn who_was_taken_over_changes_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    for job in [job(), alone("work")] {
        let id = world.put(job).await;
        let stale = world.next().await;
        world.expire_lease(id).await;
        let held = world.neighbour().await.claim(&claim(&["work"], 1, LONG)).await.unwrap().remove(0);
        assert!(held.id == id && held.token > stale.token && held.attempt == 2);
        let before = world.get(id).await;
        let queue = &world.queue;
        let lost = [
            queue.beat(&stale, LONG).await.err(),
            queue.done(&stale, None).await.err(),
            queue.fail(&stale, "x").await.err(),
            queue.park(&stale, "x").await.err(),
            queue.hand_back(&stale, "x").await.err(),
            queue.stopped(&stale, "x").await.err(),
        ];
        for error in lost {
            assert!(matches!(error, Some(QueueError::Lost { id: of, .. }) if of == id), "{error:?}");
        }
        assert_eq!(world.get(id).await, before);
        queue.done(&held, None).await.unwrap();
        assert!(queue.done(&held, None).await.unwrap_err().is_lost(), "it ends once");
        assert_eq!(world.state(id).await, State::Done);
    }
}

pub(crate) async fn the_lost_of_a_batch_are_named(database: TestDatabase) {
    let world = World::new(database).await;
    let put = world.queue.put_all(&(0..5).map(numbered).collect::<Vec<_>>()).await.unwrap();
    let taken = world.take(&["work"], 3).await;
    world.expire_lease(put[1]).await;
    assert_eq!(world.queue.take_back_lost().await.unwrap().taken_back, 1);
    let done: Vec<_> = taken.into_iter().map(|job| (job, None)).collect();
    let cycle = world.queue.done_and_claim(&done, &claim(&["work"], 9, LONG)).await.unwrap();
    assert_eq!((ids(&cycle.claimed), cycle.lost), (vec![put[1], put[3], put[4]], vec![put[1]]));
    let done: Vec<_> = cycle.claimed.into_iter().map(|job| (job, None)).collect();
    let last = world.queue.done_and_claim(&done, &claim(&["work"], 0, LONG)).await.unwrap();
    assert!(last.claimed.is_empty() && last.lost.is_empty());
    assert_eq!(world.count("select count(*) from jobs where state = 'done'").await, 5);
}
