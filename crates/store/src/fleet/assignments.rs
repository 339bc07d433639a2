//! What exactly one server does: the workers of a provider, the scheduler. Held like leases, so that what a dead server
//! did another does as soon as its lease has run out.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::clock::{later, micros};
use super::servers::ServerId;
use crate::error::Result;
use crate::params;
use crate::store::Store;

#[derive(Debug, Clone, Serialize)]
pub struct Assignment {
    /// `provider:ID`, `role:NAME`
    pub what: String,
    pub server: ServerId,
    /// Grows with each taking.
    pub token: i64,
    /// Whether it is held at this moment.
    pub held: bool,
}

/// Takes something that is free, has run out, or is held by this server already. None: another has it.
pub async fn take(store: &Store, what: &str, server: ServerId, lease: Duration) -> Result<Option<i64>> {
    let until = later(store, "$3");
    let sql = format!(
        "insert into assignments (what, server_id, token, until) values ($1, $2, 1, {until}) \
         on conflict (what) do update set token = assignments.token + 1, server_id = excluded.server_id, \
         until = excluded.until where assignments.until <= now() returning token"
    );
    let row = store.query_opt(&sql, &params![what, server, micros(lease)]).await?;
    row.map(|row| row.get(0)).transpose()
}

/// Prolongs what is held, by its tokens. What is not in the answer has been taken by another.
pub async fn keep(
    store: &Store,
    server: ServerId,
    held: &BTreeMap<String, i64>,
    lease: Duration,
) -> Result<BTreeMap<String, i64>> {
    if held.is_empty() {
        return Ok(BTreeMap::new());
    }
    let until = later(store, "$3");
    let sql =
        format!("update assignments set until = {until} where server_id = $1 and what = any($2) returning what, token");
    let names: Vec<String> = held.keys().cloned().collect();
    let rows = store.query(&sql, &params![server, names, micros(lease)]).await?;
    let mut kept = BTreeMap::new();
    for row in rows {
        let (what, token): (String, i64) = (row.get(0)?, row.get(1)?);
        if held.get(&what) == Some(&token) {
            kept.insert(what, token);
        }
    }
    Ok(kept)
}

/// Gives something back. Of no effect when another has taken it.
pub async fn release(store: &Store, what: &str, server: ServerId, token: i64) -> Result<()> {
    let sql = "update assignments set until = now() where what = $1 and server_id = $2 and token = $3";
    store.execute(sql, &params![what, server, token]).await.map(drop)
}

pub async fn assignments(store: &Store) -> Result<Vec<Assignment>> {
    let sql = "select what, server_id, token, until > now() from assignments order by what";
    let rows = store.query(sql, &[]).await?;
    rows.iter()
        .map(|row| Ok(Assignment { what: row.get(0)?, server: row.get(1)?, token: row.get(2)?, held: row.get(3)? }))
        .collect()
}
