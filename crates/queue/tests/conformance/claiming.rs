use std::time::Duration;

use stocktake_queue::{Lane, NewJob, Priority};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, World, alone, claim, ids, job, until};

fn on(lane: &str) -> NewJob {
    NewJob::new("test", Lane::shared(lane))
}

pub(crate) async fn the_urgent_come_first_then_the_oldest(database: TestDatabase) {
    let world = World::new(database).await;
    let mut put = Vec::new();
    for priority in [Priority::NORMAL, Priority::LOW, Priority::HIGH, Priority::NORMAL, Priority::HIGH, Priority(-1)] {
        put.push(world.put(job().priority(priority)).await);
    }
    let expected = [5, 2, 4, 0, 3, 1].map(|n: usize| put[n]);
    assert_eq!(ids(&world.take(&["work"], 2).await), expected[..2]);
    assert_eq!(world.next().await.id, expected[2]);
    assert_eq!(ids(&world.take(&["work"], 9).await), expected[3..]);
    assert!(world.take(&["work"], 9).await.is_empty());
}

pub(crate) async fn lanes_are_taken_in_the_workers_order(database: TestDatabase) {
    let world = World::new(database).await;
    let bulk = world.put(on("bulk").priority(Priority::HIGH)).await;
    let bulk_2 = world.put(on("bulk")).await;
    let small = world.put(on("small").priority(Priority::LOW)).await;
    let other = world.put(on("other")).await;
    assert!(world.take(&[], 9).await.is_empty() && world.take(&["small"], 0).await.is_empty());
    assert_eq!(ids(&world.take(&["small", "bulk"], 2).await), [small, bulk], "small work first, however urgent bulk is");
    let small_2 = world.put(on("small")).await;
    assert_eq!(ids(&world.take(&["small", "bulk"], 9).await), [small_2, bulk_2]);
    assert_eq!(ids(&world.take(&["other"], 9).await), [other]);
}

pub(crate) async fn more_lanes_than_one_statement_takes(database: TestDatabase) {
    let world = World::new(database).await;
    let names: Vec<String> = (0..100).map(|n| format!("lane {n}")).collect();
    let lanes: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut put = Vec::new();
    for lane in lanes.iter().rev() {
        put.push(world.put(on(lane)).await);
    }
    put.reverse();
    let mut taken = ids(&world.take(&lanes, 30).await);
    assert_eq!(taken, put[..30]);
    let rest = world.take(&lanes, 99).await;
    let again = world.put(on("lane 99")).await;
    let done: Vec<_> = rest.iter().map(|job| (job.clone(), None)).collect();
    let cycle = world.queue.done_and_claim(&done, &claim(&lanes, 99, LONG)).await.unwrap();
    assert_eq!((ids(&cycle.claimed), cycle.lost), (vec![again], vec![]));
    taken.extend(ids(&rest));
    assert_eq!(taken, put);
}

pub(crate) async fn nothing_is_taken_before_its_time(database: TestDatabase) {
    let world = World::new(database).await;
    let late = world.put(job().delay(LONG).priority(Priority::HIGH)).await;
    let soon = world.put(job().delay(Duration::from_millis(100))).await;
    let before = world.get(late).await;
    until("the job is due", || async { ids(&world.take(&["work"], 9).await) == [soon] }).await;
    assert!(world.queue.next_due(&["work".to_owned()]).await.unwrap().unwrap() > Duration::from_mins(9));
    assert_eq!(world.get(late).await, before);
    let record = world.get(soon).await;
    assert!(record.started_on.unwrap() >= record.run_after, "{record:?}");
}

pub(crate) async fn of_an_exclusive_lane_one_runs(database: TestDatabase) {
    let world = World::new(database).await;
    let first = world.put(alone("refresh:1")).await;
    let second = world.put(alone("refresh:1").priority(Priority::HIGH)).await;
    let other = world.put(alone("refresh:2")).await;
    let lanes = ["refresh:1", "refresh:2"];
    let taken = world.take(&lanes, 9).await;
    assert_eq!(ids(&taken), [second, other], "one of each lane");
    assert!(world.take(&lanes, 9).await.is_empty());
    world.queue.fail(&taken[0], "no").await.unwrap();
    let again = world.take(&lanes, 9).await;
    assert_eq!(ids(&again), [second], "it is due again and more urgent");
    world.queue.done(&again[0], None).await.unwrap();
    assert_eq!(ids(&world.take(&lanes, 9).await), [first]);
}

pub(crate) async fn acknowledging_frees_an_exclusive_lane_for_the_next(database: TestDatabase) {
    let world = World::new(database).await;
    let put = world.queue.put_all(&[alone("l"), alone("l"), alone("l")]).await.unwrap();
    let asks = claim(&["l"], 5, LONG);
    let mut taken = world.queue.claim(&asks).await.unwrap();
    let mut run = Vec::new();
    while let Some(job) = taken.pop() {
        run.push(job.id);
        taken = world.queue.done_and_claim(&[(job, None)], &asks).await.unwrap().claimed;
        assert!(taken.len() <= 1);
    }
    assert_eq!(run, put);
}

/// As when an inventory is written into the same SQLite file by another process.
pub(crate) async fn who_finds_nothing_waits_for_no_writer(database: TestDatabase) {
    let world = World::new(database).await;
    let other = world.neighbour().await;
    let writing = other.store().begin().await.unwrap();
    let looked = tokio::time::timeout(Duration::from_secs(20), world.take(&["work"], 3)).await;
    assert_eq!(looked.expect("a look takes no lock").len(), 0);
    let queue = world.queue.clone();
    let putting = tokio::spawn(async move { queue.put(&job()).await });
    writing.commit().await.unwrap();
    let id = putting.await.unwrap().unwrap();
    assert_eq!(world.next().await.id, id);
}
