//! A storm over very many servers: what handler and refresh hold in memory.

use std::time::Instant;

use anyhow::{Result, ensure};
use stocktake_bench_common::{Cluster, memory, reset_peak};
use stocktake_queue::JobId;
use stocktake_refresh::requests::{self, Attempt};
use stocktake_store::Store;

use crate::ours::{handled, handlers, provider, store_batches};
use crate::samples::Samples;

pub async fn measure(samples: &Samples, servers: usize) -> Result<()> {
    println!("### A storm: one event about each of {servers} servers, batches of 500, one handler\n");
    println!("| | handling s | handler +MiB | condensing ms | claimed | refresh +MiB |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    let cluster = Cluster::start()?;
    let (client, connection) = cluster.config("postgres").connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute("create database bench_events").await?;
    one("PostgreSQL", &cluster.url("bench_events"), samples, servers).await?;
    let folder = tempfile::tempdir()?;
    one("SQLite", &format!("sqlite:{}", folder.path().join("storm.db").display()), samples, servers).await?;
    println!();
    Ok(())
}

async fn one(name: &str, url: &str, samples: &Samples, servers: usize) -> Result<()> {
    let store = Store::open(url).await?;
    store.migrate().await?;
    let provider = provider(&store).await?;
    let handlers = handlers(url, 1, provider).await?;
    store_batches(&handlers[0], 500, servers, |n| samples.server_event(n)).await?;
    let (cost, stored) = handled(&handlers, None).await?;
    ensure!(stored == servers, "{stored} events were stored");
    reset_peak();
    let (before, start) = (memory().1, Instant::now());
    requests::condense(&store, provider, &["vms"]).await?;
    let condensing = start.elapsed();
    let claimed = requests::claim(&store, provider, Attempt { job: JobId(1), token: 1 }).await?;
    let held = memory().0.saturating_sub(before);
    println!(
        "| {name} | {:.1} | {} | {:.0} | {} | {held} |",
        cost.wall.as_secs_f64(),
        cost.memory,
        condensing.as_secs_f64() * 1e3,
        claimed.len(),
    );
    Ok(())
}
