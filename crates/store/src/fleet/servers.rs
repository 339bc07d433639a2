//! Main servers: each start is a row, alive as long as it prolongs its lease.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::clock::{ago, later, micros};
use crate::db::{FromCell, Param, Row};
use crate::error::{Result, StoreError};
use crate::params;
use crate::registry::moment;
use crate::store::Store;

/// Sorts by time of start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerId(pub Uuid);

impl std::fmt::Display for ServerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<ServerId> for Param {
    fn from(id: ServerId) -> Self {
        Self::Text(id.to_string())
    }
}

impl FromCell for ServerId {
    fn from_cell(cell: &crate::db::Cell) -> Option<Self> {
        String::from_cell(cell)?.parse().ok().map(Self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    Starting,
    Running,
    /// It was asked to stop and waits for its workers.
    Draining,
    Stopped,
    /// It did not prolong its lease: killed, or cut off from the database.
    Lost,
}

impl ServerState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
            Self::Lost => "lost",
        }
    }

    fn parse(text: &str) -> Self {
        let all = [Self::Starting, Self::Running, Self::Draining, Self::Stopped];
        all.into_iter().find(|s| s.name() == text).unwrap_or(Self::Lost)
    }
}

#[derive(Debug, Clone)]
pub struct NewServer {
    /// As people would look for it: the host, with a number where several run on one.
    pub name: String,
    pub host: String,
    pub pid: u32,
    pub version: String,
    pub zone: String,
    pub roles: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ServerRecord {
    pub id: ServerId,
    pub name: String,
    pub host: String,
    pub pid: i64,
    pub version: String,
    pub zone: String,
    pub roles: Vec<String>,
    pub state: ServerState,
    /// Whether its lease holds at this moment.
    pub alive: bool,
    #[serde(serialize_with = "moment::one")]
    pub started_on: i64,
    #[serde(serialize_with = "moment::one")]
    pub heartbeat_on: i64,
    pub rss_bytes: Option<i64>,
    pub cpu_millis: Option<i64>,
    #[serde(serialize_with = "moment::maybe")]
    pub ended_on: Option<i64>,
    pub end_reason: Option<String>,
}

impl ServerRecord {
    /// Whether it takes work at this moment.
    pub fn works(&self) -> bool {
        self.alive && matches!(self.state, ServerState::Starting | ServerState::Running)
    }
}

pub async fn register_server(store: &Store, new: &NewServer, lease: Duration) -> Result<ServerId> {
    let id = ServerId(Uuid::now_v7());
    let until = later(store, "$8");
    let sql = format!(
        "insert into servers (id, name, host, pid, version, zone, roles, state, until) \
         values ($1, $2, $3, $4, $5, $6, $7, 'starting', {until})"
    );
    let roles = serde_json::to_string(&new.roles).map_err(|e| StoreError::Bug(e.to_string()))?;
    let params = params![id, &new.name, &new.host, new.pid, &new.version, &new.zone, roles, micros(lease)];
    store.execute(&sql, &params).await?;
    Ok(id)
}

/// Prolongs the lease and says how the server is. One that was taken for lost is back.
pub async fn renew_server(
    store: &Store,
    id: ServerId,
    state: ServerState,
    (rss_bytes, cpu_millis): (u64, u64),
    lease: Duration,
) -> Result<()> {
    let until = later(store, "$5");
    let sql = format!(
        "update servers set state = $2, rss_bytes = $3, cpu_millis = $4, heartbeat_on = now(), until = {until}, \
         ended_on = null, end_reason = null where id = $1"
    );
    let params = params![id, state.name(), rss_bytes as i64, cpu_millis as i64, micros(lease)];
    store.execute(&sql, &params).await.map(drop)
}

/// Ends a server's row, its lease, and what it was assigned; others may take over at once.
pub async fn end_server(store: &Store, id: ServerId, reason: &str) -> Result<()> {
    let end = "update servers set state = 'stopped', until = now(), ended_on = now(), end_reason = $2 where id = $1";
    let give_back = "update assignments set until = now() where server_id = $1";
    let statements = [crate::Statement::new(end, params![id, reason]), crate::Statement::new(give_back, params![id])];
    store.batch(&statements).await.map(drop)
}

/// Writes down which servers are lost, and that their workers went with them: a worker that still lives notices by itself
/// that its server is gone. Says how many servers there were.
pub async fn settle_lost_servers(store: &Store) -> Result<u64> {
    let lost = "until <= now() and state in ('starting', 'running', 'draining')";
    if store.query_opt(&format!("select 1 from servers where {lost} limit 1"), &[]).await?.is_none() {
        return Ok(0);
    }
    let workers = format!(
        "update workers set state = 'killed', ended_on = now(), end_reason = 'its server was lost' \
         where ended_on is null and server_id in (select id from servers where {lost})"
    );
    let servers =
        format!("update servers set state = 'lost', ended_on = now(), end_reason = 'its lease ran out' where {lost}");
    let statements = [crate::Statement::new(workers, []), crate::Statement::new(servers, [])];
    Ok(store.batch(&statements).await?.pop().unwrap_or(0))
}

/// Those that ended longer ago than `kept`, with their workers' rows.
pub async fn purge_servers(store: &Store, kept: Duration) -> Result<u64> {
    let sql = format!("delete from servers where ended_on <= {}", ago(store, "$1"));
    store.execute(&sql, &[micros(kept)]).await
}

/// Newest first; `ended`: also those that are no more.
pub async fn servers(store: &Store, ended: bool) -> Result<Vec<ServerRecord>> {
    let condition = if ended { "" } else { " where ended_on is null" };
    let sql = format!(
        "select id, name, host, pid, version, zone, roles, state, until > now(), started_on, heartbeat_on, rss_bytes, \
         cpu_millis, ended_on, end_reason from servers{condition} order by id desc"
    );
    store.query(&sql, &[]).await?.iter().map(record).collect()
}

fn record(row: &Row) -> Result<ServerRecord> {
    let roles: String = row.get(6)?;
    Ok(ServerRecord {
        id: row.get(0)?,
        name: row.get(1)?,
        host: row.get(2)?,
        pid: row.get(3)?,
        version: row.get(4)?,
        zone: row.get(5)?,
        roles: serde_json::from_str(&roles).map_err(|e| StoreError::Bug(format!("a server's roles: {e}")))?,
        state: ServerState::parse(&row.get::<String>(7)?),
        alive: row.get(8)?,
        started_on: row.get(9)?,
        heartbeat_on: row.get(10)?,
        rss_bytes: row.get(11)?,
        cpu_millis: row.get(12)?,
        ended_on: row.get(13)?,
        end_reason: row.get(14)?,
    })
}
