use std::collections::BTreeMap;

use stocktake_model::Rows;
use stocktake_model::menus::{cloud::*, machines::*};
use stocktake_saver::GuardPolicy;
use stocktake_store::{Cell, Kind, Statement, StoreError, params};
use stocktake_testkit::TestDatabase;

use super::support::World;

fn some_rows(world: &World, changed: &str) -> Rows {
    let mut rows = world.rows();
    for n in 0..20 {
        let (vm, flavor) = (format!("vm{n}"), format!("f{}", n % 3));
        let name = if vm == changed { "changed".to_owned() } else { vm.clone() };
        rows.row(world.ix("vms"), &vm)
            .text(vms::name, name.as_str())
            .link(vms::flavor, &flavor)
            .link(vms::host, "gone")
            .finish();
        rows.row(world.ix("hardwares"), &vm).link(hardwares::vm, &vm).int(hardwares::memory_mb, n).finish();
    }
    for n in 0..3 {
        rows.row(world.ix("flavors"), &format!("f{n}")).text(flavors::name, format!("n{n}").as_str()).raw("{}").finish();
    }
    rows
}

/// Counts what the database itself does to inventory rows, whatever the store says of it.
struct Writes<'w> {
    world: &'w World,
    before: BTreeMap<&'static str, String>,
}

impl<'w> Writes<'w> {
    async fn watch(world: &'w World) -> Self {
        if world.store.kind() == Kind::Sqlite {
            world.store.execute("create table writes (n integer)", &[]).await.unwrap();
            for (_, c) in world.menu.iter() {
                for what in ["insert", "update", "delete"] {
                    let trigger = format!(
                        "create trigger {}_{what} after {what} on {} begin insert into writes values (1); end",
                        c.name, c.name
                    );
                    world.store.execute(&trigger, &[]).await.unwrap();
                }
            }
        }
        Self { world, before: Self::versions(world).await }
    }

    /// Where each row version lies and which transaction wrote it: a row written anew, even as it was, has another.
    async fn versions(world: &World) -> BTreeMap<&'static str, String> {
        let mut versions = BTreeMap::new();
        if world.store.kind() == Kind::Postgres {
            for (_, c) in world.menu.iter() {
                let sql =
                    format!("select coalesce(string_agg(ctid::text || xmin::text, ',' order by ctid), '') from {}", c.name);
                let row = world.store.query_one(&sql, &[]).await.unwrap();
                versions.insert(c.name, row.get(0).unwrap());
            }
        }
        versions
    }

    async fn none(&self) -> bool {
        match self.world.store.kind() {
            Kind::Sqlite => self.world.count("select count(*) from writes").await == 0,
            Kind::Postgres => Self::versions(self.world).await == self.before,
        }
    }
}

pub(crate) async fn an_unchanged_run_writes_no_inventory_row(database: TestDatabase) {
    let world = World::new(database).await;
    let stats = world.refresh(some_rows(&world, "")).await;
    assert_eq!(stats.written.inserted, 43);
    let writes = Writes::watch(&world).await;
    let stats = world.refresh(some_rows(&world, "")).await;
    assert_eq!((stats.written.inventory(), stats.written.documents, stats.written.notes), (0, 0, 0));
    assert!(writes.none().await);
    world.refresh(some_rows(&world, "vm3")).await;
    assert!(!writes.none().await, "the counting works");
}

pub(crate) async fn only_changed_rows_are_written(database: TestDatabase) {
    let world = World::new(database).await;
    world.refresh(some_rows(&world, "")).await;
    let (before, other) = (world.cell("vms", "vm3", "updated_on").await, world.cell("vms", "vm4", "updated_on").await);
    assert_eq!(before, world.cell("vms", "vm3", "created_on").await);
    let stats = world.refresh(some_rows(&world, "vm3")).await;
    assert_eq!((stats.written.updated, stats.written.inventory()), (1, 1));
    let (Cell::Int(before), Cell::Int(after)) = (before, world.cell("vms", "vm3", "updated_on").await) else { panic!() };
    assert!(after > before);
    assert_eq!(world.cell("vms", "vm4", "updated_on").await, other);
    assert_eq!(world.cell("vms", "vm3", "created_on").await, Cell::Int(before));
}

pub(crate) async fn a_row_that_comes_back_keeps_its_id(database: TestDatabase) {
    let world = World::new(database).await;
    let vm = || {
        let mut rows = world.rows();
        rows.row(world.ix("vms"), "vm1").text(vms::name, "x").finish();
        rows
    };
    world.refresh(vm()).await;
    let id = world.id("vms", "vm1").await;
    let stats = world.refresh(world.rows()).await;
    assert_eq!(stats.written.archived, 1);
    let archived = world.cell("vms", "vm1", "archived_on").await;
    assert!(matches!(archived, Cell::Int(on) if on > 1_600_000_000_000_000), "{archived:?}");
    assert_eq!(world.cell("vms", "vm1", "name").await, super::support::text("x"), "an archived row keeps its data");
    assert_eq!(world.refresh(world.rows()).await.written.inventory(), 0, "archived once");
    assert_eq!(world.refresh(vm()).await.written.updated, 1);
    assert_eq!(world.id("vms", "vm1").await, id);
    assert_eq!(world.cell("vms", "vm1", "archived_on").await, Cell::Null);
}

pub(crate) async fn the_database_refuses_a_second_row_of_one_identity(database: TestDatabase) {
    let world = World::new(database).await;
    let mut rows = world.rows();
    rows.row(world.ix("vms"), "vm1").finish();
    world.refresh(rows).await;
    world.refresh(world.rows()).await;
    let sql =
        "insert into vms (id, provider_id, ems_ref, digest, created_on, updated_on) values (999, $1, $2, 0, now(), now())";
    let error = world.store.execute(sql, &params![world.provider, "vm1"]).await.unwrap_err();
    assert!(matches!(error, StoreError::Constraint { .. }), "also when the first is archived: {error}");
    world.store.execute(sql, &params![world.provider, "VM1"]).await.unwrap();
    let neighbour = world.neighbour("two").await;
    let mut rows = neighbour.rows();
    rows.row(neighbour.ix("vms"), "vm1").finish();
    neighbour.refresh(rows).await;
}

pub(crate) async fn a_failure_leaves_everything_as_it_was(database: TestDatabase) {
    let world = World::new(database).await;
    world.refresh(some_rows(&world, "")).await;
    let before = world.everything().await;
    let coverage = world.complete();
    for also in [
        Statement::new("insert into credentials (provider_id, field, sealed) values ($1, 'x', $2)", params![-5, vec![1u8]]),
        Statement::new("insert into vms (id, provider_id, ems_ref) values (1, 1, 'incomplete')", []),
    ] {
        // Changes, new rows in bulk, deletions: all of it must be gone.
        let mut rows = world.rows();
        for n in 5..200 {
            rows.row(world.ix("vms"), &format!("vm{n}")).text(vms::name, "other").finish();
        }
        let plan = world.plan(rows, &coverage, GuardPolicy::OFF).await;
        assert!(plan.counts().created > 100 && plan.counts().updated > 10 && plan.counts().archived == 10);
        let complete = world.menu.iter().map(|(ix, _)| ix).collect();
        let save = stocktake_store::Save { lease: world.lease.clone(), plan: plan.into(), complete, also: vec![also] };
        let error = world.store.save(&save).await.unwrap_err();
        assert!(matches!(error, StoreError::Constraint { .. }), "{error:?}");
        assert_eq!(world.everything().await, before);
    }
    world.refresh(some_rows(&world, "vm3")).await;
    assert_ne!(world.everything().await, before, "and the next one works");
}

pub(crate) async fn ids_are_never_given_twice(database: TestDatabase) {
    let world = World::new(database).await;
    let other = world.neighbour("two").await;
    let mut taken = Vec::new();
    let mut tasks = Vec::new();
    for store in [&world.store, &world.store, &other.store, &other.store] {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let mut ranges = Vec::new();
            for n in [1, 3, 300, 2, 256, 255, 1000, 1] {
                let first = store.reserve_ids(n).await.unwrap();
                ranges.push((first, first + n as i64));
            }
            ranges
        }));
    }
    for task in tasks {
        taken.extend(task.await.unwrap());
    }
    taken.sort_unstable();
    assert!(taken[0].0 >= 1);
    for pair in taken.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{pair:?}");
    }
}
