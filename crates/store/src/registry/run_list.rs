//! Looking at runs. Whoever looks also settles what nobody works on any more.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stocktake_model::{Listed, Target};
use stocktake_saver::Counts;

use super::runs::{CollectionRun, RunId, RunState, Usage};
use super::{RegistryError, Result};
use crate::db::{Param, ProviderId, Row};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    pub provider: Option<ProviderId>,
    pub state: Option<RunState>,
    pub limit: Option<u64>,
}

/// A run as it was written down.
#[derive(Debug, Clone, Serialize)]
pub struct RunRecord {
    pub id: RunId,
    pub provider_id: ProviderId,
    pub provider: String,
    /// `full`, `collections`, `targeted`
    pub mode: String,
    pub targets: Vec<Target>,
    pub trigger: String,
    pub owner: String,
    pub state: RunState,
    pub error: Option<String>,
    /// Microseconds since 1970.
    #[serde(serialize_with = "super::moment::one")]
    pub started_on: i64,
    #[serde(serialize_with = "super::moment::maybe")]
    pub ended_on: Option<i64>,
    pub phases: Vec<(String, u64)>,
    pub collections: BTreeMap<String, CollectionRun>,
    pub listings: serde_json::Value,
    pub usage: Usage,
    /// How many of each kind.
    pub issues: BTreeMap<String, u64>,
    pub notes: Vec<String>,
    /// The run whose held deletions this one carried out.
    pub approves: Option<String>,
    /// When a person approved the deletions this run held.
    #[serde(serialize_with = "super::moment::maybe")]
    pub approved_on: Option<i64>,
    /// The trace it is a part of, where traces were sent.
    pub trace_id: Option<String>,
}

impl RunRecord {
    pub fn counts(&self) -> Counts {
        self.collections.values().fold(Counts::default(), |mut sum, c| {
            sum.add(&c.counts);
            sum
        })
    }
}

/// How a collection of a provider was last seen.
#[derive(Debug, Clone, Serialize)]
pub struct Freshness {
    pub provider_id: ProviderId,
    pub collection: String,
    pub run: String,
    /// How much the last run that asked for all of it saw.
    pub listed: Listed,
    #[serde(serialize_with = "super::moment::one")]
    pub seen_on: i64,
    /// When all of it was last seen.
    #[serde(serialize_with = "super::moment::maybe")]
    pub complete_on: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct RunIssue {
    pub kind: String,
    pub collection: String,
    #[serde(rename = "ref")]
    pub reference: String,
    pub field: Option<String>,
    pub message: String,
}

const SELECT: &str = "select r.id, r.provider_id, p.name, r.mode, r.targets, r.trigger_by, r.owner, r.state, r.error, \
    r.started_on, r.ended_on, r.phases, r.collections, r.listings, r.usage, r.issues, r.notes, r.approves, r.approved_on, \
    r.trace_id \
    from runs r join providers p on p.id = r.provider_id";

/// Newest first.
pub async fn list_runs(store: &Store, filter: &RunFilter) -> Result<Vec<RunRecord>> {
    fail_abandoned(store).await?;
    let (mut conditions, mut params): (Vec<String>, Vec<Param>) = (Vec::new(), Vec::new());
    if let Some(provider) = filter.provider {
        params.push(provider.into());
        conditions.push(format!("r.provider_id = ${}", params.len()));
    }
    if let Some(state) = filter.state {
        params.push(state.name().into());
        conditions.push(format!("r.state = ${}", params.len()));
    }
    let condition = if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    let limit = filter.limit.unwrap_or(i64::MAX as u64).min(i64::MAX as u64);
    let sql = format!("{SELECT}{condition} order by r.id desc limit {limit}");
    store.query(&sql, &params).await?.iter().map(record).collect()
}

/// By id or the beginning of one; `last` is the newest.
pub async fn find_run(store: &Store, id: &str) -> Result<RunRecord> {
    fail_abandoned(store).await?;
    let none = || RegistryError::NoRun { id: id.to_owned() };
    let mut rows = if matches!(id, "last" | "latest") {
        store.query(&format!("{SELECT} order by r.id desc limit 1"), &[]).await?
    } else if id.is_empty() || !id.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        return Err(none());
    } else {
        // People copy the end of an id as well as its beginning: runs of one minute begin alike.
        let id = id.to_ascii_lowercase();
        let sql = format!("{SELECT} where r.id like $1 or r.id like $2 order by r.id desc limit 2");
        store.query(&sql, &params![format!("{id}%"), format!("%{id}")]).await?
    };
    match rows.len() {
        0 => Err(none()),
        1 => record(&rows.remove(0)),
        _ => Err(RegistryError::AmbiguousRun { id: id.to_owned() }),
    }
}

/// The issues of a run that were kept, in the order they were met.
pub async fn issues_of(store: &Store, run: RunId) -> Result<Vec<RunIssue>> {
    let sql = "select kind, collection, ref, field, message from run_issues where run_id = $1 order by n";
    let rows = store.query(sql, &params![run.to_string()]).await?;
    let issue = |row: &Row| {
        Ok(RunIssue {
            kind: row.get(0)?,
            collection: row.get(1)?,
            reference: row.get(2)?,
            field: row.get(3)?,
            message: row.get(4)?,
        })
    };
    rows.iter().map(issue).collect()
}

/// How fresh each collection is, of all providers.
pub async fn latest_per_collection(store: &Store) -> Result<Vec<Freshness>> {
    let sql = "select provider_id, collection, run_id, listed, seen_on, complete_on from freshness \
               order by provider_id, collection";
    let rows = store.query(sql, &[]).await?;
    let freshness = |row: &Row| {
        Ok(Freshness {
            provider_id: row.get(0)?,
            collection: row.get(1)?,
            run: row.get(2)?,
            listed: json(row, 3)?,
            seen_on: row.get(4)?,
            complete_on: row.get(5)?,
        })
    };
    rows.iter().map(freshness).collect()
}

/// Marks runs failed whose process is gone: nobody holds the lease they worked under. Says how many there were.
pub async fn fail_abandoned(store: &Store) -> Result<u64> {
    let abandoned = "state = 'running' and not exists (select 1 from leases l where l.provider_id = runs.provider_id \
                     and l.token = runs.lease_token and l.until > now())";
    // Most of the time there are none, and looking takes no lock.
    if store.query_opt(&format!("select 1 from runs where {abandoned} limit 1"), &[]).await?.is_none() {
        return Ok(0);
    }
    let sql = format!(
        "update runs set state = 'failed', ended_on = now(), error = 'its process ended without a word; nothing was saved' \
         where {abandoned}"
    );
    Ok(store.execute(&sql, &[]).await?)
}

fn record(row: &Row) -> Result<RunRecord> {
    let id: String = row.get(0)?;
    let uuid = id.parse().map_err(|_| StoreError::Bug(format!("'{id}' is not a run's id")))?;
    Ok(RunRecord {
        id: RunId(uuid),
        provider_id: row.get(1)?,
        provider: row.get(2)?,
        mode: row.get(3)?,
        targets: json(row, 4)?,
        trigger: row.get(5)?,
        owner: row.get(6)?,
        state: RunState::parse(&row.get::<String>(7)?),
        error: row.get(8)?,
        started_on: row.get(9)?,
        ended_on: row.get(10)?,
        phases: json(row, 11)?,
        collections: json(row, 12)?,
        listings: json(row, 13)?,
        usage: json(row, 14)?,
        issues: json(row, 15)?,
        notes: json(row, 16)?,
        approves: row.get(17)?,
        approved_on: row.get(18)?,
        trace_id: row.get(19)?,
    })
}

fn json<T: DeserializeOwned>(row: &Row, at: usize) -> Result<T> {
    let text: String = row.get(at)?;
    Ok(serde_json::from_str(&text).map_err(|e| StoreError::Bug(format!("a run record cannot be read: {e}")))?)
}
