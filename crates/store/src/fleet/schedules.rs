//! What is due when. A tick is taken by moving it on, in one transaction with what it starts: of any number of hosts
//! that see it due, one does.

use serde::Serialize;

use crate::db::{ProviderId, Row, Statement};
use crate::error::Result;
use crate::params;
use crate::registry::moment;
use crate::store::Store;

#[derive(Debug, Clone, Serialize)]
pub struct ScheduleRecord {
    /// `refresh:ID`, `purge`, …
    pub name: String,
    pub provider_id: Option<ProviderId>,
    /// An interval, a cron expression, or `off`.
    pub spec: String,
    #[serde(serialize_with = "moment::maybe")]
    pub next_on: Option<i64>,
    #[serde(serialize_with = "moment::maybe")]
    pub last_on: Option<i64>,
}

/// Something that is due, or whose first tick nobody has worked out yet (`next_on` is not set).
#[derive(Debug, Clone)]
pub struct Due {
    pub name: String,
    pub provider_id: Option<ProviderId>,
    pub spec: String,
    pub next_on: Option<i64>,
    /// This moment by the database's clock.
    pub now: i64,
}

/// Sets what a schedule is; its next tick is worked out anew only if that changed.
pub async fn set_schedule(store: &Store, name: &str, provider: Option<ProviderId>, spec: &str) -> Result<()> {
    let sql = "insert into schedules (name, provider_id, spec) values ($1, $2, $3) \
               on conflict (name) do update set spec = excluded.spec, next_on = null \
               where schedules.spec <> excluded.spec";
    store.execute(sql, &params![name, provider, spec]).await.map(drop)
}

pub async fn forget_schedule(store: &Store, name: &str) -> Result<()> {
    store.execute("delete from schedules where name = $1", &params![name]).await.map(drop)
}

pub async fn schedules(store: &Store) -> Result<Vec<ScheduleRecord>> {
    let sql = "select name, provider_id, spec, next_on, last_on from schedules order by name";
    let record = |row: &Row| {
        Ok(ScheduleRecord {
            name: row.get(0)?,
            provider_id: row.get(1)?,
            spec: row.get(2)?,
            next_on: row.get(3)?,
            last_on: row.get(4)?,
        })
    };
    store.query(sql, &[]).await?.iter().map(record).collect()
}

pub async fn due(store: &Store) -> Result<Vec<Due>> {
    let sql = "select name, provider_id, spec, next_on, now() from schedules \
               where spec <> 'off' and (next_on is null or next_on <= now()) order by name";
    let record = |row: &Row| {
        Ok(Due { name: row.get(0)?, provider_id: row.get(1)?, spec: row.get(2)?, next_on: row.get(3)?, now: row.get(4)? })
    };
    store.query(sql, &[]).await?.iter().map(record).collect()
}

/// Moves a tick on to `next` and carries out `starts` in the same transaction. False: another took it, and nothing was
/// done. A first tick is only worked out, nothing starts by it.
pub async fn take_tick(store: &Store, due: &Due, next: Option<i64>, starts: &[Statement]) -> Result<bool> {
    let next = next.map(crate::Param::Time);
    let next = next.unwrap_or(crate::Param::Null);
    let Some(at) = due.next_on else {
        let sql = "update schedules set next_on = $2 where name = $1 and next_on is null";
        return Ok(store.execute(sql, &[due.name.as_str().into(), next]).await? > 0);
    };
    let mut tx = store.begin().await?;
    let sql = "update schedules set next_on = $2, last_on = now() where name = $1 and next_on = $3";
    if tx.execute(sql, &[due.name.as_str().into(), next, crate::Param::Time(at)]).await? == 0 {
        return Ok(false);
    }
    for statement in starts {
        tx.execute(&statement.sql, &statement.params).await?;
    }
    tx.commit().await?;
    Ok(true)
}
