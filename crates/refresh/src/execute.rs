//! A whole run: lease, record, refresh, and an end that is written down whatever happens.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::{Duration, Instant};

use stocktake_queue::trace;
use stocktake_store::registry::{self, CollectionRun, NewRun, RunEnd, RunId, RunState, Usage};
use stocktake_store::{Lease, Statement, Store, StoreError};
use tracing::Instrument as _;

use crate::error::RefreshError;
use crate::findings;
use crate::lease::{self, Held};
use crate::observer::Observer;
use crate::report::{Outcome, RunReport, millis_since};
use crate::run::Refresh;

/// Who asks for a run.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// `cli`, `schedule`, `event`
    pub trigger: &'a str,
    /// The process, as people would look for it: `host:pid`, and of workers a piece of their id.
    pub owner: &'a str,
    /// How long the provider stays this process's without a renewal, by the database's clock.
    pub lease: Duration,
    /// The run whose held deletions a person approved.
    pub approves: Option<RunId>,
    /// What is committed with the inventory: that what was asked for has been served.
    pub also: &'a (dyn Fn(&RunReport) -> Vec<Statement> + Send + Sync),
    /// None: the run says nothing of the credentials, since its answers come from a recording.
    pub credentials: Option<Tried>,
    /// Why the refresh has the scope it has, where that was chosen: for the run's record.
    pub choice: &'a [String],
}

impl<'a> Request<'a> {
    /// Of a person or program that waits for the end itself.
    pub fn new(trigger: &'a str, owner: &'a str) -> Self {
        Self { trigger, owner, lease: lease::TTL, approves: None, also: &|_| Vec::new(), credentials: None, choice: &[] }
    }
}

impl std::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { trigger, owner, lease, approves, also: _, credentials, choice } = self;
        let mut shown = f.debug_struct("Request");
        shown.field("trigger", trigger).field("owner", owner).field("lease", lease).field("approves", approves);
        shown.field("credentials", credentials).field("choice", choice).finish()
    }
}

/// The credentials that a run signs in with.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// That of the provider when they were read.
    pub generation: i64,
    /// So many failures in a row make it unreachable.
    pub to_unreachable: u32,
}

/// How a run ended. An error was written to its record, too.
#[derive(Debug)]
pub struct Finished {
    pub run: RunId,
    pub report: RunReport,
    pub error: Option<RefreshError>,
}

/// Runs a refresh from lease to record. `interrupt` ends it early: nothing is saved and the record says so. An error is
/// returned only when no run could be begun (another refresher is at work, the database is away).
pub async fn execute(
    store: &Store,
    refresh: &Refresh,
    request: &Request<'_>,
    observer: &dyn Observer,
    interrupt: impl Future<Output = ()>,
) -> Result<Finished, RefreshError> {
    let (provider, start) = (refresh.provider_id, Instant::now());
    let lease = store.acquire_lease(provider, request.owner, request.lease).await?;
    let held = Held { lease, ttl: request.lease };
    let new = NewRun {
        provider,
        scope: &refresh.scope,
        trigger: request.trigger,
        owner: request.owner,
        lease_token: Some(held.lease.token),
        approves: request.approves,
        trace_id: trace::id(),
    };
    let run = match registry::begin_run(store, &new).await {
        Ok(run) => run,
        Err(error) => {
            release(store, &held.lease).await;
            return Err(registry_error(error));
        }
    };
    // Of the highest level, so that a filter of errors alone still tells which run they are of.
    let span = tracing::error_span!("run", id = %run, %provider, mode = refresh.scope.name());
    let begun = Begun { run, start };
    let finished = recorded(store, refresh, request, observer, interrupt, &held, begun).instrument(span).await;
    release(store, &held.lease).await;
    Ok(finished)
}

/// A run that has a record.
struct Begun {
    run: RunId,
    start: Instant,
}

/// Refreshes, and writes down how that ended.
async fn recorded(
    store: &Store,
    refresh: &Refresh,
    request: &Request<'_>,
    observer: &dyn Observer,
    interrupt: impl Future<Output = ()>,
    held: &Held,
    Begun { run, start }: Begun,
) -> Finished {
    let provider = refresh.provider_id;
    tracing::info!(trigger = request.trigger, "run begins");
    let mut report = RunReport::new(refresh.scope.name(), refresh.scope.targets());
    report.choice = request.choice.to_vec();
    let record = |report: &RunReport| {
        let mut statements = ended(report, None).statements(run, provider, &refresh.scope).map_err(registry_error)?;
        statements.extend((request.also)(report));
        Ok(statements)
    };
    let done = refresh.run(store, held, observer, &mut report, interrupt, record).await;
    let error = match done {
        Ok(_) => {
            if let Err(error) = complete(store, run, refresh, &mut report).await {
                tracing::warn!(%error, "saved; only its last remarks could not be written down");
            }
            None
        }
        Err(error) => {
            report.outcome = Outcome::Failed;
            trace::failed(&error.to_string());
            let end = ended(&report, Some(&error));
            if let Err(unwritten) = registry::end_run(store, run, provider, &refresh.scope, &end).await {
                tracing::warn!(error = %unwritten, "the run's end could not be written down");
            }
            Some(error)
        }
    };
    let end = ended(&report, error.as_ref());
    if let Err(uncounted) = registry::count_run(store, provider, refresh.scope.name(), &end, millis_since(start)).await {
        tracing::warn!(error = %uncounted, "the run could not be added to the totals");
    }
    if let (Some(tried), Some(finding)) = (request.credentials, findings::of_run(&report, error.as_ref())) {
        let noted = registry::note_credentials(store, provider, tried.generation, &finding, tried.to_unreachable).await;
        if let Err(unwritten) = noted {
            tracing::warn!(error = %unwritten, "what the run showed of the credentials could not be written down");
        }
    }
    let (counts, outcome) = (report.counts(), end.state.name());
    tracing::info!(
        outcome,
        millis = millis_since(start),
        created = counts.created,
        updated = counts.updated,
        archived = counts.archived,
        deleted = counts.deleted,
        error = end.error,
        "run ended"
    );
    Finished { run, report, error }
}

/// Unresolved links are issues of the run that wrote their rows; those of rows that did not change since are counted, so
/// that a quiet run does not look as if there were none.
async fn complete(store: &Store, run: RunId, refresh: &Refresh, report: &mut RunReport) -> registry::Result<()> {
    let unresolved = registry::unresolved_links(store, refresh.provider_id).await?;
    if unresolved > 0 {
        report.notes.push(format!("{unresolved} links lead to nothing known; each is set when its target appears"));
    }
    registry::complete_run(store, run, &phases(report), &notes(report)).await
}

async fn release(store: &Store, lease: &Lease) {
    if let Err(kept) = store.release_lease(lease).await {
        tracing::debug!(error = %kept, "lease not released; it runs out by itself");
    }
}

fn registry_error(error: registry::RegistryError) -> RefreshError {
    match error {
        registry::RegistryError::Store(error) => RefreshError::Store(error),
        other => RefreshError::Store(StoreError::Bug(other.to_string())),
    }
}

fn phases(report: &RunReport) -> Vec<(String, u64)> {
    let phases = &report.phases;
    let named = [
        ("read", phases.read),
        ("collect", phases.collect),
        ("parse", phases.parse),
        ("plan", phases.plan),
        ("save", phases.save),
    ];
    named.into_iter().map(|(name, millis)| (name.to_owned(), millis)).collect()
}

fn notes(report: &RunReport) -> Vec<String> {
    report.choice.iter().chain(&report.notes).cloned().collect()
}

fn ended(report: &RunReport, error: Option<&RefreshError>) -> RunEnd {
    let collection = |c: &crate::report::CollectionReport| {
        let counts = if error.is_some() {
            stocktake_saver::Counts { fetched: c.counts.fetched, ..Default::default() }
        } else {
            c.counts
        };
        (c.collection.clone(), CollectionRun { counts, listed: c.listed.clone() })
    };
    RunEnd {
        state: match report.outcome {
            Outcome::Ok => RunState::Ok,
            Outcome::Partial => RunState::Partial,
            Outcome::Failed => RunState::Failed,
        },
        error: error.map(ToString::to_string),
        phases: phases(report),
        collections: report.collections.iter().map(collection).collect(),
        listings: serde_json::to_value(&report.listings).unwrap_or_default(),
        usage: Usage {
            calls: report.usage.calls,
            retries: report.usage.retries,
            throttled: report.usage.throttled,
            bytes: report.usage.bytes,
        },
        issues: report.issues.clone(),
        issue_totals: BTreeMap::new(),
        notes: notes(report),
    }
}
