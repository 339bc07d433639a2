//! What SQLite needs at least: prepared inserts of the same rows into the same tables in one transaction, and a walk over
//! (id, digest, ref) compared in the process.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};
use stocktake_model::Rows;
use xxhash_rust::xxh3::xxh3_64;

use crate::cloud::Cloud;
use crate::floor_pg::tables;

pub fn open(path: &Path) -> Result<Connection> {
    let db = Connection::open(path)?;
    db.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on; pragma cache_size = -131072",
    )?;
    Ok(db)
}

pub type Dumped = Vec<(&'static str, Vec<Vec<Value>>)>;

pub fn dump(db: &Connection, cloud: &Cloud) -> Result<Dumped> {
    let mut dumped = Vec::new();
    for table in tables(cloud) {
        let order = match table {
            "raw_documents" | "link_watches" => "row_id",
            _ => "id",
        };
        let mut select = db.prepare(&format!("select * from {table} order by {order}"))?;
        let width = select.column_count();
        let read = |row: &rusqlite::Row<'_>| (0..width).map(|i| row.get(i)).collect::<Result<Vec<Value>, _>>();
        let rows = select.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
        dumped.push((table, rows));
    }
    Ok(dumped)
}

pub fn load(db: &mut Connection, dumped: &Dumped) -> Result<()> {
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute_batch("insert into providers (id, name, type) values (1, 'bench', 'bench') on conflict do nothing")?;
    for (table, rows) in dumped.iter().filter(|(_, rows)| !rows.is_empty()) {
        let places = vec!["?"; rows[0].len()].join(", ");
        let mut insert = tx.prepare(&format!("insert into {table} values ({places})"))?;
        for row in rows {
            insert.execute(params_from_iter(row))?;
        }
    }
    tx.commit()?;
    Ok(())
}

/// Returns (equal, other).
pub fn compare(db: &Connection, cloud: &Cloud, pages: &[Rows]) -> Result<(u64, u64)> {
    let mut incoming: Vec<HashMap<u64, u64>> = vec![HashMap::new(); cloud.menu.len()];
    for page in pages {
        for (ix, rows) in page.iter() {
            for row in rows.iter() {
                incoming[ix.index()].insert(xxh3_64(row.key().as_bytes()), row.head().digest);
            }
        }
    }
    let (mut equal, mut other) = (0, 0);
    for (ix, collection) in cloud.menu.iter() {
        let mut select = db.prepare(&format!("select id, digest, ems_ref from {}", collection.name))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let (_id, digest): (i64, i64) = (row.get(0)?, row.get(1)?);
            let key = xxh3_64(row.get_ref(2)?.as_bytes()?);
            let same = incoming[ix.index()].get(&key) == Some(&(digest as u64));
            *if same { &mut equal } else { &mut other } += 1;
        }
    }
    Ok((equal, other))
}
