//! SQLite's floor: the very same rows into the very same table, by one prepared insert, so many in a transaction as ours and
//! from as many threads. Handling waits for no disk, as with ours; storing batches does.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use stocktake_bench_common::Meter;
use stocktake_events::pack;
use stocktake_store::{Cell, Store};

use crate::case::{Case, Measured};
use crate::ours;
use crate::samples::Samples;

const INSERT: &str = "insert into events (provider_id, at, received_on, key, type, source, via, level, event_group, severity, message, \
    collection, ref, vm_ref, host_ref, availability_zone_ref, tenant_ref, flavor_ref, user_ref, request_id, chain_id, payload) \
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)";

fn connect(path: &Path) -> Result<Connection> {
    let conn = Connection::open(path)?;
    conn.busy_timeout(Duration::from_mins(1))?;
    conn.execute_batch("pragma journal_mode = wal; pragma synchronous = normal; pragma temp_store = memory")?;
    Ok(conn)
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Int(v) => Value::Integer(*v),
        Cell::Text(v) => Value::Text(v.clone()),
        _ => Value::Null,
    }
}

pub async fn run(case: Case, samples: &Samples, rows: &[Vec<Cell>]) -> Result<Measured> {
    ensure!(rows.len() == case.events, "{} rows for {} events", rows.len(), case.events);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("floor.db");
    // Held open, as ours are: the last to close a file would remove its log, and a new log is slower to grow.
    let store = Store::open(&format!("sqlite:{}", path.display())).await?;
    store.migrate().await?;
    let provider = ours::provider(&store).await?;
    let rows: Vec<Vec<Value>> = rows.iter().map(|row| row.iter().map(value).collect()).collect();
    let bodies: Vec<Vec<_>> = (0..case.events / case.batch)
        .map(|batch| (0..case.batch).map(|n| samples.event(batch * case.batch + n)).collect())
        .collect();
    let meter = Meter::start(None);
    let conn = connect(&path)?;
    conn.execute_batch("pragma synchronous = full")?;
    for events in bodies {
        let mut insert = conn.prepare_cached("insert into event_batches (provider_id, events, body) values (?1, ?2, ?3)")?;
        insert.execute((provider.0, events.len() as i64, pack(&events)))?;
    }
    let catch = meter.stop();
    let batches: Vec<&[Vec<Value>]> = rows.chunks(case.batch).collect();
    let insert_all = |hand: usize| -> Result<()> {
        let conn = connect(&path)?;
        let mut insert = conn.prepare(INSERT)?;
        for batch in batches.iter().skip(hand).step_by(case.handlers) {
            conn.execute_batch("begin immediate")?;
            for row in *batch {
                insert.execute(params_from_iter(row.iter()))?;
            }
            conn.execute_batch("commit")?;
        }
        Ok(())
    };
    let insert_all = &insert_all;
    let meter = Meter::start(None);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..case.handlers).map(|hand| scope.spawn(move || insert_all(hand))).collect();
        threads.into_iter().try_for_each(|t| t.join().map_err(|_| anyhow::anyhow!("a thread panicked"))?)
    })?;
    let handle = meter.stop();
    drop(store);
    Ok(Measured { catch, handle })
}
