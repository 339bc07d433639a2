//! Handling caught events beside its floor, in one run, on both databases: `just bench-events`. The events are notifications
//! recorded from a real OpenStack, read and routed as its provider does; only their ids vary. Processor time is that of client
//! and server together.
#![allow(clippy::print_stdout, unreachable_pub, missing_debug_implementations)]

mod case;
mod floor_pg;
mod floor_sqlite;
mod ours;
mod samples;
mod storm;

use anyhow::Result;
use stocktake_bench_common::Cluster;

use case::{Measured, print};
use samples::Samples;

#[tokio::main]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let (mut runs, mut scale, mut which) = (3, 1.0, "all".to_owned());
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--runs", Some(n)) => runs = n.parse()?,
            ("--scale", Some(n)) => scale = n.parse()?,
            ("--only", Some(part)) => which = part,
            (other, _) => anyhow::bail!("unknown argument '{other}'; --runs N, --scale X, --only postgres|sqlite|storm"),
        }
    }
    rustls::crypto::ring::default_provider().install_default().ok();
    let wants = |part: &str| which == "all" || which == part;
    let samples = Samples::recorded()?;
    println!("{} recorded notifications, {} bytes each on average\n", samples.len(), samples.size());
    let cases = case::all(scale);
    if wants("postgres") {
        let cluster = Cluster::start()?;
        let bench = ours::Postgres::prepare(&cluster).await?;
        let mut lines = Vec::new();
        for case in &cases {
            let (mut ours, mut floors) = (Vec::new(), Vec::new());
            for _ in 0..runs {
                ours.push(bench.run(*case, &samples).await?);
                let rows = bench.rows().await?;
                floors.push(floor_pg::run(&cluster, *case, &samples, rows).await?);
            }
            lines.push((*case, Measured::middle(ours), Measured::middle(floors)));
        }
        print(&format!("PostgreSQL {}", bench.version), &lines);
    }
    if wants("sqlite") {
        let mut lines = Vec::new();
        for case in &cases {
            let (mut ours, mut floors) = (Vec::new(), Vec::new());
            for _ in 0..runs {
                let (measured, rows) = ours::sqlite(*case, &samples).await?;
                ours.push(measured);
                floors.push(floor_sqlite::run(*case, &samples, &rows).await?);
            }
            lines.push((*case, Measured::middle(ours), Measured::middle(floors)));
        }
        print("SQLite", &lines);
    }
    if wants("storm") {
        storm::measure(&samples, (100_000.0 * scale) as usize).await?;
    }
    Ok(())
}
