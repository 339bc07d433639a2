use std::time::Duration;

use stocktake_queue::{Filter, JobId, JobRecord, Lane, NewJob, State};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, World, alone, job};

fn found(jobs: &[JobRecord]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

pub(crate) async fn jobs_are_listed_by_what_is_asked(database: TestDatabase) {
    let world = World::new(database).await;
    let a = world.put(NewJob::new("purge", Lane::shared("bulk"))).await;
    let b = world.put(NewJob::new("remove", Lane::shared("bulk"))).await;
    let c = world.put(NewJob::new("purge", Lane::shared("small"))).await;
    world.queue.cancel(b).await.unwrap();
    let list = async |lanes: &[&str], kinds: &[&str], states: &[State], limit| {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let filter = Filter { lanes: texts(lanes), kinds: texts(kinds), states: states.to_vec(), limit };
        found(&world.queue.list(&filter).await.unwrap())
    };
    assert_eq!(list(&[], &[], &[], 9).await, [c, b, a]);
    assert_eq!(list(&[], &[], &[], 2).await, [c, b]);
    assert_eq!(list(&["bulk"], &[], &[], 9).await, [b, a]);
    assert_eq!(list(&["bulk", "small"], &["purge"], &[], 9).await, [c, a]);
    assert_eq!(list(&["bulk"], &["purge", "remove"], &[State::Cancelled, State::Done], 9).await, [b]);
    assert!(list(&["none"], &[], &[], 9).await.is_empty());
}

pub(crate) async fn depths_count_what_is_open(database: TestDatabase) {
    let world = World::new(database).await;
    assert!(world.queue.depths().await.unwrap().is_empty());
    world.queue.put_all(&[job(), job(), job(), job().delay(LONG), job(), alone("lone").delay(LONG)]).await.unwrap();
    let taken = world.take(&["work"], 3).await;
    world.queue.park(&taken[0], "no").await.unwrap();
    world.queue.done(&taken[1], None).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let depths = world.queue.depths().await.unwrap();
    let shown: Vec<_> = depths.iter().map(|d| (d.lane.as_str(), d.state, d.jobs, d.oldest_due.is_some())).collect();
    assert_eq!(
        shown,
        [
            ("lone", State::Waiting, 1, false),
            ("work", State::Parked, 1, false),
            ("work", State::Running, 1, false),
            ("work", State::Waiting, 2, true),
        ]
    );
    assert!(depths[3].oldest_due.unwrap() >= Duration::from_millis(20));
}
