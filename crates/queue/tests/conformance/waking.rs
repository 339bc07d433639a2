use std::time::{Duration, Instant};

use stocktake_queue::{Queue, Wakes, Woken};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, World, alone, claim, job, until};

/// Beyond any doubt that it was the signal: nothing else would wake before a test is given up.
const PERIOD: Duration = Duration::from_mins(2);
const DEADLINE: Duration = Duration::from_secs(20);

fn lanes() -> Vec<String> {
    vec!["work".to_owned()]
}

async fn woken(wakes: &mut Wakes) -> Woken {
    tokio::time::timeout(DEADLINE, wakes.wait(PERIOD)).await.expect("nothing woke it").unwrap()
}

/// Listens, and is connected: what is said from now on is heard.
async fn listening(queue: &Queue, by: &Queue) -> Wakes {
    let mut wakes = queue.wakes(&lanes());
    until("signals arrive", || {
        by.announce(["work"]);
        async { true }
    })
    .await;
    assert_eq!(woken(&mut wakes).await, Woken::Signal);
    quiet(&mut wakes).await;
    wakes
}

/// Until nothing more is under way.
async fn quiet(wakes: &mut Wakes) {
    while wakes.wait(Duration::from_millis(300)).await.unwrap() == Woken::Signal {}
}

pub(crate) async fn a_put_wakes_who_waits_in_another_process(database: TestDatabase) {
    let world = World::new(database).await;
    let (near, far) = (world.queue.clone(), world.neighbour().await);
    let mut wakes = listening(&far, &near).await;
    for _ in 0..3 {
        let putter = near.clone();
        let put = tokio::spawn(async move {
            putter.put(&job()).await.unwrap();
            putter.flush().await
        });
        assert_eq!(woken(&mut wakes).await, Woken::Signal);
        assert!(put.await.unwrap());
        assert_eq!(far.claim(&claim(&["work"], 9, LONG)).await.unwrap().len(), 1);
        quiet(&mut wakes).await;
    }
    let mut own = listening(&near, &far).await;
    near.put_unless_waiting(&job()).await.unwrap();
    assert_eq!(woken(&mut own).await, Woken::Signal, "and in the same process");
}

pub(crate) async fn only_the_lane_that_is_waited_for_wakes(database: TestDatabase) {
    let world = World::new(database).await;
    let (near, far) = (world.queue.clone(), world.neighbour().await);
    let mut wakes = listening(&far, &near).await;
    near.put(&alone("other")).await.unwrap();
    assert!(near.flush().await);
    assert_eq!(wakes.wait(Duration::from_millis(300)).await.unwrap(), Woken::Period);
}

pub(crate) async fn what_is_put_between_looking_and_waiting_wakes(database: TestDatabase) {
    let world = World::new(database).await;
    let mut wakes = listening(&world.queue, &world.neighbour().await).await;
    assert!(world.take(&["work"], 1).await.is_empty());
    world.put(job()).await;
    assert_eq!(woken(&mut wakes).await, Woken::Signal);
}

pub(crate) async fn a_job_that_falls_due_wakes(database: TestDatabase) {
    let world = World::new(database).await;
    let mut wakes = listening(&world.queue, &world.neighbour().await).await;
    world.put(job().delay(Duration::from_millis(700))).await;
    let start = Instant::now();
    loop {
        let why = woken(&mut wakes).await;
        if !world.take(&["work"], 1).await.is_empty() {
            assert_eq!(why, Woken::Due);
            break;
        }
        assert!(start.elapsed() < DEADLINE, "it never fell due");
    }
}

pub(crate) async fn a_lease_that_runs_out_wakes(database: TestDatabase) {
    let world = World::new(database).await;
    let other = world.neighbour().await;
    let mut wakes = listening(&other, &world.queue).await;
    let id = world.put(job()).await;
    world.queue.claim(&claim(&["work"], 1, Duration::from_millis(700))).await.unwrap();
    let start = Instant::now();
    loop {
        woken(&mut wakes).await;
        if other.claim(&claim(&["work"], 1, LONG)).await.unwrap().iter().any(|job| job.id == id) {
            break;
        }
        assert!(start.elapsed() < DEADLINE, "it was never taken over");
    }
}

pub(crate) async fn the_end_of_an_exclusive_job_wakes(database: TestDatabase) {
    let world = World::new(database).await;
    let other = world.neighbour().await;
    let mut wakes = listening(&other, &world.queue).await;
    world.queue.put_all(&[alone("work"), alone("work")]).await.unwrap();
    let first = world.next().await;
    quiet(&mut wakes).await;
    assert!(other.claim(&claim(&["work"], 1, LONG)).await.unwrap().is_empty());
    world.queue.done(&first, None).await.unwrap();
    assert_eq!(woken(&mut wakes).await, Woken::Signal);
    assert_eq!(other.claim(&claim(&["work"], 1, LONG)).await.unwrap().len(), 1);
}

pub(crate) async fn nothing_to_do_is_a_period_of_waiting(database: TestDatabase) {
    let world = World::new(database).await;
    let mut wakes = listening(&world.queue, &world.neighbour().await).await;
    // Due, but in the way of one that runs: no reason to look again and again.
    world.queue.put_all(&[alone("work"), alone("work")]).await.unwrap();
    world.next().await;
    quiet(&mut wakes).await;
    let start = Instant::now();
    assert_eq!(wakes.wait(Duration::from_millis(400)).await.unwrap(), Woken::Period);
    assert!(start.elapsed() >= Duration::from_millis(400));
}

/// PostgreSQL: the server ends the connections that listen, and they come back. SQLite: a process was killed and left its
/// socket behind, which others tidy away, and one that comes later is heard.
pub(crate) async fn a_lost_connection_comes_back(database: TestDatabase) {
    let world = World::new(database).await;
    let far = world.neighbour().await;
    let mut wakes = listening(&far, &world.queue).await;
    if world.is_postgres() {
        let kill = "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity \
             where datname = current_database() and application_name = 'stocktake signals') as killed";
        assert_eq!(world.count(kill).await, 2, "a connection for each process");
        assert_eq!(woken(&mut wakes).await, Woken::Signal, "back again, and something may have been missed");
        quiet(&mut wakes).await;
    } else {
        let folder = format!("{}-signals", world.queue.store().place());
        let dead = std::path::Path::new(&folder).join("jobs-dead");
        drop(std::os::unix::net::UnixDatagram::bind(&dead).unwrap());
        assert!(dead.exists());
        until("the dead are tidied away", || async {
            world.queue.announce(["other"]);
            !dead.exists()
        })
        .await;
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1, "a socket for who listens, none for who only tells");
        drop((wakes, far));
        until("those that end leave nothing behind", || async { std::fs::read_dir(&folder).unwrap().count() == 0 }).await;
        let later = world.neighbour().await;
        wakes = listening(&later, &world.queue).await;
    }
    world.put(job()).await;
    assert_eq!(woken(&mut wakes).await, Woken::Signal);
}
