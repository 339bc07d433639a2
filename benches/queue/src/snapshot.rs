//! An old snapshot keeps PostgreSQL from cleaning up behind the queue: what that does to claiming.

use std::sync::Arc;

use anyhow::Result;
use stocktake_bench_common::{Cluster, Meter};

use crate::ours::{Postgres, claim, job};

const WORKERS: usize = 4;

pub async fn measure(jobs: usize) -> Result<()> {
    println!("### {jobs} jobs, one at a time, by {WORKERS} workers, fifth by fifth: jobs/s (CPU µs a job)\n");
    println!("| PostgreSQL | 1st | 2nd | 3rd | 4th | 5th |\n| --- | ---: | ---: | ---: | ---: | ---: |");
    for old in [false, true] {
        let cluster = Cluster::start()?;
        let bench = Postgres::prepare(&cluster).await?;
        let queues = Arc::new(bench.queues(WORKERS).await?);
        for _ in 0..jobs.div_ceil(1000) {
            queues[0].put_all(&vec![job(); 1000]).await?;
        }
        let snapshot = if old { Some(queues[0].store().snapshot().await?) } else { None };
        let mut snapshot = snapshot;
        if let Some(tx) = &mut snapshot {
            tx.query("select count(*) from jobs", &[]).await?;
        }
        let name = if old { "an old snapshot is open" } else { "no other transaction" };
        print!("| {name} |");
        for _ in 0..5 {
            let each = jobs / 5 / WORKERS;
            let meter = Meter::start(Some(cluster.postmaster));
            let workers = (0..WORKERS).map(|n| {
                let queues = Arc::clone(&queues);
                tokio::spawn(async move {
                    let mut done = Vec::new();
                    for left in (0..=each).rev() {
                        let limit = usize::from(left > 0);
                        let cycle = queues[n].done_and_claim(&done, &claim(limit)).await?;
                        done = cycle.claimed.into_iter().map(|job| (job, None)).collect();
                    }
                    anyhow::Ok(())
                })
            });
            for worker in workers.collect::<Vec<_>>() {
                worker.await??;
            }
            let cost = meter.stop();
            let ran = (each * WORKERS) as f64;
            print!(" {:.0} ({:.0}) |", ran / cost.wall.as_secs_f64(), cost.cpu() * 1e6 / ran);
        }
        println!();
        drop(snapshot);
    }
    println!();
    Ok(())
}
