use jiff::Timestamp;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use stocktake_model::menus::cloud::flavors;
use stocktake_store::query::{Archived, Filter, Op, Query, Value, column_names};
use stocktake_testkit::TestDatabase;

use crate::support::World;
use crate::world::filled;

async fn refs(world: &World, terms: &[&str]) -> Vec<String> {
    let query = Query::new(world.ix("vms")).terms(&world.menu, terms.iter().copied(), Timestamp::now()).unwrap();
    column(world, query, "ref").await
}

async fn column(world: &World, query: Query, column: &str) -> Vec<String> {
    let mut pages = query.columns(&world.menu, [column]).unwrap().pages(&world.store, &world.menu);
    let mut all = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        all.extend(page.into_iter().map(|record| match &record.values[0] {
            Value::Text(text) => text.clone(),
            Value::Link { name, .. } => name.clone(),
            other => format!("{other:?}"),
        }));
    }
    all
}

/// What a filter means, without SQL.
fn holds(op: Op, left: Option<&str>, right: &str) -> bool {
    let has = |left: &str| left.to_ascii_lowercase().contains(&right.to_ascii_lowercase());
    match (op, left) {
        (Op::Ne | Op::HasNot, None) => true,
        (_, None) => false,
        (Op::Eq, Some(left)) => left == right,
        (Op::Ne, Some(left)) => left != right,
        (Op::Lt, Some(left)) => left < right,
        (Op::Le, Some(left)) => left <= right,
        (Op::Gt, Some(left)) => left > right,
        (Op::Ge, Some(left)) => left >= right,
        (Op::Has, Some(left)) => has(left),
        (Op::HasNot, Some(left)) => !has(left),
    }
}

const OPS: [(&str, Op); 8] = [
    ("=", Op::Eq),
    ("!=", Op::Ne),
    ("<", Op::Lt),
    ("<=", Op::Le),
    (">", Op::Gt),
    (">=", Op::Ge),
    ("~", Op::Has),
    ("!~", Op::HasNot),
];

/// Random texts (with everything that means something to SQL, LIKE and shells) and random filters, against the plain
/// meaning.
pub(crate) async fn any_filter_finds_what_it_says(database: TestDatabase) {
    let world = World::new(database).await;
    let mut runner = TestRunner::deterministic();
    let text = || proptest::string::string_regex("[a-cA-C%_'\"\\\\;$1 -]{1,4}").unwrap();
    let names = proptest::collection::vec(proptest::option::weighted(0.8, text()), 60);
    let names = names.new_tree(&mut runner).unwrap().current();
    let mut rows = world.rows();
    for (n, name) in names.iter().enumerate() {
        let name = name.as_deref();
        rows.row(world.ix("flavors"), format!("f{n:02}").as_str()).text(flavors::description, name).finish();
    }
    world.refresh(rows).await;
    let filters = (0..OPS.len(), text());
    for _ in 0..200 {
        let (op, value) = filters.new_tree(&mut runner).unwrap().current();
        let (sign, op) = OPS[op];
        let term = format!("description{sign}\"{value}\"");
        let filter = Filter::parse(&world.menu, world.ix("flavors"), &term, Timestamp::now()).unwrap();
        let query = Query { filters: vec![filter], ..Query::new(world.ix("flavors")) };
        let expected: Vec<_> = names
            .iter()
            .enumerate()
            .filter(|(_, name)| holds(op, name.as_deref(), &value))
            .map(|(n, _)| format!("f{n:02}"))
            .collect();
        assert_eq!(query.count(&world.store, &world.menu).await.unwrap(), expected.len() as u64, "{term}");
        let mut found = column(&world, query, "ref").await;
        found.sort();
        assert_eq!(found, expected, "{term}");
    }
}

/// Any order, with nulls and equal values, in pages of any size, is the whole in that order.
pub(crate) async fn pages_meet_without_gap_or_overlap(database: TestDatabase) {
    let world = World::new(database).await;
    let mut rows = world.rows();
    let value = |n: usize, of: usize| (!n.is_multiple_of(of)).then_some((n % of) as i64);
    for n in 0..40_usize {
        rows.row(world.ix("flavors"), format!("f{n:02}").as_str())
            .text(flavors::description, value(n * 7, 5).map(|v| format!("d{v}")).as_deref())
            .int(flavors::memory_mb, value(n * 3, 4))
            .bool(flavors::is_public, value(n, 3).map(|v| v == 1))
            .finish();
    }
    world.refresh(rows).await;
    let orders =
        ["description,-memory_mb", "-description,memory_mb,is_public", "-is_public,-memory_mb", "memory_mb", "-ref", ""];
    for order in orders {
        let keys: Vec<_> = order.split(',').filter(|k| !k.is_empty()).collect();
        let query = Query::new(world.ix("flavors")).sorted(&world.menu, keys).unwrap();
        let query = query.columns(&world.menu, ["ref"]).unwrap();
        let whole = query.clone().pages(&world.store, &world.menu).next().await.unwrap().unwrap();
        assert_eq!(whole.len(), 40, "{order}");
        for size in [1, 3, 7, 39, 40] {
            let mut pages = query.clone().pages(&world.store, &world.menu).of(size);
            let mut parts = Vec::new();
            while let Some(page) = pages.next().await.unwrap() {
                assert!(page.len() as u64 <= size);
                parts.extend(page);
            }
            assert_eq!(parts, whole, "{order}, pages of {size}");
        }
        let limited = Query { limit: Some(7), ..query };
        let mut pages = limited.pages(&world.store, &world.menu).of(3);
        let mut count = 0;
        while let Some(page) = pages.next().await.unwrap() {
            count += page.len();
        }
        assert_eq!(count, 7);
    }
}

/// Who reads page by page sees the inventory before a refresh or after it, never between.
pub(crate) async fn pages_show_one_moment(database: TestDatabase) {
    let world = filled(database).await;
    let query = Query::new(world.ix("vms")).columns(&world.menu, ["name"]).unwrap();
    let mut pages = query.clone().pages(&world.store, &world.menu).of(3);
    let mut seen = pages.next().await.unwrap().unwrap().len();
    world.refresh(world.rows()).await;
    assert_eq!(query.count(&world.store, &world.menu).await.unwrap(), 0);
    while let Some(page) = pages.next().await.unwrap() {
        seen += page.len();
    }
    assert_eq!(seen, 7);
}

pub(crate) async fn links_are_shown_by_name_and_followed(database: TestDatabase) {
    let world = filled(database).await;
    assert_eq!(refs(&world, &["flavor=m1.small"]).await, ["vm-ref-0", "vm-ref-3"]);
    assert_eq!(refs(&world, &["flavor=flavor-0"]).await, ["vm-ref-0", "vm-ref-3"], "by ref, too");
    assert_eq!(refs(&world, &["flavor.memory_mb>=4GiB"]).await, ["vm-ref-1", "vm-ref-4"]);
    assert_eq!(refs(&world, &["flavor=null"]).await, ["vm-ref-6"]);
    assert_eq!(refs(&world, &["flavor!=m1.small", "flavor!=null"]).await, ["vm-ref-1", "vm-ref-2", "vm-ref-4", "vm-ref-5"]);
    assert_eq!(refs(&world, &["flavor!=m1.small"]).await.len(), 5, "no flavor is not that flavor");
    assert_eq!(refs(&world, &["flavor~LARGE"]).await, ["vm-ref-1", "vm-ref-4"]);
    let query = || Query::new(world.ix("vms")).sorted(&world.menu, ["-flavor", "ref"]).unwrap();
    let shown = column(&world, query(), "flavor").await;
    assert_eq!(shown, ["odd", "odd", "m1.small", "m1.small", "m1.large", "m1.large", "Null"]);
    assert_eq!(column(&world, query(), "flavor.name").await[0], "odd");
    assert_eq!(column(&world, query(), "flavor.provider").await[0], "one");
}

pub(crate) async fn archived_rows_are_asked_for(database: TestDatabase) {
    let world = filled(database).await;
    let mut rows = world.rows();
    rows.row(world.ix("vms"), "vm-ref-1").finish();
    world.refresh(rows).await;
    let of = |archived| Query { archived, ..Query::new(world.ix("vms")) };
    let count = async |archived| of(archived).count(&world.store, &world.menu).await.unwrap();
    assert_eq!((count(Archived::No).await, count(Archived::Only).await, count(Archived::All).await), (1, 6, 7));
    // What is never archived has no such column, and the question is still one.
    let flavors = |archived| Query { archived, ..Query::new(world.ix("flavors")) };
    assert_eq!(flavors(Archived::Only).count(&world.store, &world.menu).await.unwrap(), 0);
    assert_eq!(refs(&world, &["archived_on=null"]).await, ["vm-ref-1"]);
}

pub(crate) async fn words_are_refs_names_and_beginnings(database: TestDatabase) {
    let world = filled(database).await;
    assert_eq!(refs(&world, &["Web-2", "vm-ref-4"]).await, ["vm-ref-2", "vm-ref-4"]);
    assert_eq!(refs(&world, &["vm-ref"]).await.len(), 7);
    assert_eq!(refs(&world, &["vm_ref"]).await.len(), 0, "_ is a character");
    assert_eq!(refs(&world, &["vm-"]).await.len(), 0, "too short to be meant as a beginning");
    assert_eq!(refs(&world, &["vm-ref", "status=active"]).await.len(), 4);
}

pub(crate) async fn every_column_of_every_collection_can_be_asked(database: TestDatabase) {
    let world = World::with_everything(database).await;
    for (ix, collection) in world.menu.iter() {
        let names = column_names(collection);
        for name in &names {
            let query = Query::new(ix).terms(&world.menu, [format!("{name}=null").as_str()], Timestamp::now()).unwrap();
            let query = query.columns(&world.menu, [*name]).unwrap().sorted(&world.menu, [*name]).unwrap();
            assert_eq!(query.pages(&world.store, &world.menu).next().await.unwrap(), None, "{}.{name}", collection.name);
        }
        let query = Query::new(ix).columns(&world.menu, names).unwrap();
        assert_eq!(query.pages(&world.store, &world.menu).next().await.unwrap(), None, "{}", collection.name);
    }
}

pub(crate) async fn what_looks_like_sql_is_a_text(database: TestDatabase) {
    let world = filled(database).await;
    for value in ["' or 1=1 --", "\"; drop table vms; --", "$1", "?1", "now()", "= any($1)", "\\", "%"] {
        for sign in ["=", "~", "<"] {
            let term = format!("name{sign}{value}");
            let query = Query::new(world.ix("vms")).terms(&world.menu, [term.as_str()], Timestamp::now()).unwrap();
            let count = query.count(&world.store, &world.menu).await.unwrap();
            assert!(count == 0 || sign == "<", "{term}: {count}");
        }
    }
    assert!(Query::new(world.ix("vms")).terms(&world.menu, ["name~\0x"], Timestamp::now()).is_err());
    for path in ["name; drop table vms", "flavor.name' or '1'='1", "t.id", "flavor..name", ".", ""] {
        let term = format!("{path}=x");
        assert!(Query::new(world.ix("vms")).terms(&world.menu, [term.as_str()], Timestamp::now()).is_err(), "{term}");
        assert!(Query::new(world.ix("vms")).columns(&world.menu, [path]).is_err(), "{path}");
    }
    assert_eq!(world.count("select count(*) from vms").await, 7);
}
