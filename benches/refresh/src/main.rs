//! The refresh beside its floor, in one run, on both databases: `just bench-refresh`. Times are processor seconds of
//! client and server; wall time is shown only as a ratio. See docs/performance.md for what is reached and what holds it
//! back.
#![allow(clippy::print_stdout, unreachable_pub, missing_debug_implementations)]

mod cloud;
mod engine;
mod floor_pg;
mod floor_sqlite;
mod table;

use std::time::Instant;

use anyhow::{Result, ensure};
use stocktake_bench_common::{Cluster, Cost, Meter};
use stocktake_model::Rows;

use cloud::{Churn, Cloud};
use engine::Engine;
use table::{Line, median};

const TARGETED_ROUNDS: u32 = 400;
const TARGETED_100_ROUNDS: u32 = 40;

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (mut vms, mut runs, mut which) = (50_000, 3, "all".to_owned());
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--vms", Some(n)) => vms = n.parse()?,
            ("--runs", Some(n)) => runs = n.parse()?,
            ("--only", Some(db)) => which = db,
            (other, _) => anyhow::bail!("unknown argument '{other}'; --vms N, --runs N, --only postgres|sqlite|rows"),
        }
    }
    rustls::crypto::ring::default_provider().install_default().ok();
    let cloud = Cloud { menu: cloud::menu(), seed: 7, vms };
    let rows: usize = cloud.pages(Churn::None).map(|page| page.len()).sum();
    println!("{vms} VMs, {rows} rows, median of {runs}; processor seconds\n");
    if which == "all" || which == "rows" {
        build_rows(&cloud);
    }
    if which == "all" || which == "postgres" {
        postgres(&cloud, rows, runs).await?;
    }
    if which == "all" || which == "sqlite" {
        sqlite(&cloud, rows, runs).await?;
    }
    Ok(())
}

/// Building rows and digests alone, from values that are there already.
fn build_rows(cloud: &Cloud) {
    let meter = Meter::start(None);
    let rows: usize = cloud.pages(Churn::None).map(|page| page.len()).sum();
    let micros = meter.stop().cpu() * 1e6;
    println!(
        "building rows and digests: {:.2} µs a VM, {:.2} µs a row\n",
        micros / f64::from(cloud.vms),
        micros / rows as f64
    );
}

async fn postgres(cloud: &Cloud, rows: usize, runs: usize) -> Result<()> {
    let cluster = Cluster::start()?;
    let (admin, connection) = cluster.config("postgres").connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    admin.batch_execute("create database bench").await?;
    let engine = Engine::open(&cluster.url("bench")).await?;
    let (client, connection) = cluster.config("bench").connect(tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let version: String = client.query_one("show server_version", &[]).await?.get(0);
    let mut table = table::Table::new(format!("PostgreSQL {version}"));
    let wal = async || -> Result<i64> {
        Ok(client.query_one("select (pg_current_wal_insert_lsn() - '0/0')::bigint", &[]).await?.get(0))
    };
    macro_rules! measure {
        ($work:expr) => {{
            client.batch_execute("checkpoint").await?;
            let before = wal().await?;
            let meter = Meter::start(Some(cluster.postmaster));
            let _done = $work;
            let mut cost = meter.stop();
            cost.wal = (wal().await? - before) as u64;
            cost
        }};
    }

    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        floor_pg::truncate(&client, cloud).await?;
        let pages: Vec<Rows> = cloud.pages(Churn::None).collect();
        ours.push(measure!(engine.full(cloud, pages).await?));
        let dumped = floor_pg::dump(&client, cloud).await?;
        floor_pg::truncate(&client, cloud).await?;
        floor.push(measure!(floor_pg::load(&client, &dumped).await?));
    }
    client.batch_execute("vacuum analyze").await?;
    table.add(Line::new("first load", rows, median(&ours)).beside("binary COPY of the same rows", median(&floor)));

    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let pages: Vec<Rows> = cloud.pages(Churn::None).collect();
        floor.push(measure!({
            let (equal, other) = floor_pg::compare(&client, cloud, &pages).await?;
            ensure!(equal == rows as u64 && other == 0, "the floor compared {equal} equal and {other} other rows of {rows}");
        }));
        ours.push(measure!({
            let counts = engine.full(cloud, pages).await?;
            ensure!(counts.written() == 0 && counts.unchanged == rows as u64, "not unchanged: {counts:?}");
        }));
    }
    let unchanged = median(&ours);
    table.add(Line::new("nothing changed", rows, unchanged).beside("stream of digests", median(&floor)));

    let mut ours = Vec::new();
    let mut written = 0;
    for run in 0..runs * 2 {
        // There and back: every second run restores.
        let churn = if run % 2 == 0 { Churn::Percent(1) } else { Churn::None };
        let pages: Vec<Rows> = cloud.pages(churn).collect();
        ours.push(measure!(written = engine.full(cloud, pages).await?.written()));
    }
    table.add(
        Line::new(format!("1 % churn ({written} rows written)"), rows, median(&ours)).beside("nothing changed", unchanged),
    );

    for (size, rounds) in [(1, TARGETED_ROUNDS), (100, TARGETED_100_ROUNDS)] {
        let (cost, p50) = targeted(cloud, &engine, size, rounds, Some(cluster.postmaster)).await?;
        table.targeted(size, rounds, cost, p50);
    }
    table.print();
    Ok(())
}

async fn sqlite(cloud: &Cloud, rows: usize, runs: usize) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let mut table = table::Table::new(format!("SQLite {}", rusqlite::version()));
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    let mut kept = None;
    for run in 0..runs {
        let path = dir.path().join(format!("ours-{run}.db"));
        let engine = Engine::open(&format!("sqlite:{}", path.display())).await?;
        let pages: Vec<Rows> = cloud.pages(Churn::None).collect();
        let meter = Meter::start(None);
        engine.full(cloud, pages).await?;
        ours.push(meter.stop());
        let dumped = floor_sqlite::dump(&floor_sqlite::open(&path)?, cloud)?;
        let bare = dir.path().join(format!("floor-{run}.db"));
        Engine::open(&format!("sqlite:{}", bare.display())).await?;
        let mut db = floor_sqlite::open(&bare)?;
        let meter = Meter::start(None);
        floor_sqlite::load(&mut db, &dumped)?;
        floor.push(meter.stop());
        kept = Some((engine, path));
    }
    let (engine, path) = kept.expect("at least one run");
    table.add(Line::new("first load", rows, median(&ours)).beside("prepared inserts of the same rows", median(&floor)));

    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    let db = floor_sqlite::open(&path)?;
    for _ in 0..runs {
        let pages: Vec<Rows> = cloud.pages(Churn::None).collect();
        let meter = Meter::start(None);
        let (equal, other) = floor_sqlite::compare(&db, cloud, &pages)?;
        floor.push(meter.stop());
        ensure!(equal == rows as u64 && other == 0, "the floor compared {equal} equal and {other} other rows of {rows}");
        let meter = Meter::start(None);
        let counts = engine.full(cloud, pages).await?;
        ours.push(meter.stop());
        ensure!(counts.written() == 0 && counts.unchanged == rows as u64, "not unchanged: {counts:?}");
    }
    let unchanged = median(&ours);
    table.add(Line::new("nothing changed", rows, unchanged).beside("walk over digests", median(&floor)));

    let mut ours = Vec::new();
    let mut written = 0;
    for run in 0..runs * 2 {
        let churn = if run % 2 == 0 { Churn::Percent(1) } else { Churn::None };
        let pages: Vec<Rows> = cloud.pages(churn).collect();
        let meter = Meter::start(None);
        written = engine.full(cloud, pages).await?.written();
        ours.push(meter.stop());
    }
    table.add(
        Line::new(format!("1 % churn ({written} rows written)"), rows, median(&ours)).beside("nothing changed", unchanged),
    );
    for (size, rounds) in [(1, TARGETED_ROUNDS), (100, TARGETED_100_ROUNDS)] {
        let (cost, p50) = targeted(cloud, &engine, size, rounds, None).await?;
        table.targeted(size, rounds, cost, p50);
    }
    table.print();
    Ok(())
}

/// Total cost of `rounds` targeted runs of `size` changed VMs each, and the median wall time of one.
async fn targeted(cloud: &Cloud, engine: &Engine, size: u32, rounds: u32, postmaster: Option<u32>) -> Result<(Cost, f64)> {
    let prepare = |round: u32| {
        let numbers = (0..size).map(move |n| (round * 7 + n * 131) % cloud.vms);
        cloud.target(numbers, round + 2 + size * 10_000)
    };
    for round in 0..5 {
        let (rows, coverage) = prepare(round);
        engine.targeted(cloud, rows, &coverage).await?;
    }
    let prepared: Vec<_> = (0..rounds).map(|round| prepare(round + 10)).collect();
    let mut walls = Vec::new();
    let meter = Meter::start(postmaster);
    for (rows, coverage) in prepared {
        let start = Instant::now();
        let counts = engine.targeted(cloud, rows, &coverage).await?;
        walls.push(start.elapsed().as_secs_f64() * 1e3);
        ensure!(counts.updated == u64::from(size), "expected {size} updates: {counts:?}");
    }
    let cost = meter.stop();
    walls.sort_by(f64::total_cmp);
    Ok((cost, walls[walls.len() / 2]))
}
