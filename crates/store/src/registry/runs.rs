//! The record of a run: begun before the provider is asked, ended in the transaction that saves, or alone when nothing
//! is saved. What a run met is kept with it, up to a limit; how much there was is always told.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use stocktake_model::{Issue, IssueKind, Listed, Scope};
use stocktake_saver::Counts;
use uuid::Uuid;

use super::{RegistryError, Result, RunRecord, find_run};
use crate::db::{Param, ProviderId, Statement};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

/// So many issues of a run are kept in full.
pub const KEPT_ISSUES: usize = 1_000;

/// Sorts by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub Uuid);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    Running,
    Ok,
    /// Saved, but not everything could be seen.
    Partial,
    /// Nothing was saved.
    Failed,
}

impl RunState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Failed => "failed",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        [Self::Running, Self::Ok, Self::Partial].into_iter().find(|s| s.name() == text).unwrap_or(Self::Failed)
    }
}

/// A run that is about to start.
#[derive(Debug)]
pub struct NewRun<'a> {
    pub provider: ProviderId,
    pub scope: &'a Scope,
    /// Who wanted it: `cli`, `schedule`, `event`.
    pub trigger: &'a str,
    /// The process that works on it, as its lease names it.
    pub owner: &'a str,
    /// Token of the lease it works under: without that lease a running run is a dead one.
    pub lease_token: Option<i64>,
    /// The run whose held deletions a person approved.
    pub approves: Option<RunId>,
    /// The trace it is a part of, where there are traces.
    pub trace_id: Option<String>,
}

/// What happened to one collection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionRun {
    #[serde(flatten)]
    pub counts: Counts,
    /// How much of it was seen.
    pub listed: Option<Listed>,
}

/// Use of the provider's API.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub calls: u64,
    pub retries: u64,
    pub throttled: u64,
    pub bytes: u64,
}

/// How a run ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    pub state: RunState,
    pub error: Option<String>,
    /// Milliseconds, in the order of working: collect, parse, read, plan, save.
    pub phases: Vec<(String, u64)>,
    pub collections: BTreeMap<String, CollectionRun>,
    /// How each listing of the provider went, in the provider's own form.
    pub listings: serde_json::Value,
    pub usage: Usage,
    /// Any number; the first [`KEPT_ISSUES`] are kept.
    pub issues: Vec<Issue>,
    /// How many there were of each kind, when `issues` does not hold them all.
    pub issue_totals: BTreeMap<IssueKind, u64>,
    /// Remarks for people: choices that were made, what was waited for.
    pub notes: Vec<String>,
}

impl RunEnd {
    pub fn failed(error: impl Into<String>) -> Self {
        Self {
            state: RunState::Failed,
            error: Some(error.into()),
            phases: Vec::new(),
            collections: BTreeMap::new(),
            listings: serde_json::Value::Array(Vec::new()),
            usage: Usage::default(),
            issues: Vec::new(),
            issue_totals: BTreeMap::new(),
            notes: Vec::new(),
        }
    }

    /// What ends the run in the database, whatever its record says so far: to be carried out together with the save,
    /// which is fenced and therefore knows best. See [`end_run`] for a run that saves nothing.
    pub fn statements(&self, run: RunId, provider: ProviderId, scope: &Scope) -> Result<Vec<Statement>> {
        let mut totals = self.issue_totals.clone();
        for (kind, count) in self.counted() {
            let total = totals.entry(kind).or_default();
            *total = count.max(*total);
        }
        let totals: BTreeMap<_, _> = totals.into_iter().map(|(kind, count)| (kind.name(), count)).collect();
        let sql = "update runs set state = $1, error = $2, ended_on = now(), phases = $3, collections = $4, listings = $5, \
                   usage = $6, issues = $7, notes = $8 where id = $9";
        let update = params![
            self.state.name(),
            self.error.as_deref(),
            json(&self.phases)?,
            json(&self.collections)?,
            json(&self.listings)?,
            json(&self.usage)?,
            json(&totals)?,
            json(&self.notes)?,
            run.to_string(),
        ];
        let mut statements = vec![Statement::new(sql, update)];
        statements.extend(
            self.issues[..self.issues.len().min(KEPT_ISSUES)]
                .chunks(100)
                .enumerate()
                .map(|(n, chunk)| issue_rows(run, n * 100, chunk)),
        );
        if self.state != RunState::Failed {
            statements.extend(self.freshness(run, provider, scope)?);
        }
        statements.push(self.provider_status(provider));
        Ok(statements)
    }

    fn counted(&self) -> BTreeMap<IssueKind, u64> {
        self.issues.iter().fold(BTreeMap::new(), |mut counts, issue| {
            *counts.entry(issue.kind).or_default() += 1;
            counts
        })
    }

    /// When each collection that was asked for whole was last seen, and last seen whole.
    fn freshness(&self, run: RunId, provider: ProviderId, scope: &Scope) -> Result<Option<Statement>> {
        let mut sql =
            "insert into freshness (provider_id, collection, run_id, listed, seen_on, complete_on) values ".to_owned();
        let mut params: Vec<Param> = vec![provider.into(), run.to_string().into()];
        let whole = self.collections.iter().filter(|(name, _)| scope.is_about_all_of(name));
        let seen = whole.filter_map(|(name, c)| c.listed.as_ref().map(|l| (name, l)));
        for (n, (name, listed)) in seen.enumerate() {
            params.extend(params![name, json(listed)?]);
            let at = params.len();
            let complete = if listed.is_complete() { "now()" } else { "cast(null as timestamptz)" };
            let comma = if n == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}($1, ${}, $2, ${at}, now(), {complete})", at - 1);
        }
        sql.push_str(
            " on conflict (provider_id, collection) do update set run_id = excluded.run_id, listed = excluded.listed, \
             seen_on = excluded.seen_on, complete_on = coalesce(excluded.complete_on, freshness.complete_on)",
        );
        Ok((params.len() > 2).then(|| Statement::new(sql, params)))
    }

    fn provider_status(&self, provider: ProviderId) -> Statement {
        let message = self.error.as_deref();
        match self.state {
            RunState::Failed | RunState::Running => Statement::new(
                "update providers set status = 'failed', status_message = $1 where id = $2 and status <> 'removing'",
                params![message, provider],
            ),
            RunState::Ok | RunState::Partial => Statement::new(
                "update providers set status = $1, status_message = $2, last_refresh_on = now() \
                 where id = $3 and status <> 'removing'",
                params![self.state.name(), message, provider],
            ),
        }
    }
}

/// Writes down that a run has begun.
pub async fn begin_run(store: &Store, new: &NewRun<'_>) -> Result<RunId> {
    let id = RunId(Uuid::now_v7());
    let sql = "insert into runs (id, provider_id, mode, targets, trigger_by, owner, lease_token, approves, trace_id, state, \
               started_on) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'running', now())";
    let approves = new.approves.map(|run| run.to_string());
    let params = params![
        id.to_string(),
        new.provider,
        new.scope.name(),
        json(&new.scope.targets())?,
        new.trigger,
        new.owner,
        new.lease_token,
        approves,
        new.trace_id.as_ref(),
    ];
    store.execute(sql, &params).await?;
    Ok(id)
}

/// Ends a run that saved nothing. One that has ended already, by its save or as abandoned, stays as it is.
pub async fn end_run(store: &Store, run: RunId, provider: ProviderId, scope: &Scope, end: &RunEnd) -> Result<()> {
    let running = "select 1 from runs where id = $1 and state = 'running'";
    if store.query_opt(running, &params![run.to_string()]).await?.is_none() {
        return Ok(());
    }
    store.batch(&end.statements(run, provider, scope)?).await?;
    Ok(())
}

/// Completes the record of a run that has saved: how long saving took, and remarks that only the saved inventory allows.
pub async fn complete_run(store: &Store, run: RunId, phases: &[(String, u64)], notes: &[String]) -> Result<()> {
    let sql = "update runs set phases = $1, notes = $2 where id = $3";
    store.execute(sql, &params![json(phases)?, json(notes)?, run.to_string()]).await?;
    Ok(())
}

/// How many links of a provider's rows lead to nothing known.
pub async fn unresolved_links(store: &Store, provider: ProviderId) -> Result<u64> {
    let sql = "select count(*) from link_watches where provider_id = $1 and resolved_id is null";
    let count: i64 = store.query_one(sql, &params![provider]).await?.get(0)?;
    Ok(count as u64)
}

/// Writes down that a person lets the deletions go that a run held back, and says which provider's they are. They are
/// carried out by the next refresh that still finds those objects gone.
pub async fn approve_deletes(store: &Store, run: &str) -> Result<RunRecord> {
    let record = find_run(store, run).await?;
    let held: u64 = record.collections.values().map(|c| c.counts.held).sum();
    if held == 0 {
        return Err(RegistryError::NothingHeld { id: record.id.to_string() });
    }
    let sql = "update runs set approved_on = now() where id = $1";
    store.execute(sql, &params![record.id.to_string()]).await?;
    Ok(record)
}

fn issue_rows(run: RunId, first: usize, issues: &[Issue]) -> Statement {
    let mut sql = "insert into run_issues (run_id, n, kind, collection, ref, field, message) values ".to_owned();
    let mut params: Vec<Param> = vec![run.to_string().into()];
    for (n, issue) in issues.iter().enumerate() {
        let at = params.len();
        let comma = if n == 0 { "" } else { ", " };
        let _ = write!(sql, "{comma}($1, ${}, ${}, ${}, ${}, ${}, ${})", at + 1, at + 2, at + 3, at + 4, at + 5, at + 6);
        params.extend(params![
            (first + n) as i64,
            issue.kind.name(),
            &issue.collection,
            &issue.reference,
            issue.field.as_deref(),
            &issue.message,
        ]);
    }
    Statement::new(sql, params)
}

fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Bug(format!("a run record cannot be written: {e}")))
}
