use stocktake_queue::{Beat, Failed, JobId, QueueError, State};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, World, ids, job};

pub(crate) async fn a_parked_job_is_retried_with_all_its_attempts(database: TestDatabase) {
    let world = World::new(database).await;
    let id = world.put(job().max_attempts(1).expires_in(LONG)).await;
    world.queue.fail(&world.next().await, "no").await.unwrap();
    assert_eq!(world.state(id).await, State::Parked);
    world.queue.retry(id).await.unwrap();
    let record = world.get(id).await;
    assert_eq!((record.state, record.attempts, record.ended_on), (State::Waiting, 0, None));
    assert_eq!((record.expires_on, record.error.as_deref()), (None, Some("no")), "why it failed stays known until it runs");
    let taken = world.next().await;
    assert_eq!((taken.id, taken.attempt), (id, 1));
    world.queue.done(&taken, None).await.unwrap();
    assert_eq!(world.get(id).await.error, None);
}

pub(crate) async fn a_retry_keeps_apart_from_the_one_that_waits(database: TestDatabase) {
    let world = World::new(database).await;
    let parked = world.put(job().merge_key("k")).await;
    world.queue.park(&world.next().await, "no").await.unwrap();
    let waiting = world.put(job().merge_key("k")).await;
    world.queue.retry(parked).await.unwrap();
    assert_eq!((world.state(parked).await, world.state(waiting).await), (State::Retrying, State::Waiting));
    assert_eq!(ids(&world.take(&["work"], 9).await), [parked, waiting]);
}

pub(crate) async fn a_waiting_job_is_cancelled_at_once(database: TestDatabase) {
    let world = World::new(database).await;
    let id = world.put(job().merge_key("k")).await;
    assert_eq!(world.queue.cancel(id).await.unwrap(), State::Cancelled);
    assert!(world.take(&["work"], 1).await.is_empty());
    world.put(job().merge_key("k")).await;
    world.queue.retry(id).await.unwrap();
    assert_eq!(world.take(&["work"], 9).await.len(), 2, "it was not the end of it");
}

pub(crate) async fn a_running_job_is_told_to_stop(database: TestDatabase) {
    let world = World::new(database).await;
    for how in 0..5 {
        let id = world.put(job()).await;
        let taken = world.next().await;
        assert_eq!(world.queue.cancel(id).await.unwrap(), State::Running);
        assert_eq!(world.queue.beat(&taken, LONG).await.unwrap(), Beat::Cancel);
        let queue = &world.queue;
        match how {
            0 => queue.stopped(&taken, "stopped while it listed").await.unwrap(),
            1 => assert_eq!(queue.fail(&taken, "cut off").await.unwrap(), Failed::Cancelled),
            2 => queue.hand_back(&taken, "drain").await.unwrap(),
            3 => assert_eq!(queue.park(&taken, "cut off").await.unwrap(), Failed::Cancelled),
            _ => {
                world.expire_lease(id).await;
                queue.take_back_lost().await.unwrap();
            }
        }
        let record = world.get(id).await;
        assert_eq!(record.state, State::Cancelled, "{how}");
        assert!(record.ended_on.is_some() && record.error.is_some(), "{record:?}");
        assert!(world.take(&["work"], 1).await.is_empty(), "it never runs again");
    }
    let id = world.put(job()).await;
    let taken = world.next().await;
    world.queue.cancel(id).await.unwrap();
    world.queue.done(&taken, None).await.unwrap();
    assert_eq!(world.state(id).await, State::Done, "too late to stop it");
}

pub(crate) async fn what_cannot_be_done_is_said(database: TestDatabase) {
    let world = World::new(database).await;
    let queue = &world.queue;
    let nobody = JobId(4711);
    for error in [
        queue.retry(nobody).await.unwrap_err(),
        queue.cancel(nobody).await.unwrap_err(),
        queue.get(nobody).await.unwrap_err(),
    ] {
        assert_eq!(error.to_string(), "job 4711 does not exist; `stocktake queue ls` shows those that do");
    }
    let id = world.put(job()).await;
    assert!(matches!(queue.retry(id).await, Err(QueueError::NotNow { state: State::Waiting, .. })));
    let taken = world.next().await;
    assert!(matches!(queue.retry(id).await, Err(QueueError::NotNow { state: State::Running, .. })));
    queue.done(&taken, None).await.unwrap();
    assert_eq!(queue.retry(id).await.unwrap_err().to_string(), format!("job {id} is done: it has succeeded"));
    assert_eq!(queue.cancel(id).await.unwrap_err().to_string(), format!("job {id} is done: it has ended already"));
}
