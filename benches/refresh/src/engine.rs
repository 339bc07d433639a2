//! The refresh under measurement: what `stocktake_refresh` does, without an API in front of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use stocktake_model::{Coverage, Rows, Scope};
use stocktake_saver::{Counts, GuardPolicy, Planner, ReadRequest};
use stocktake_store::{Lease, ProviderId, Save, Store};

use crate::cloud::Cloud;

pub struct Engine {
    pub store: Store,
    pub provider: ProviderId,
    pub lease: Lease,
    /// Of saves.
    pub round_trips: AtomicU64,
}

impl Engine {
    /// Opens and migrates a database and registers one provider.
    pub async fn open(url: &str) -> Result<Self> {
        let store = Store::open(url).await?;
        store.migrate().await?;
        let row = store
            .query_one(
                "insert into providers (name, type) values ($1, $2) returning id",
                &stocktake_store::params!["bench", "bench"],
            )
            .await?;
        let provider = ProviderId(row.get(0)?);
        let lease = store.acquire_lease(provider, "bench", Duration::from_hours(1)).await?;
        Ok(Self { store, provider, lease, round_trips: AtomicU64::new(0) })
    }

    /// A full run over pages that are parsed already.
    pub async fn full(&self, cloud: &Cloud, pages: Vec<Rows>) -> Result<Counts> {
        let stored = self.store.read_all(self.provider, &cloud.menu, cloud.seed).await?;
        let mut planner = Planner::new(Arc::clone(&cloud.menu), &Scope::Full, stored, GuardPolicy::OFF);
        for mut page in pages {
            planner.push(&mut page);
        }
        self.finish(cloud, planner, &cloud.coverage(), true).await
    }

    /// A targeted run over rows that are parsed already.
    pub async fn targeted(&self, cloud: &Cloud, mut rows: Rows, coverage: &Coverage) -> Result<Counts> {
        let request = ReadRequest::new(&mut rows, coverage);
        let stored = self.store.read_targets(self.provider, &cloud.menu, &request, cloud.seed).await?;
        let mut planner = Planner::new(Arc::clone(&cloud.menu), &Scope::Targets(Vec::new()), stored, GuardPolicy::OFF);
        planner.push(&mut rows);
        self.finish(cloud, planner, coverage, false).await
    }

    async fn finish(&self, cloud: &Cloud, mut planner: Planner, coverage: &Coverage, full: bool) -> Result<Counts> {
        let mut wanted = planner.close(coverage);
        while !wanted.is_empty() {
            wanted = planner.answer(self.store.lookup(self.provider, &cloud.menu, &wanted).await?);
        }
        let first = match planner.new_rows() {
            0 => 0,
            rows => self.store.reserve_ids(rows).await?,
        };
        let plan = planner.finish(first);
        let counts = plan.counts();
        let complete = cloud.menu.iter().map(|(ix, _)| ix).filter(|ix| full && coverage.is_complete(*ix)).collect();
        let save = Save { lease: self.lease.clone(), plan: Arc::new(plan), complete, also: Vec::new() };
        self.round_trips.fetch_add(self.store.save(&save).await?.round_trips, Ordering::Relaxed);
        Ok(counts)
    }
}
