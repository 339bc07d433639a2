//! Many workers at once, each with connections of its own as processes have.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use stocktake_queue::{Claimed, JobId, Queue, State};
use stocktake_testkit::TestDatabase;

use super::support::{LONG, World, alone, claim, numbered};

const WORKERS: usize = 16;

/// How often each job was run, and by how many at once per lane.
#[derive(Default)]
struct Seen {
    runs: BTreeMap<JobId, usize>,
    running: BTreeMap<String, usize>,
    most: usize,
}

type Log = Arc<Mutex<Seen>>;

fn begin(log: &Log, job: &Claimed) {
    let mut seen = log.lock().unwrap();
    *seen.runs.entry(job.id).or_default() += 1;
    let running = seen.running.entry(job.lane.clone()).or_default();
    *running += 1;
    let running = *running;
    seen.most = seen.most.max(running);
}

fn end(log: &Log, job: &Claimed) {
    *log.lock().unwrap().running.get_mut(&job.lane).unwrap() -= 1;
}

async fn work(queue: Queue, lanes: Vec<String>, batch: usize, log: Log) {
    let lanes: Vec<&str> = lanes.iter().map(String::as_str).collect();
    let mut asks = claim(&lanes, batch, LONG);
    asks.owner = format!("{:?}", std::thread::current().id());
    let mut done = Vec::new();
    loop {
        let cycle = queue.done_and_claim(&done, &asks).await.unwrap();
        assert!(cycle.lost.is_empty(), "{cycle:?}");
        done.clear();
        for job in cycle.claimed {
            begin(&log, &job);
            tokio::task::yield_now().await;
            end(&log, &job);
            done.push((job, None));
        }
        // An exclusive lane can be busy in other hands: then there is nothing for us, and yet it is not over.
        if done.is_empty() && queue.depths().await.unwrap().is_empty() {
            return;
        }
    }
}

async fn crowd(world: &World, lanes: &[&str], batch: usize) -> Log {
    let log = Log::default();
    let mut workers = Vec::new();
    for _ in 0..WORKERS {
        let lanes = lanes.iter().map(|&l| l.to_owned()).collect();
        workers.push(tokio::spawn(work(world.neighbour().await, lanes, batch, Arc::clone(&log))));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    log
}

async fn everything_ran_once(world: &World, log: Log, jobs: usize) {
    let seen = log.lock().unwrap().runs.clone();
    assert_eq!((seen.len(), seen.values().filter(|n| **n != 1).count()), (jobs, 0));
    assert_eq!(world.count("select count(*) from jobs where state <> 'done' or attempts <> 1").await, 0);
}

pub(crate) async fn sixteen_workers_run_every_job_once(database: TestDatabase) {
    let world = World::new(database).await;
    world.queue.put_all(&(0..2000).map(numbered).collect::<Vec<_>>()).await.unwrap();
    let log = crowd(&world, &["work"], 1).await;
    everything_ran_once(&world, log, 2000).await;
}

pub(crate) async fn sixteen_workers_in_batches_run_every_job_once(database: TestDatabase) {
    let world = World::new(database).await;
    for _ in 0..4 {
        world.queue.put_all(&(0..2500).map(numbered).collect::<Vec<_>>()).await.unwrap();
    }
    let log = crowd(&world, &["none", "work"], 50).await;
    everything_ran_once(&world, log, 10_000).await;
}

pub(crate) async fn exclusive_lanes_hold_in_a_crowd(database: TestDatabase) {
    let world = World::new(database).await;
    let lanes = ["a", "b", "c"];
    let jobs: Vec<_> = (0..120).map(|n| alone(lanes[n % 3])).collect();
    world.queue.put_all(&jobs).await.unwrap();
    let log = crowd(&world, &lanes, 4).await;
    assert_eq!(log.lock().unwrap().most, 1, "one of a lane at a time");
    everything_ran_once(&world, log, 120).await;
}

/// A third of the claims is never heard of again.
pub(crate) async fn every_job_is_done_though_holders_die(database: TestDatabase) {
    const JOBS: usize = 150;
    let world = World::new(database).await;
    let jobs: Vec<_> = (0..JOBS).map(|n| numbered(n).max_attempts(1000)).collect();
    let put = world.queue.put_all(&jobs).await.unwrap();
    let mut workers = Vec::new();
    for worker in 0..WORKERS {
        let queue = world.neighbour().await;
        workers.push(tokio::spawn(async move {
            let mut turn = worker;
            loop {
                let claimed = queue.claim(&claim(&["work"], 1, Duration::from_millis(500))).await.unwrap();
                let Some(job) = claimed.first() else {
                    if queue.depths().await.unwrap().is_empty() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                turn += 1;
                if turn % 3 != 0 {
                    match queue.done(job, None).await {
                        Ok(()) => {}
                        Err(error) => assert!(error.is_lost(), "{error}"),
                    }
                }
            }
        }));
    }
    for worker in workers {
        worker.await.unwrap();
    }
    for id in put {
        assert_eq!(world.state(id).await, State::Done);
    }
    assert!(world.count("select max(attempts) from jobs").await > 1, "some were taken over");
}
