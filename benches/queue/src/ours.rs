//! The queue as workers use it. Each has a store of its own, as processes have.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use stocktake_bench_common::{Cluster, Meter};
use stocktake_queue::{Claim, Lane, NewJob, Queue};
use stocktake_store::Store;

use crate::case::{Case, Measured};

pub const LANE: &str = "bench";

pub struct Postgres {
    url: String,
    postmaster: u32,
    pub version: String,
    admin: Store,
}

impl Postgres {
    pub async fn prepare(cluster: &Cluster) -> Result<Self> {
        let (client, connection) = cluster.config("postgres").connect(tokio_postgres::NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("create database bench_queue").await?;
        let version = client.query_one("show server_version", &[]).await?.get(0);
        let url = cluster.url("bench_queue");
        let admin = Store::open(&url).await?;
        admin.migrate().await?;
        Ok(Self { url, postmaster: cluster.postmaster, version, admin })
    }

    pub async fn queues(&self, workers: usize) -> Result<Vec<Queue>> {
        open(&self.url, workers).await
    }

    pub async fn empty(&self) -> Result<()> {
        self.admin.execute("truncate jobs", &[]).await?;
        self.admin.execute("checkpoint", &[]).await?;
        Ok(())
    }

    pub async fn run(&self, case: Case) -> Result<Measured> {
        let queues = self.queues(case.workers).await?;
        warm(&queues).await?;
        self.empty().await?;
        measure(queues, case, Some(self.postmaster)).await
    }
}

pub async fn sqlite(case: Case) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("bench.db").display());
    Store::open(&url).await?.migrate().await?;
    let queues = open(&url, case.workers).await?;
    warm(&queues).await?;
    queues[0].store().execute("delete from jobs", &[]).await?;
    measure(queues, case, None).await
}

async fn open(url: &str, workers: usize) -> Result<Vec<Queue>> {
    let stores = try_join_all((0..workers).map(|_| Store::open(url))).await?;
    Ok(stores.into_iter().map(Queue::new).collect())
}

/// Connections are there, statements are prepared.
async fn warm(queues: &[Queue]) -> Result<()> {
    for queue in queues {
        queue.put(&job()).await?;
        queue.put_all(&[job(), job()]).await?;
        let asks = claim(2);
        let taken = queue.claim(&asks).await?;
        queue.done_and_claim(&taken.into_iter().map(|job| (job, None)).collect::<Vec<_>>(), &asks).await?;
        queue.flush().await;
    }
    Ok(())
}

pub fn job() -> NewJob {
    NewJob::new("bench", Lane::shared(LANE)).payload(serde_json::json!({"provider": 4711, "what": "refresh of one thing"}))
}

pub fn claim(limit: usize) -> Claim {
    Claim { lanes: vec![LANE.to_owned()], owner: "bench".to_owned(), ttl: Duration::from_mins(1), limit }
}

async fn measure(queues: Vec<Queue>, case: Case, postmaster: Option<u32>) -> Result<Measured> {
    let queues = Arc::new(queues);
    let each = case.jobs / case.workers;
    let meter = Meter::start(postmaster);
    let putters = (0..case.workers).map(|n| {
        let queues = Arc::clone(&queues);
        tokio::spawn(async move {
            let jobs = vec![job(); case.batch];
            for _ in 0..each / case.batch {
                match jobs.as_slice() {
                    [job] => drop(queues[n].put(job).await?),
                    jobs => drop(queues[n].put_all(jobs).await?),
                }
            }
            anyhow::Ok(())
        })
    });
    for putter in putters.collect::<Vec<_>>() {
        putter.await??;
    }
    let put = meter.stop();
    let meter = Meter::start(postmaster);
    let workers = (0..case.workers).map(|n| {
        let queues = Arc::clone(&queues);
        tokio::spawn(async move { work(&queues[n], case.batch).await })
    });
    let mut ran = 0;
    for worker in workers.collect::<Vec<_>>() {
        ran += worker.await??;
    }
    let run = meter.stop();
    ensure!(ran == case.jobs, "{ran} jobs ran, {} were put", case.jobs);
    Ok(Measured { put, run })
}

/// Until there is nothing more.
pub async fn work(queue: &Queue, batch: usize) -> Result<usize> {
    let asks = claim(batch);
    let (mut ran, mut done) = (0, Vec::new());
    loop {
        let cycle = queue.done_and_claim(&done, &asks).await?;
        ensure!(cycle.lost.is_empty(), "jobs were lost: {:?}", cycle.lost);
        ran += done.len();
        if cycle.claimed.is_empty() {
            return Ok(ran);
        }
        done = cycle.claimed.into_iter().map(|job| (job, None)).collect();
    }
}
