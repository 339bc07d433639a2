use std::time::Duration;

use stocktake_queue::{Beat, Priority, State, Tended};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, SHORT, World, claim, ids, job, numbered, until};

pub(crate) async fn a_killed_holders_job_goes_to_another(database: TestDatabase) {
    let world = World::new(database).await;
    let id = world.put(job()).await;
    let killed = world.queue.claim(&claim(&["work"], 1, Duration::from_millis(300))).await.unwrap().remove(0);
    let other = world.neighbour().await;
    assert!(other.claim(&claim(&["work"], 1, LONG)).await.unwrap().is_empty(), "it is held");
    drop(killed);
    let mut taken = Vec::new();
    while taken.is_empty() {
        taken = other.claim(&claim(&["work"], 1, LONG)).await.unwrap();
    }
    assert_eq!((taken[0].id, taken[0].attempt), (id, 2));
    let record = world.get(id).await;
    assert!(record.error.unwrap().contains("the lease of worker ran out"));
}

pub(crate) async fn a_job_that_kills_its_workers_is_parked(database: TestDatabase) {
    let world = World::new(database).await;
    let id = world.put(job().max_attempts(3)).await;
    for attempt in 1..=3 {
        let taken = world.next().await;
        assert_eq!((taken.id, taken.attempt), (id, attempt));
        world.expire_lease(id).await;
        let expected = if attempt < 3 {
            Tended { taken_back: 1, ..Tended::default() }
        } else {
            Tended { parked: 1, ..Tended::default() }
        };
        assert_eq!(world.queue.take_back_lost().await.unwrap(), expected);
    }
    assert!(world.take(&["work"], 1).await.is_empty());
    let record = world.get(id).await;
    assert_eq!((record.state, record.attempts), (State::Parked, 3));
    assert!(record.error.unwrap().contains("ran out"));
}

pub(crate) async fn heartbeats_keep_a_job(database: TestDatabase) {
    let world = World::new(database).await;
    let id = world.put(job()).await;
    let taken = world.next().await;
    for _ in 0..3 {
        // The lease is over, but nobody has taken the job away.
        world.expire_lease(id).await;
        assert_eq!(world.queue.beat(&taken, LONG).await.unwrap(), Beat::Held);
        assert_eq!(world.queue.take_back_lost().await.unwrap(), Tended::default());
    }
    let until = world.get(id).await.lease_until.unwrap();
    assert!(until - world.get(id).await.started_on.unwrap() > 500_000_000);
    world.queue.done(&taken, None).await.unwrap();
}

pub(crate) async fn what_comes_too_late_is_cancelled(database: TestDatabase) {
    let world = World::new(database).await;
    let late = world.put(job().expires_in(SHORT)).await;
    let kept = world.put(job().expires_in(LONG)).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(ids(&world.take(&["work"], 9).await), [kept], "skipped, whether or not anybody tended");
    until("it is cancelled", || async {
        world.queue.take_back_lost().await.unwrap();
        world.state(late).await == State::Cancelled
    })
    .await;
    let record = world.get(late).await;
    assert_eq!(record.error.as_deref(), Some("it expired before a worker was free for it"));
    assert!(record.ended_on.is_some() && record.attempts == 0);
    assert_eq!(world.state(kept).await, State::Running, "what runs in time may take its time");
}

pub(crate) async fn the_old_become_urgent(database: TestDatabase) {
    let world = World::new(database).await;
    let old = world.put(job().priority(Priority::LOW)).await;
    let more = if world.is_postgres() { "interval '1 hour'" } else { "3600000000" };
    let age = format!("update jobs set created_on = created_on - {more}, run_after = run_after - {more}");
    world.queue.store().execute(&age, &[]).await.unwrap();
    let new = world.put(job().priority(Priority::LOW)).await;
    let first = world.put(job().priority(Priority(-5))).await;
    assert_eq!(world.queue.raise_old(Duration::from_mins(30)).await.unwrap(), 1);
    assert_eq!(world.queue.raise_old(Duration::from_mins(30)).await.unwrap(), 0);
    let normal = world.put(job()).await;
    assert_eq!(ids(&world.take(&["work"], 9).await), [first, old, normal, new]);
}

pub(crate) async fn ended_jobs_are_purged_in_windows_and_parked_ones_stay(database: TestDatabase) {
    let world = World::new(database).await;
    let put = world.queue.put_all(&(0..25).map(numbered).collect::<Vec<_>>()).await.unwrap();
    let taken = world.take(&["work"], 24).await;
    world.queue.park(&taken[0], "no").await.unwrap();
    let done: Vec<_> = taken[2..].iter().map(|job| (job.clone(), None)).collect();
    world.queue.done_and_claim(&done, &claim(&[], 0, LONG)).await.unwrap();
    world.queue.cancel(put[24]).await.unwrap();
    assert_eq!(world.queue.purge(LONG, 10).await.unwrap(), 0, "kept for their time");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(world.queue.purge(Duration::ZERO, 10).await.unwrap(), 23);
    assert_eq!(world.state(put[0]).await, State::Parked);
    assert_eq!(world.state(put[1]).await, State::Running);
    assert_eq!(world.count("select count(*) from jobs").await, 2);
}
