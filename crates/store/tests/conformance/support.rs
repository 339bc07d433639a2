//! The five lines of a refresh over a test's database, and ways to look at what they left.

use std::sync::Arc;
use std::time::Duration;

use stocktake_model::{CollectionIx, Coverage, Listed, Menu, Rows, Scope, menus};
use stocktake_saver::{GuardPolicy, Planner, ReadRequest, SavePlan, Spill};
use stocktake_store::{Cell, Lease, Param, ProviderId, Result, Row, Save, SaveStats, Store, params};
use stocktake_testkit::TestDatabase;

pub(crate) const SEED: u64 = 7;

/// A store with one provider.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) menu: Arc<Menu>,
    pub(crate) provider: ProviderId,
    pub(crate) lease: Lease,
    database: Arc<TestDatabase>,
}

impl World {
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let menu = menus::with_targets(menus::for_cloud());
        Self::with_menu(Arc::new(database), menu, "one").await
    }

    /// With every collection there is.
    pub(crate) async fn with_everything(database: TestDatabase) -> Self {
        Self::with_menu(Arc::new(database), menus::all(), "one").await
    }

    pub(crate) async fn with_menu(
        database: Arc<TestDatabase>,
        collections: Vec<stocktake_model::Collection>,
        name: &str,
    ) -> Self {
        let menu = Arc::new(Menu::builder().pick(collections).build().unwrap());
        let store = database.store().await;
        let provider = provider(&store, name).await;
        let lease = store.acquire_lease(provider, "test", Duration::from_secs(90)).await.unwrap();
        Self { store, menu, provider, lease, database }
    }

    /// Another provider of the same database, by another connection.
    pub(crate) async fn neighbour(&self, name: &str) -> Self {
        Self::with_menu(Arc::clone(&self.database), menus::with_targets(menus::for_cloud()), name).await
    }

    /// The same provider, with another menu of the same tables.
    pub(crate) fn with_changed_menu(self, menu: Menu) -> Self {
        Self { menu: Arc::new(menu), ..self }
    }

    pub(crate) fn rows(&self) -> Rows {
        Rows::new(Arc::clone(&self.menu), SEED)
    }

    pub(crate) fn ix(&self, name: &str) -> CollectionIx {
        self.menu.expect_ix(name)
    }

    /// Everything was listed.
    pub(crate) fn complete(&self) -> Coverage {
        let mut coverage = Coverage::default();
        self.menu.iter().for_each(|(ix, _)| coverage.feed(ix, Listed::Complete));
        coverage
    }

    pub(crate) async fn plan(&self, rows: Rows, coverage: &Coverage, guard: GuardPolicy) -> SavePlan {
        let stored = self.store.read_all(self.provider, &self.menu, SEED).await.unwrap();
        self.plan_from(rows, coverage, guard, &Scope::Full, stored).await
    }

    async fn plan_from(
        &self,
        mut rows: Rows,
        coverage: &Coverage,
        guard: GuardPolicy,
        scope: &Scope,
        stored: stocktake_saver::Stored,
    ) -> SavePlan {
        let mut planner = Planner::new(Arc::clone(&self.menu), scope, stored, guard);
        planner.push(&mut rows);
        let mut wanted = planner.close(coverage);
        while !wanted.is_empty() {
            wanted = planner.answer(self.store.lookup(self.provider, &self.menu, &wanted).await.unwrap());
        }
        let first = self.store.reserve_ids(planner.new_rows()).await.unwrap();
        planner.finish(first)
    }

    /// Of a full run that comes in pages; from `most` bytes on rows are put aside.
    pub(crate) async fn plan_pages(
        &self,
        pages: Vec<Rows>,
        coverage: &Coverage,
        spill: Arc<dyn Spill>,
        most: usize,
    ) -> SavePlan {
        let stored = self.store.read_all(self.provider, &self.menu, SEED).await.unwrap();
        let planner = Planner::new(Arc::clone(&self.menu), &Scope::Full, stored, GuardPolicy::OFF);
        let mut planner = planner.with_spill(spill, most);
        for mut page in pages {
            planner.push(&mut page);
        }
        let mut wanted = planner.close(coverage);
        while !wanted.is_empty() {
            wanted = planner.answer(self.store.lookup(self.provider, &self.menu, &wanted).await.unwrap());
        }
        let first = self.store.reserve_ids(planner.new_rows()).await.unwrap();
        planner.finish(first)
    }

    pub(crate) async fn save(&self, plan: SavePlan, coverage: &Coverage) -> Result<SaveStats> {
        let complete = self.menu.iter().map(|(ix, _)| ix).filter(|ix| coverage.is_complete(*ix)).collect();
        let save = Save { lease: self.lease.clone(), plan: Arc::new(plan), complete, also: Vec::new() };
        self.store.save(&save).await
    }

    /// A full refresh that saw everything.
    pub(crate) async fn refresh(&self, rows: Rows) -> SaveStats {
        let coverage = self.complete();
        let plan = self.plan(rows, &coverage, GuardPolicy::OFF).await;
        self.save(plan, &coverage).await.unwrap()
    }

    /// As [`Self::refresh`] of all pages together.
    pub(crate) async fn refresh_pages(&self, pages: Vec<Rows>) -> SaveStats {
        let mut rows = self.rows();
        for mut page in pages {
            rows.append(&mut page);
        }
        self.refresh(rows).await
    }

    pub(crate) async fn refresh_targets(&self, mut rows: Rows, coverage: &Coverage) -> SaveStats {
        let request = ReadRequest::new(&mut rows, coverage);
        let stored = self.store.read_targets(self.provider, &self.menu, &request, SEED).await.unwrap();
        let plan = self.plan_from(rows, coverage, GuardPolicy::OFF, &Scope::Targets(Vec::new()), stored).await;
        let save = Save { lease: self.lease.clone(), plan: Arc::new(plan), complete: Vec::new(), also: Vec::new() };
        self.store.save(&save).await.unwrap()
    }

    /// The value of one column of one row.
    pub(crate) async fn cell(&self, table: &str, reference: &str, column: &str) -> Cell {
        let sql = format!("select {column} from {table} where provider_id = $1 and ems_ref = $2");
        let row = self.store.query_one(&sql, &params![self.provider, reference]).await.unwrap();
        row.into_cells().remove(0)
    }

    pub(crate) async fn id(&self, table: &str, reference: &str) -> i64 {
        match self.cell(table, reference, "id").await {
            Cell::Int(id) => id,
            other => panic!("{table} {reference}: {other:?}"),
        }
    }

    /// Identities of a collection's rows.
    pub(crate) async fn refs(&self, table: &str) -> Vec<String> {
        let sql = format!("select ems_ref from {table} where provider_id = $1 order by ems_ref");
        let rows = self.store.query(&sql, &params![self.provider]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.store.query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }

    /// All there is in the inventory, to be compared later.
    pub(crate) async fn everything(&self) -> Vec<(&'static str, Vec<Row>)> {
        let mut all = Vec::new();
        for (_, c) in self.menu.iter() {
            all.push((c.name, self.store.query(&format!("select * from {} order by id", c.name), &[]).await.unwrap()));
        }
        for name in ["link_watches", "raw_documents", "held_deletes"] {
            let sql = format!("select * from {name} order by row_id");
            all.push((name, self.store.query(&sql, &[]).await.unwrap()));
        }
        all
    }
}

pub(crate) async fn provider(store: &Store, name: &str) -> ProviderId {
    let sql = "insert into providers (name, type) values ($1, 'test') returning id";
    store.query_one(sql, &[Param::from(name)]).await.unwrap().get(0).unwrap()
}

pub(crate) fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}
