//! From the beginning of a put to the end of the claim it woke, while nothing else happens.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use stocktake_bench_common::Cluster;
use stocktake_queue::Queue;
use stocktake_store::Store;

use crate::ours::{LANE, Postgres, claim, job};

const PUTS: usize = 300;

pub async fn measure() -> Result<()> {
    println!("### Put to start at idle, {PUTS} puts 30 ms apart, putter and worker with connections of their own\n");
    println!("| database | p50 ms | p95 ms | highest ms | of the p50, the put alone |\n| --- | ---: | ---: | ---: | ---: |");
    let cluster = Cluster::start()?;
    let bench = Postgres::prepare(&cluster).await?;
    let queues = bench.queues(2).await?;
    line("PostgreSQL", &queues[0], &queues[1]).await?;
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("bench.db").display());
    let store = Store::open(&url).await?;
    store.migrate().await?;
    line("SQLite", &Queue::new(store), &Queue::new(Store::open(&url).await?)).await?;
    println!();
    Ok(())
}

async fn line(name: &str, putter: &Queue, worker: &Queue) -> Result<()> {
    let (sent, mut started) = tokio::sync::mpsc::unbounded_channel();
    let worker = worker.clone();
    let task = tokio::spawn(async move {
        let mut wakes = worker.wakes(&[LANE.to_owned()]);
        loop {
            for job in worker.claim(&claim(1)).await? {
                if sent.send(Instant::now()).is_err() {
                    return anyhow::Ok(());
                }
                worker.done(&job, None).await?;
            }
            wakes.wait(Duration::from_mins(1)).await?;
        }
    });
    let (mut spans, mut puts) = (Vec::new(), Vec::new());
    for n in 0..PUTS + 20 {
        let begun = Instant::now();
        putter.put(&job()).await?;
        let put = begun.elapsed();
        let Some(at) = started.recv().await else { bail!("the worker ended") };
        // The first ones prepare statements and connect.
        if n >= 20 {
            spans.push(at.duration_since(begun).as_secs_f64() * 1e3);
            puts.push(put.as_secs_f64() * 1e3);
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    task.abort();
    spans.sort_by(f64::total_cmp);
    puts.sort_by(f64::total_cmp);
    let at = |list: &[f64], part: f64| list[(list.len() as f64 * part) as usize];
    let highest = spans.last().copied().unwrap_or_default();
    println!("| {name} | {:.2} | {:.2} | {highest:.2} | {:.2} |", at(&spans, 0.5), at(&spans, 0.95), at(&puts, 0.5));
    Ok(())
}
