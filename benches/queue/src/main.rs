//! The queue beside its floor, in one run, on both databases: `just bench-queue`. Jobs do nothing: what is measured is
//! putting, claiming and ending them. Processor time is that of client and server together.
#![allow(clippy::print_stdout, unreachable_pub, missing_debug_implementations)]

mod case;
mod floor_pg;
mod floor_sqlite;
mod latency;
mod ours;
mod snapshot;

use anyhow::Result;
use stocktake_bench_common::Cluster;

use case::{Case, Measured, print};
use floor_pg::Floor;

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (mut runs, mut scale, mut which) = (3, 1.0, "all".to_owned());
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--runs", Some(n)) => runs = n.parse()?,
            ("--scale", Some(n)) => scale = n.parse()?,
            ("--only", Some(part)) => which = part,
            (other, _) => {
                anyhow::bail!("unknown argument '{other}'; --runs N, --scale X, --only postgres|sqlite|latency|snapshot")
            }
        }
    }
    rustls::crypto::ring::default_provider().install_default().ok();
    let wants = |part: &str| which == "all" || which == part;
    let cases = case::all(scale);
    if wants("postgres") {
        let cluster = Cluster::start()?;
        postgres(&cluster, &cases, runs).await?;
    }
    if wants("sqlite") {
        sqlite(&cases, runs).await?;
    }
    if wants("latency") {
        latency::measure().await?;
    }
    if wants("snapshot") {
        snapshot::measure((15_000.0 * scale) as usize).await?;
    }
    Ok(())
}

async fn postgres(cluster: &Cluster, cases: &[Case], runs: usize) -> Result<()> {
    let bench = ours::Postgres::prepare(cluster).await?;
    let mut lines = Vec::new();
    for case in cases {
        let floors = [
            ("bare, our table", Floor::OurTable),
            ("bare, small table", Floor::SmallTable),
            ("bare, small, deleting", Floor::Deleting),
        ];
        let (mut ours, mut beside) = (Vec::new(), vec![Vec::new(); floors.len()]);
        for _ in 0..runs {
            ours.push(bench.run(*case).await?);
            for (at, (_, floor)) in floors.iter().enumerate() {
                beside[at].push(floor_pg::run(cluster, *case, *floor).await?);
            }
        }
        let named = floors.iter().zip(beside).map(|((name, _), runs)| (*name, Measured::middle(runs)));
        lines.push((*case, Measured::middle(ours), named.collect()));
    }
    print(&format!("PostgreSQL {}", bench.version), &lines);
    Ok(())
}

async fn sqlite(cases: &[Case], runs: usize) -> Result<()> {
    let mut lines = Vec::new();
    for case in cases {
        let (mut ours, mut same, mut small) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..runs {
            ours.push(ours::sqlite(*case).await?);
            same.push(floor_sqlite::run(*case, true).await?);
            small.push(floor_sqlite::run(*case, false).await?);
        }
        let middle = Measured::middle;
        lines.push((*case, middle(ours), vec![("bare, our table", middle(same)), ("bare, small table", middle(small))]));
    }
    print("SQLite", &lines);
    Ok(())
}
