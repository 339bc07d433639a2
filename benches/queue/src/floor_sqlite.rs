//! SQLite's floors: the bare statements from as many threads as there are workers, each with a connection of its own, over
//! our table and over one with no more than leases and history need.
//! Putting waits for the disk, claiming and ending do not, as with ours.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use rusqlite::{Connection, params};
use stocktake_bench_common::Meter;
use stocktake_store::Store;

use crate::case::{Case, Measured};

const TABLE: &str = "create table floor_jobs (id integer primary key, kind text not null, lane text not null, \
    priority integer not null default 100, state text not null default 'waiting', run_after integer not null, \
    attempts integer not null default 0, payload text not null, lease_owner text, lease_token integer not null default 0, \
    lease_until integer, created_on integer not null, ended_on integer) strict; \
    create index floor_due on floor_jobs (lane, priority, id) where state = 'waiting';";

const NOW: &str = "cast(unixepoch('subsec') * 1000000 as integer)";
const PAYLOAD: &str = r#"{"provider":4711,"what":"refresh of one thing"}"#;

fn connect(path: &Path) -> Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_mins(1))?;
    conn.execute_batch("pragma journal_mode = wal; pragma synchronous = normal; pragma temp_store = memory")?;
    Ok(conn)
}

fn put(path: &Path, table: &str, rounds: usize, batch: usize) -> Result<()> {
    let conn = connect(path)?;
    conn.execute_batch("pragma synchronous = full")?;
    let mut insert = conn.prepare(&format!(
        "insert into {table} (kind, lane, payload, run_after, created_on) values (?1, ?1, ?2, {NOW}, {NOW}) returning id"
    ))?;
    for _ in 0..rounds {
        conn.execute_batch("begin immediate")?;
        for _ in 0..batch {
            insert.query_row(params!["bench", PAYLOAD], |row| row.get::<_, i64>(0))?;
        }
        conn.execute_batch("commit")?;
    }
    Ok(())
}

fn work(path: &Path, table: &str, batch: usize) -> Result<usize> {
    let conn = connect(path)?;
    let mut ack = conn.prepare(&format!(
        "update {table} set state = 'done', lease_until = null, ended_on = {NOW} where id = ?1 and lease_token = ?2"
    ))?;
    // As the index has it.
    let due = match table {
        "jobs" => "exclusive = false and state in ('waiting', 'retrying')",
        _ => "state = 'waiting'",
    };
    let mut claim = conn.prepare(&format!(
        "update {table} set state = 'running', attempts = attempts + 1, lease_owner = ?3, \
         lease_token = lease_token + 1, lease_until = {NOW} + 60000000 \
         where id in (select id from {table} where lane = ?1 and {due} and run_after <= {NOW} \
         order by priority, id limit ?2) returning id, kind, payload, lease_token"
    ))?;
    let (mut ran, mut held) = (0, Vec::<(i64, i64)>::new());
    loop {
        conn.execute_batch("begin immediate")?;
        for (id, token) in &held {
            ensure!(ack.execute(params![id, token])? == 1, "an acknowledgement was lost");
        }
        ran += held.len();
        let rows = claim.query_map(params!["bench", batch as i64, "bench"], |row| {
            drop((row.get::<_, String>(1)?, row.get::<_, String>(2)?));
            Ok((row.get(0)?, row.get(3)?))
        })?;
        held = rows.collect::<rusqlite::Result<_>>()?;
        conn.execute_batch("commit")?;
        if held.is_empty() {
            return Ok(ran);
        }
    }
}

/// `ours`: over our table.
pub async fn run(case: Case, ours: bool) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("floor.db");
    // Held open, as ours are: the last to close a file would remove its log, and a new log is slower to grow.
    let store = Store::open(&format!("sqlite:{}", path.display())).await?;
    store.migrate().await?;
    let table = if ours { "jobs" } else { "floor_jobs" };
    connect(&path)?.execute_batch(TABLE)?;
    let rounds = case.jobs / case.workers / case.batch;
    let all = |work: &(dyn Fn() -> Result<usize> + Sync)| -> Result<usize> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..case.workers).map(|_| scope.spawn(work)).collect();
            let ended = threads.into_iter().map(|t| t.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?);
            ended.sum()
        })
    };
    let meter = Meter::start(None);
    all(&|| put(&path, table, rounds, case.batch).map(|()| 0))?;
    let put = meter.stop();
    let meter = Meter::start(None);
    let ran = all(&|| work(&path, table, case.batch))?;
    let run = meter.stop();
    drop(store);
    ensure!(ran == case.jobs, "{ran} jobs ran, {} were put", case.jobs);
    Ok(Measured { put, run })
}
