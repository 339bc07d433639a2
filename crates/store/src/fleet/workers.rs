//! Worker processes: each is a row from before it is started until long after its end.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::clock::{ago, micros};
use super::servers::ServerId;
use crate::db::{Cell, FromCell, Param, ProviderId, Row, Statement};
use crate::error::{Result, StoreError};
use crate::params;
use crate::registry::moment;
use crate::store::Store;

/// Sorts by time of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub Uuid);

impl WorkerId {
    #[expect(clippy::new_without_default, reason = "each is another")]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// How the worker's process signs what it holds: as people would look for it, and never as another, even where containers
    /// share a host's name and count their processes from one. Server and worker both work it out: what a process held that
    /// has ended is found by it.
    pub fn holder(&self, host: &str, pid: u32) -> String {
        let id = self.0.simple().to_string();
        // The end is drawn by lot; the beginning is the time.
        format!("{host}:{pid}:{}", &id[id.len() - 8..])
    }
}

impl std::fmt::Display for WorkerId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for WorkerId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

impl From<WorkerId> for Param {
    fn from(id: WorkerId) -> Self {
        Self::Text(id.to_string())
    }
}

impl FromCell for WorkerId {
    fn from_cell(cell: &Cell) -> Option<Self> {
        String::from_cell(cell)?.parse().ok()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkerState {
    /// Its row is there, its process is not yet.
    Creating,
    /// The process is there and has not said anything yet.
    Starting,
    Running,
    /// It was asked to stop: it takes no more jobs, and finishes or hands back the one it has.
    Draining,
    Stopped,
    Killed,
    /// It ended by itself, and not because it was asked to.
    Failed,
}

impl WorkerState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Stopped => "stopped",
            Self::Killed => "killed",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        let all = [Self::Creating, Self::Starting, Self::Running, Self::Draining, Self::Stopped, Self::Killed];
        all.into_iter().find(|s| s.name() == text).unwrap_or(Self::Failed)
    }

    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Stopped | Self::Killed | Self::Failed)
    }
}

#[derive(Debug, Clone)]
pub struct NewWorker {
    pub id: WorkerId,
    pub server: ServerId,
    pub kind: String,
    pub provider: Option<ProviderId>,
    pub slot: u32,
    pub host: String,
    pub generation: i64,
    pub restarts: u32,
}

/// What is new of a worker.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkerReport {
    pub id: WorkerId,
    pub state: WorkerState,
    pub pid: Option<u32>,
    /// Whether it was heard of, and whether it got anywhere, since the last report.
    pub heard: bool,
    pub progressed: bool,
    pub job: Option<i64>,
    pub doing: Option<String>,
    pub progress: Option<serde_json::Value>,
    pub rss_bytes: Option<u64>,
    pub cpu_millis: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct WorkerRecord {
    pub id: WorkerId,
    pub server_id: ServerId,
    pub server: String,
    pub kind: String,
    pub provider_id: Option<ProviderId>,
    pub provider: Option<String>,
    pub slot: i64,
    pub host: String,
    pub pid: Option<i64>,
    pub state: WorkerState,
    pub generation: i64,
    pub restarts: i64,
    #[serde(serialize_with = "moment::one")]
    pub created_on: i64,
    #[serde(serialize_with = "moment::maybe")]
    pub started_on: Option<i64>,
    #[serde(serialize_with = "moment::maybe")]
    pub heartbeat_on: Option<i64>,
    /// When it last got anywhere; a heartbeat alone is no progress.
    #[serde(serialize_with = "moment::maybe")]
    pub progress_on: Option<i64>,
    pub job: Option<i64>,
    pub doing: Option<String>,
    pub progress: Option<serde_json::Value>,
    pub rss_bytes: Option<i64>,
    /// Processor time, user and system.
    pub cpu_millis: Option<i64>,
    #[serde(serialize_with = "moment::maybe")]
    pub ended_on: Option<i64>,
    pub end_reason: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub struct WorkerFilter {
    /// Also those that have ended.
    pub ended: bool,
    pub server: Option<ServerId>,
    pub provider: Option<ProviderId>,
    pub limit: Option<u32>,
}

pub async fn add_worker(store: &Store, new: &NewWorker) -> Result<()> {
    let sql = "insert into workers (id, server_id, kind, provider_id, slot, host, state, generation, restarts) \
               values ($1, $2, $3, $4, $5, $6, 'creating', $7, $8)";
    let params = params![new.id, new.server, &new.kind, new.provider, new.slot, &new.host, new.generation, new.restarts];
    store.execute(sql, &params).await.map(drop)
}

/// Rows that their own server may still write: the others have ended for good. One that was taken for lost may be back, and
/// its workers with it.
const OPEN: &str = "(ended_on is null or end_reason = 'its server was lost')";

/// Writes down what is new of any number of workers, in one transaction. A row that has ended stays as it is, unless it ended
/// because its server was taken for lost.
pub async fn report_workers(store: &Store, reports: &[WorkerReport]) -> Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    let statements = reports.iter().map(|report| {
        let sql = format!(
            "update workers set state = $2, pid = coalesce($3, pid), ended_on = null, end_reason = null, \
            started_on = case when started_on is null and $2 in ('running', 'draining') then now() else started_on end, \
            heartbeat_on = case when $4 then now() else heartbeat_on end, \
            progress_on = case when $5 then now() else progress_on end, \
            job_id = $6, doing = $7, progress = $8, rss_bytes = $9, cpu_millis = $10 where id = $1 and {OPEN}"
        );
        let progress = report.progress.as_ref().map(ToString::to_string);
        let params = params![
            report.id,
            report.state.name(),
            report.pid,
            report.heard,
            report.progressed,
            report.job,
            report.doing.as_deref(),
            progress,
            report.rss_bytes.map(|bytes| bytes as i64),
            report.cpu_millis.map(|millis| millis as i64),
        ];
        Statement::new(sql, params)
    });
    store.batch(&statements.collect::<Vec<_>>()).await.map(drop)
}

/// `state`: one of those that have ended.
pub async fn end_worker(store: &Store, id: WorkerId, state: WorkerState, reason: &str) -> Result<()> {
    let sql = format!("update workers set state = $2, end_reason = $3, ended_on = now() where id = $1 and {OPEN}");
    store.execute(&sql, &params![id, state.name(), reason]).await.map(drop)
}

/// Those that ended longer ago than `kept`.
pub async fn purge_workers(store: &Store, kept: Duration) -> Result<u64> {
    let sql = format!("delete from workers where ended_on <= {}", ago(store, "$1"));
    store.execute(&sql, &[micros(kept)]).await
}

/// Living ones first, then the newest.
pub async fn workers(store: &Store, filter: &WorkerFilter) -> Result<Vec<WorkerRecord>> {
    let (mut conditions, mut params): (Vec<String>, Vec<Param>) = (Vec::new(), Vec::new());
    if !filter.ended {
        conditions.push("w.ended_on is null".to_owned());
    }
    if let Some(server) = filter.server {
        params.push(server.into());
        conditions.push(format!("w.server_id = ${}", params.len()));
    }
    if let Some(provider) = filter.provider {
        params.push(provider.into());
        conditions.push(format!("w.provider_id = ${}", params.len()));
    }
    let condition = if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) };
    let limit = filter.limit.map_or(i64::MAX, i64::from);
    let sql = format!(
        "select w.id, w.server_id, s.name, w.kind, w.provider_id, p.name, w.slot, w.host, w.pid, w.state, w.generation, \
         w.restarts, w.created_on, w.started_on, w.heartbeat_on, w.progress_on, w.job_id, w.doing, w.progress, \
         w.rss_bytes, w.cpu_millis, w.ended_on, w.end_reason from workers w join servers s on s.id = w.server_id \
         left join providers p on p.id = w.provider_id {condition} \
         order by case when w.ended_on is null then 0 else 1 end, w.id desc limit {limit}"
    );
    store.query(&sql, &params).await?.iter().map(record).collect()
}

fn record(row: &Row) -> Result<WorkerRecord> {
    let progress: Option<String> = row.get(18)?;
    let progress = progress.map(|text| serde_json::from_str(&text)).transpose();
    Ok(WorkerRecord {
        id: row.get(0)?,
        server_id: row.get(1)?,
        server: row.get(2)?,
        kind: row.get(3)?,
        provider_id: row.get(4)?,
        provider: row.get(5)?,
        slot: row.get(6)?,
        host: row.get(7)?,
        pid: row.get(8)?,
        state: WorkerState::parse(&row.get::<String>(9)?),
        generation: row.get(10)?,
        restarts: row.get(11)?,
        created_on: row.get(12)?,
        started_on: row.get(13)?,
        heartbeat_on: row.get(14)?,
        progress_on: row.get(15)?,
        job: row.get(16)?,
        doing: row.get(17)?,
        progress: progress.map_err(|e| StoreError::Bug(format!("a worker's progress cannot be read: {e}")))?,
        rss_bytes: row.get(19)?,
        cpu_millis: row.get(20)?,
        ended_on: row.get(21)?,
        end_reason: row.get(22)?,
    })
}
