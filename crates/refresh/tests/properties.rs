//! Random inventories and changes on real databases: what is saved reads back as it was listed, a plan after a save is
//! empty, and any order of parsing gives the same rows.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use stocktake_model::menus::cloud::{cloud_tenants, flavors};
use stocktake_model::menus::machines::{disks, vms};
use stocktake_model::menus::storage::{cloud_volumes, volume_attachments};
use stocktake_model::{CollectionIx, Coverage, Field, FieldValue, Key, Listed, Menu, Rows, Scope, Value, menus};
use stocktake_saver::{GuardPolicy, Planner, SavePlan};
use stocktake_store::query::current;
use stocktake_store::{Lease, ProviderId, Save, Store, params};
use stocktake_testkit::{TestDatabase, postgres, sqlite};

const SEED: u64 = 5;
const CASES: usize = 60;

fn menu() -> Arc<Menu> {
    let menu = Menu::builder().pick(menus::all()).change("vms", |c| c.link_by("flavor", "name"));
    Arc::new(menu.and_then(stocktake_model::menu::MenuBuilder::build).unwrap())
}

#[derive(Debug, Clone)]
enum Record {
    Vm {
        n: u8,
        name: String,
        memory: Option<i64>,
        locked: Option<bool>,
        at: Option<i64>,
        flavor: u8,
        tenant: u8,
        text: Option<String>,
    },
    Disk {
        vm: u8,
        n: u8,
        size: Option<i64>,
        volume: Option<u8>,
    },
    Volume {
        n: u8,
        name: Option<String>,
        source: Option<u8>,
        tenant: u8,
    },
    Attachment {
        vm: u8,
        volume: u8,
    },
    Flavor {
        n: u8,
        name: u8,
    },
    Tenant {
        n: u8,
        parent: Option<u8>,
    },
}

impl Record {
    fn identity(&self) -> (u8, u8, u8) {
        match self {
            Self::Vm { n, .. } => (0, *n, 0),
            Self::Disk { vm, n, .. } => (1, *vm, *n),
            Self::Volume { n, .. } => (2, *n, 0),
            Self::Attachment { vm, volume } => (3, *vm, *volume),
            Self::Flavor { n, .. } => (4, *n, 0),
            Self::Tenant { n, .. } => (5, *n, 0),
        }
    }

    fn write(&self, rows: &mut Rows) {
        let menu = Arc::clone(rows.menu());
        let ix = |name: &str| menu.expect_ix(name);
        let id = |prefix: &str, n: u8| format!("{prefix}-{n}");
        match self {
            Self::Vm { n, name, memory, locked, at, flavor, tenant, text } => rows
                .row(ix("vms"), &id("vm", *n))
                .text(vms::name, name.as_str())
                .int(vms::memory_limit_mb, *memory)
                .bool(vms::is_locked, *locked)
                .time(vms::launched_on, *at)
                .text(vms::fault_message, text.as_deref())
                .link_by(vms::flavor, 1, &id("size", *flavor))
                .link(vms::cloud_tenant, &id("tenant", *tenant))
                .raw("{\"a\": 1}")
                .finish(),
            Self::Disk { vm, n, size, volume } => {
                let vm = id("vm", *vm);
                rows.row(ix("disks"), Key::new().and_link(&Key::text(&vm)).and_null().and_text(&id("disk", *n)))
                    .text(disks::name, id("disk", *n).as_str())
                    .int(disks::size_bytes, *size)
                    .link(disks::vm, &vm)
                    .opt_link(disks::cloud_volume, volume.map(|v| id("volume", v)).as_deref())
                    .finish();
            }
            Self::Volume { n, name, source, tenant } => rows
                .row(ix("cloud_volumes"), &id("volume", *n))
                .text(cloud_volumes::name, name.as_deref())
                .opt_link(cloud_volumes::source_volume, source.map(|s| id("volume", s)).as_deref())
                .link(cloud_volumes::cloud_tenant, &id("tenant", *tenant))
                .finish(),
            Self::Attachment { vm, volume } => rows
                .row(ix("volume_attachments"), &format!("{vm}-{volume}"))
                .link(volume_attachments::vm, &id("vm", *vm))
                .link(volume_attachments::cloud_volume, &id("volume", *volume))
                .finish(),
            Self::Flavor { n, name } => {
                rows.row(ix("flavors"), &id("flavor", *n)).text(flavors::name, id("size", *name).as_str()).finish();
            }
            Self::Tenant { n, parent } => rows
                .row(ix("cloud_tenants"), &id("tenant", *n))
                .text(cloud_tenants::name, "t")
                .opt_link(cloud_tenants::parent, parent.map(|p| id("tenant", p)).as_deref())
                .finish(),
        }
    }
}

/// Texts that databases, COPY and text forms trip over.
fn awkward() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\\N".to_owned()),
        Just("a\tb\nc\r\"'\\.".to_owned()),
        Just("Ωμέγα 漢字 🦀".to_owned()),
        "[a-z~/]{1,12}"
    ]
}

fn record() -> impl Strategy<Value = Record> {
    let maybe = || proptest::option::of(0..5u8);
    let number = || proptest::option::of(prop_oneof![Just(i64::MIN), Just(i64::MAX), -3..3i64]);
    let time = proptest::option::of(-1_000_000_000_000..4_000_000_000_000_000i64);
    prop_oneof![
        3 => (0..5u8, awkward(), number(), any::<Option<bool>>(), time, 0..4u8, 0..4u8, proptest::option::of(awkward())).prop_map(
            |(n, name, memory, locked, at, flavor, tenant, text)| Record::Vm { n, name, memory, locked, at, flavor, tenant, text }
        ),
        3 => (0..5u8, 0..3u8, number(), maybe()).prop_map(|(vm, n, size, volume)| Record::Disk { vm, n, size, volume }),
        2 => (0..5u8, proptest::option::of(awkward()), maybe(), 0..4u8)
            .prop_map(|(n, name, source, tenant)| Record::Volume { n, name, source, tenant }),
        1 => (0..5u8, 0..5u8).prop_map(|(vm, volume)| Record::Attachment { vm, volume }),
        1 => (0..4u8, 0..4u8).prop_map(|(n, name)| Record::Flavor { n, name }),
        1 => (0..4u8, maybe()).prop_map(|(n, parent)| Record::Tenant { n, parent }),
    ]
}

/// Records of distinct identity, flavors of distinct name.
fn world() -> impl Strategy<Value = Vec<Record>> {
    proptest::collection::vec(record(), 0..30).prop_map(|records| {
        let (mut identities, mut names) = (BTreeSet::new(), BTreeSet::new());
        let unique = |r: &Record| {
            let free = !matches!(r, Record::Flavor { name, .. } if names.contains(name)) && identities.insert(r.identity());
            if let (true, Record::Flavor { name, .. }) = (free, r) {
                names.insert(*name);
            }
            free
        };
        records.into_iter().filter(unique).collect()
    })
}

struct Db {
    store: Store,
    menu: Arc<Menu>,
    provider: ProviderId,
    lease: Lease,
}

impl Db {
    async fn provider(store: &Store, name: &str) -> Self {
        let sql = "insert into providers (name, type) values ($1, 'test') returning id";
        let row = store.query_one(sql, &params![name]).await.unwrap();
        let provider = ProviderId(row.get(0).unwrap());
        let lease = store.acquire_lease(provider, "test", Duration::from_mins(10)).await.unwrap();
        Self { store: store.clone(), menu: menu(), provider, lease }
    }

    async fn refresh(&self, records: &[Record]) -> Arc<SavePlan> {
        let mut rows = Rows::new(Arc::clone(&self.menu), SEED);
        for record in records {
            record.write(&mut rows);
        }
        let mut coverage = Coverage::default();
        for (ix, _) in self.menu.iter() {
            coverage.feed(ix, Listed::Complete);
        }
        let stored = self.store.read_all(self.provider, &self.menu, SEED).await.unwrap();
        let mut planner = Planner::new(Arc::clone(&self.menu), &Scope::Full, stored, GuardPolicy::OFF);
        planner.push(&mut rows);
        let mut wanted = planner.close(&coverage);
        while !wanted.is_empty() {
            wanted = planner.answer(self.store.lookup(self.provider, &self.menu, &wanted).await.unwrap());
        }
        let first = self.store.reserve_ids(planner.new_rows().max(1)).await.unwrap();
        let plan = Arc::new(planner.finish(first));
        let complete = self.menu.iter().map(|(ix, _)| ix).collect();
        let save = Save { lease: self.lease.clone(), plan: Arc::clone(&plan), complete, also: Vec::new() };
        self.store.save(&save).await.unwrap();
        plan
    }

    /// Live rows: (collection, ref) → field → value, links as refs.
    async fn live(&self) -> BTreeMap<(String, String), BTreeMap<&'static str, Value>> {
        let mut all = BTreeMap::new();
        for (ix, collection) in self.menu.iter() {
            let condition = if collection.archives() { " and archived_on is null" } else { "" };
            let sql = format!("select id from {} where provider_id = $1{condition}", collection.name);
            let ids = self.store.query(&sql, &params![self.provider]).await.unwrap();
            let ids: Vec<i64> = ids.iter().map(|row| row.get(0).unwrap()).collect();
            if ids.is_empty() {
                continue;
            }
            for row in current(&self.store, &self.menu, ix, &ids).await.unwrap().into_values() {
                let fields = row.values.into_iter().map(|(f, v)| (collection.field_name(f), v)).collect();
                all.insert((collection.name.to_owned(), row.reference), fields);
            }
        }
        all
    }
}

/// Each listed row, with its columns as sent and its links where they must lead.
fn check(listed: &[Record], live: &BTreeMap<(String, String), BTreeMap<&'static str, Value>>) {
    let menu = menu();
    let mut rows = Rows::new(Arc::clone(&menu), SEED);
    for record in listed {
        record.write(&mut rows);
    }
    let sent: BTreeSet<(String, String)> = rows
        .iter()
        .flat_map(|(ix, of)| of.iter().map(move |r| (ix, r.key().to_owned())).collect::<Vec<_>>())
        .map(|(ix, key)| (menu.get(ix).name.to_owned(), key))
        .collect();
    assert_eq!(live.keys().cloned().collect::<BTreeSet<_>>(), sent, "live rows are the listed ones");
    for (ix, of) in rows.iter() {
        for row in of.iter() {
            let stored = &live[&(menu.get(ix).name.to_owned(), row.key().to_owned())];
            for (field, value) in row.fields() {
                check_field(&menu, listed, live, (ix, field), value, stored, row.key());
            }
        }
    }
}

fn check_field(
    menu: &Menu,
    listed: &[Record],
    live: &BTreeMap<(String, String), BTreeMap<&'static str, Value>>,
    (ix, field): (CollectionIx, Field),
    value: FieldValue<'_>,
    stored: &BTreeMap<&'static str, Value>,
    key: &str,
) {
    let name = menu.get(ix).field_name(field);
    let place = format!("{} {key} {name}", menu.get(ix).name);
    match value {
        FieldValue::Link(link) if link.by == 0 => {
            // An archived target keeps its links; a deleted one cannot have any.
            let target = menu.get(link.target);
            let exists = live.contains_key(&(target.name.to_owned(), link.key.to_owned()));
            if exists || target.name == "cloud_tenants" {
                assert_eq!(stored[name], Value::Text(link.key.to_owned()), "{place}");
            } else if !target.archives() {
                assert_eq!(stored[name], Value::Null, "{place}");
            }
        }
        FieldValue::Link(link) => {
            let named = |r: &Record| match r {
                Record::Flavor { n, name } if format!("size-{name}") == link.key => Some(format!("flavor-{n}")),
                _ => None,
            };
            assert_eq!(stored[name], listed.iter().find_map(named).map_or(Value::Null, Value::Text), "{place}");
        }
        value => assert_eq!(stored[name], value.to_value(), "{place}"),
    }
}

async fn saved_is_listed(database: TestDatabase) {
    let store = database.store().await;
    let mut runner = TestRunner::deterministic();
    let strategy = proptest::collection::vec(world().prop_flat_map(|w| (Just(w.clone()), Just(w).prop_shuffle())), 1..4);
    for case in 0..CASES {
        let worlds = strategy.new_tree(&mut runner).unwrap().current();
        let db = Db::provider(&store, &format!("case-{case}")).await;
        let shuffled = Db::provider(&store, &format!("shuffled-{case}")).await;
        for (records, other_order) in &worlds {
            db.refresh(records).await;
            let live = db.live().await;
            check(records, &live);
            let again = db.refresh(records).await;
            assert!(again.is_noop(), "case {case}: {:?} {:?}", again.counts(), again.relinks);
            shuffled.refresh(other_order).await;
            assert_eq!(live, shuffled.live().await, "case {case}: another order, other rows");
        }
    }
}

#[tokio::test]
async fn what_is_saved_is_what_was_listed_sqlite() {
    saved_is_listed(sqlite().await).await;
}

#[tokio::test]
async fn what_is_saved_is_what_was_listed_postgres() {
    saved_is_listed(postgres().await).await;
}
