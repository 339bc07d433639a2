//! Queues over a test's database, and shorter words.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stocktake_queue::{Backoff, Claim, Claimed, JobId, JobRecord, Lane, NewJob, Queue, State};
use stocktake_store::Kind;
use stocktake_testkit::TestDatabase;

pub(crate) const LONG: Duration = Duration::from_mins(10);
/// So short that it is over when the next statement is judged; SQLite's clock ticks in milliseconds.
pub(crate) const SHORT: Duration = Duration::from_millis(1);

pub(crate) struct World {
    pub(crate) queue: Queue,
    pub(crate) database: TestDatabase,
}

impl World {
    /// Failed jobs are due at once again.
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let queue = impatient(&database).await;
        Self { queue, database }
    }

    /// What another process would have: other connections, nothing shared.
    pub(crate) async fn neighbour(&self) -> Queue {
        impatient(&self.database).await
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.queue.store().kind() == Kind::Postgres
    }

    pub(crate) async fn put(&self, job: NewJob) -> JobId {
        self.queue.put(&job).await.unwrap()
    }

    pub(crate) async fn take(&self, lanes: &[&str], limit: usize) -> Vec<Claimed> {
        self.queue.claim(&claim(lanes, limit, LONG)).await.unwrap()
    }

    /// The next job of the lane `work`.
    pub(crate) async fn next(&self) -> Claimed {
        self.take(&["work"], 1).await.pop().expect("a job is due")
    }

    pub(crate) async fn get(&self, id: JobId) -> JobRecord {
        self.queue.get(id).await.unwrap()
    }

    pub(crate) async fn state(&self, id: JobId) -> State {
        self.get(id).await.state
    }

    /// As the holder was killed: the lease is over, and nothing else happened.
    pub(crate) async fn expire_lease(&self, id: JobId) {
        let past = if self.is_postgres() { "now() - interval '1 second'" } else { "now() - 1000000" };
        let sql = format!("update jobs set lease_until = {past} where id = $1");
        assert_eq!(self.queue.store().execute(&sql, &[id.into()]).await.unwrap(), 1);
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.queue.store().query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }
}

async fn impatient(database: &TestDatabase) -> Queue {
    Queue::with_backoff(database.store().await, Backoff { first: Duration::ZERO, most: Duration::ZERO })
}

pub(crate) fn claim(lanes: &[&str], limit: usize, ttl: Duration) -> Claim {
    Claim { lanes: lanes.iter().map(|&l| l.to_owned()).collect(), owner: "worker".to_owned(), ttl, limit }
}

pub(crate) fn job() -> NewJob {
    NewJob::new("test", Lane::shared("work"))
}

pub(crate) fn alone(lane: &str) -> NewJob {
    NewJob::new("test", Lane::exclusive(lane))
}

pub(crate) fn numbered(n: usize) -> NewJob {
    job().payload(json!({"n": n}))
}

pub(crate) fn number(payload: &Value) -> usize {
    payload["n"].as_u64().unwrap() as usize
}

pub(crate) fn ids(jobs: &[Claimed]) -> Vec<JobId> {
    jobs.iter().map(|job| job.id).collect()
}

/// Asks until it is so. A test that waits in vain fails.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let start = Instant::now();
    while !so().await {
        assert!(start.elapsed() < Duration::from_secs(30), "still not so: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
