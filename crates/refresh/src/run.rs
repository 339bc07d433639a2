//! The refresh itself: one straight function.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use stocktake_model::{CollectionIx, Coverage, Rows, Scope};
use stocktake_provider::Provider;
use stocktake_saver::{GuardPolicy, Planner, ReadRequest, SavePlan, Stored};
use stocktake_store::{ProviderId, Save, SaveStats, Statement, Store, StoreError};
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::error::RefreshError;
use crate::lease::Held;
use crate::observer::{Observer, Phase};
use crate::report::{RunReport, millis_since};
use crate::spill::{self, TemporaryFile};
use crate::{beside, lease, river};

/// How often a save is tried again that the database gave up for another's sake.
const SAVED_AGAIN: u32 = 2;

/// What to refresh, and how.
#[derive(Debug, Clone)]
pub struct Refresh {
    pub provider_id: ProviderId,
    pub provider: Arc<dyn Provider>,
    pub scope: Scope,
    pub guard: GuardPolicy,
    /// Any issue is an error: for tests.
    pub strict: bool,
    /// The installation's, see [`stocktake_model::Rows::new`].
    pub seed: u64,
}

/// What a run would do.
#[derive(Debug)]
pub struct Planned {
    pub plan: SavePlan,
    /// Collections that were asked for whole, and seen whole.
    pub complete: Vec<CollectionIx>,
}

/// A save that collided with another transaction wrote nothing, and what was collected is worth as much as before. One that
/// lost its lease meanwhile is refused as ever.
async fn saved(store: &Store, save: &Save) -> Result<SaveStats, StoreError> {
    for again in 1..=SAVED_AGAIN {
        match store.save(save).await {
            Err(error @ StoreError::Collision { .. }) => {
                tracing::warn!(again, error = %error, "the save was in another transaction's way; saving again");
            }
            done => return done,
        }
    }
    store.save(save).await
}

/// Where the ids of new rows come from.
#[derive(Debug, Clone, Copy)]
enum Ids {
    /// A block of the database's, spent.
    Reserved,
    /// None of the database's: for a plan that is only looked at.
    MadeUp,
}

impl Refresh {
    /// Refreshes under a lease that the caller holds. `report` is filled as far as the run gets; `record` turns the
    /// settled report into statements that are committed with the inventory. `interrupt` ends the run as long as nothing
    /// is being saved: once it is, only the database knows how that ends, so it is waited for.
    pub(crate) async fn run(
        &self,
        store: &Store,
        held: &Held,
        observer: &dyn Observer,
        report: &mut RunReport,
        interrupt: impl Future<Output = ()>,
        record: impl FnOnce(&RunReport) -> Result<Vec<Statement>, RefreshError>,
    ) -> Result<SaveStats, RefreshError> {
        let before = self.provider.usage();
        let planned = tokio::select! {
            planned = self.planned(store, observer, report, Ids::Reserved) => planned,
            lost = lease::keep(store, held) => Err(lost.into()),
            () = interrupt => Err(RefreshError::Interrupted),
        };
        // Also of a run that came to nothing: its calls were made.
        report.usage = self.provider.usage().since(before);
        let Planned { plan, complete } = planned?;
        if self.strict && !plan.issues.is_empty() {
            return Err(RefreshError::Strict(plan.issues));
        }
        observer.phase(Phase::Saving);
        let start = Instant::now();
        let also = record(report)?;
        let save = Save { lease: held.lease.clone(), plan: Arc::new(plan), complete, also };
        // No renewal meanwhile: the save holds the lease's row, and whoever would take it over waits for that.
        let span = tracing::debug_span!("save", inserted = Empty, updated = Empty, archived = Empty, deleted = Empty);
        let stats = saved(store, &save).instrument(span.clone()).await?;
        let written = &stats.written;
        span.record("inserted", written.inserted).record("updated", written.updated);
        span.record("archived", written.archived).record("deleted", written.deleted);
        report.phases.save = millis_since(start);
        Ok(stats)
    }

    /// Collects, parses and plans; writes nothing. New rows have ids that nobody will ever have.
    pub async fn plan(
        &self,
        store: &Store,
        observer: &dyn Observer,
        report: &mut RunReport,
    ) -> Result<Planned, RefreshError> {
        self.planned(store, observer, report, Ids::MadeUp).await
    }

    async fn planned(
        &self,
        store: &Store,
        observer: &dyn Observer,
        report: &mut RunReport,
        ids: Ids,
    ) -> Result<Planned, RefreshError> {
        let (planner, coverage) = if Planner::needs_everything(&self.scope) {
            Box::pin(self.compare_all(store, observer, report)).await?
        } else {
            Box::pin(self.compare_targets(store, observer, report)).await?
        };
        observer.phase(Phase::Planning);
        let planned = self.close(store, report, ids, planner, coverage);
        Box::pin(planned.instrument(tracing::debug_span!("plan"))).await
    }

    /// Everything was seen that will be: what is to be written?
    async fn close(
        &self,
        store: &Store,
        report: &mut RunReport,
        ids: Ids,
        mut planner: Planner,
        mut coverage: Coverage,
    ) -> Result<Planned, RefreshError> {
        let start = Instant::now();
        let menu = self.provider.menu();
        let mut wanted = planner.close(&coverage);
        while !wanted.is_empty() {
            wanted = planner.answer(store.lookup(self.provider_id, &menu, &wanted).await?);
        }
        planner.doubt(&mut coverage);
        let first_id = match (planner.new_rows(), ids) {
            (0, _) => 0,
            (rows, Ids::Reserved) => store.reserve_ids(rows).await?,
            (_, Ids::MadeUp) => i64::MAX / 2,
        };
        let plan = planner.finish(first_id);
        if let Some(failure) = plan.failure {
            return Err(failure.into());
        }
        report.phases.plan = millis_since(start);
        report.issues.clone_from(&plan.issues);
        report.settle(&menu, &self.scope, &coverage, &plan);
        let whole = menu.iter().map(|(ix, _)| ix).filter(|ix| coverage.is_about_all_of(*ix, &menu, &self.scope));
        let complete = whole.filter(|ix| coverage.is_complete(*ix)).collect();
        Ok(Planned { plan, complete })
    }

    /// Everything, or whole collections: all keys and digests are read first, so that each page can be compared and
    /// forgotten as it comes. For a few collections that is more than is needed, at tens of bytes a row; which rows they
    /// are only the pages tell, and a row taken for new because it was not read would sink the save.
    async fn compare_all(
        &self,
        store: &Store,
        observer: &dyn Observer,
        report: &mut RunReport,
    ) -> Result<(Planner, Coverage), RefreshError> {
        let menu = self.provider.menu();
        observer.phase(Phase::Reading);
        let start = Instant::now();
        let reading = store.read_all(self.provider_id, &menu, self.seed);
        let stored = reading.instrument(tracing::debug_span!("read")).await?;
        report.phases.read = millis_since(start);
        observer.phase(Phase::Collecting);
        let start = Instant::now();
        let mut planner = Planner::new(Arc::clone(&menu), &self.scope, stored, self.guard)
            .with_spill(Arc::<TemporaryFile>::default(), spill::MOST_IN_MEMORY);
        let compare = |rows: &mut Rows| {
            planner.push(rows);
            planner.failure().cloned().map_or(Ok(()), |failure| Err(failure.into()))
        };
        let provider = self.provider.as_ref();
        let (mut collected, mut parsing) = river::flow(provider, &self.scope, self.seed, observer, compare).await?;
        report.phases.collect = millis_since(start);
        // Single targets beside the collections take others along as they do without them.
        let mut nothing = Rows::new(Arc::clone(&menu), self.seed);
        let mut beside = Vec::new();
        if self.scope != Scope::Full && !(collected.coverage.gone.is_empty() && collected.coverage.read.is_empty()) {
            let stored = self.read_targets(store, observer, report, &mut nothing, &collected.coverage).await?;
            let seen = |ix, key_hash| planner.has_seen(ix, key_hash);
            beside = beside::unseen(&stored, (&menu, self.seed), &self.scope, seen);
        }
        if !beside.is_empty() {
            observer.phase(Phase::Collecting);
            let start = Instant::now();
            let mut unseen = nothing;
            let compare = |rows: &mut Rows| {
                beside::append_unseen(&mut unseen, rows, |ix, key_hash| planner.has_seen(ix, key_hash));
                planner.push(&mut unseen);
                planner.failure().cloned().map_or(Ok(()), |failure| Err(failure.into()))
            };
            let (found, parsing_more) = river::flow(provider, &Scope::Targets(beside), self.seed, observer, compare).await?;
            collected.add(found);
            parsing += parsing_more;
            report.phases.collect += millis_since(start);
        }
        report.phases.parse = parsing.as_millis() as u64;
        (report.listings, report.usage) = (collected.listings, collected.usage);
        Ok((planner, collected.coverage))
    }

    /// Targets: few rows, so they are all parsed before one round trip asks for just what they need. What is asked for
    /// with the targets and did not come with them is then asked for by name, and the round trip made again; what is asked
    /// for with those is not followed.
    async fn compare_targets(
        &self,
        store: &Store,
        observer: &dyn Observer,
        report: &mut RunReport,
    ) -> Result<(Planner, Coverage), RefreshError> {
        let menu = self.provider.menu();
        observer.phase(Phase::Collecting);
        let start = Instant::now();
        let mut snapshot = Rows::new(Arc::clone(&menu), self.seed);
        let provider = self.provider.as_ref();
        let append = |rows: &mut Rows| {
            snapshot.append(rows);
            Ok(())
        };
        let (mut collected, mut parsing) = river::flow(provider, &self.scope, self.seed, observer, append).await?;
        report.phases.collect = millis_since(start);
        let mut stored = self.read_targets(store, observer, report, &mut snapshot, &collected.coverage).await?;
        let beside = match stored.beside() {
            [] => Vec::new(),
            _ => beside::unseen(&stored, (&menu, self.seed), &self.scope, beside::among(&snapshot)),
        };
        if !beside.is_empty() {
            observer.phase(Phase::Collecting);
            let start = Instant::now();
            let mut more = Rows::new(Arc::clone(&menu), self.seed);
            let append = |rows: &mut Rows| {
                more.append(rows);
                Ok(())
            };
            let (found, parsing_more) = river::flow(provider, &Scope::Targets(beside), self.seed, observer, append).await?;
            let seen = beside::among(&snapshot);
            beside::append_unseen(&mut snapshot, &mut more, seen);
            collected.add(found);
            parsing += parsing_more;
            report.phases.collect += millis_since(start);
            stored = self.read_targets(store, observer, report, &mut snapshot, &collected.coverage).await?;
        }
        report.phases.parse = parsing.as_millis() as u64;
        (report.listings, report.usage) = (collected.listings, collected.usage);
        let mut planner = Planner::new(menu, &self.scope, stored, self.guard);
        planner.push(&mut snapshot);
        Ok((planner, collected.coverage))
    }

    async fn read_targets(
        &self,
        store: &Store,
        observer: &dyn Observer,
        report: &mut RunReport,
        snapshot: &mut Rows,
        coverage: &Coverage,
    ) -> Result<Stored, RefreshError> {
        observer.phase(Phase::Reading);
        let start = Instant::now();
        let request = ReadRequest::new(snapshot, coverage);
        let menu = self.provider.menu();
        let reading = store.read_targets(self.provider_id, &menu, &request, self.seed);
        let stored = reading.instrument(tracing::debug_span!("read")).await?;
        report.phases.read += millis_since(start);
        Ok(stored)
    }
}
