//! Versioned collections: whatever order records come in, what is stored never goes back in time.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use stocktake_model::{Coverage, IssueKind, Key, Menu, Rows, Value};
use stocktake_saver::{GuardPolicy, SavePlan};
use support::{BOXES, ITEMS, Memory, NOTES, SEED, boxes, complete, items, notes};

fn menu() -> Arc<Menu> {
    let menu = Menu::builder().pick(support::menu().iter().map(|(_, c)| c.clone()));
    let menu = menu.change("boxes", |c| c.versioned = true).and_then(|m| m.change("items", |c| c.versioned = true));
    Arc::new(menu.unwrap().build().unwrap())
}

struct Db {
    memory: Memory,
}

impl Db {
    fn new() -> Self {
        Self { memory: Memory::of(menu()) }
    }

    fn rows(&self) -> Rows {
        Rows::new(Arc::clone(&self.memory.menu), SEED)
    }

    /// A full refresh that saw box b1 in these states, one record after the other.
    fn see(&mut self, records: &[(Option<i64>, &str)]) -> SavePlan {
        let mut rows = self.rows();
        for (version, name) in records {
            rows.row(BOXES, "b1").text(boxes::name, *name).version(*version).raw(name).finish();
        }
        self.memory.refresh(rows, &complete(), GuardPolicy::OFF)
    }

    fn state(&self) -> (Value, Option<i64>) {
        let row = self.memory.find(BOXES, "b1").unwrap().1;
        (row.columns[&boxes::name].clone(), row.version)
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

#[test]
fn an_older_record_is_passed_over_and_counted() {
    let mut db = Db::new();
    db.see(&[(Some(5), "five")]);
    let plan = db.see(&[(Some(4), "four")]);
    assert_eq!((plan.is_noop(), plan.counts().stale, plan.counts().unchanged, plan.issues.len()), (true, 1, 0, 0));
    assert_eq!(db.state(), (text("five"), Some(5)), "and the row is not taken for gone");
    db.see(&[(Some(5), "five again")]);
    assert_eq!(db.state(), (text("five again"), Some(5)), "an equal version counts by its content");
    db.see(&[(None, "unversioned")]);
    assert_eq!(db.state(), (text("unversioned"), Some(5)), "without version it counts by its content");
    db.see(&[(Some(-6), "older")]);
    db.see(&[(Some(6), "six")]);
    assert_eq!(db.state(), (text("six"), Some(6)));
    db.memory.refresh(db.rows(), &complete(), GuardPolicy::OFF);
    db.see(&[(Some(5), "five")]);
    assert!(db.memory.find(BOXES, "b1").unwrap().1.archived, "an older record does not bring it back");
    assert_eq!(db.see(&[(Some(7), "seven")]).counts().revived, 1);
}

#[test]
fn a_version_rises_though_nothing_else_changes() {
    let mut db = Db::new();
    db.see(&[(Some(5), "same")]);
    let plan = db.see(&[(Some(9), "same")]);
    assert_eq!((plan.counts().updated, plan.counts().unchanged, plan.counts().raw_only), (0, 1, 1));
    db.see(&[(Some(7), "between")]);
    assert_eq!(db.state(), (text("same"), Some(9)));
    assert!(db.see(&[(Some(9), "same")]).is_noop());
}

#[test]
fn of_two_records_in_one_run_the_newer_counts_in_any_order() {
    for records in [[(Some(2), "two"), (Some(3), "three")], [(Some(3), "three"), (Some(2), "two")]] {
        // New; then both differ; then the older, then the newer, is what is stored; then an older one than both is.
        for before in [None, Some((1, "one")), Some((2, "two")), Some((3, "three")), Some((9, "nine"))] {
            let mut db = Db::new();
            if let Some((version, name)) = before {
                db.see(&[(Some(version), name)]);
            }
            let plan = db.see(&records);
            let expected = if before == Some((9, "nine")) { (text("nine"), Some(9)) } else { (text("three"), Some(3)) };
            assert_eq!(db.state(), expected, "{before:?} {records:?}");
            assert_eq!(plan.issues, []);
            let counts = plan.counts();
            assert_eq!(counts.fetched, counts.created + counts.updated + counts.unchanged + counts.stale, "{counts:?}");
            assert_eq!(counts.created, u64::from(before.is_none()));
        }
    }
    let mut db = Db::new();
    let plan = db.see(&[(Some(2), "two"), (Some(2), "other")]);
    assert_eq!(plan.issues.iter().map(|i| i.kind).collect::<Vec<_>>(), [IssueKind::DuplicateIdentity]);
}

#[test]
fn a_partial_record_goes_by_the_same_version_and_what_it_misses_comes_with_the_next_whole_one() {
    let mut db = Db::new();
    let part = |db: &mut Db, version: i64, name: Option<&str>, size: Option<i64>| {
        let mut rows = db.rows();
        let mut row = rows.row(BOXES, "b1").version(version);
        row = if name.is_some() { row.text(boxes::name, name) } else { row };
        row = if size.is_some() { row.int(boxes::size, size) } else { row };
        row.finish();
        db.memory.refresh_targets(rows, &Coverage::default()).counts().stale
    };
    let size = |db: &Db| db.memory.find(BOXES, "b1").unwrap().1.columns[&boxes::size].clone();
    part(&mut db, 3, Some("three"), Some(3));
    part(&mut db, 7, Some("seven"), None);
    assert_eq!(part(&mut db, 5, None, Some(5)), 1);
    assert_eq!((db.state(), size(&db)), ((text("seven"), Some(7)), Value::Int(3)), "passed over whole");
    assert_eq!(part(&mut db, 6, Some("six"), Some(6)), 1, "a whole record, but older");
    part(&mut db, 7, Some("seven"), Some(6));
    assert_eq!((db.state(), size(&db)), ((text("seven"), Some(7)), Value::Int(6)), "of the same version: late, not lost");
}

#[test]
fn links_by_the_key_of_a_record_taken_back_lead_nowhere() {
    let mut db = Db::new();
    let mut rows = db.rows();
    rows.row(BOXES, "b1").text(boxes::name, "old").version(1).finish();
    rows.row(BOXES, "b1").text(boxes::name, "new").version(2).finish();
    rows.row(BOXES, "b2").text(boxes::name, "old").version(1).finish();
    rows.row(NOTES, "n1").link_by(notes::about, 1, "old").finish();
    rows.row(NOTES, "n2").link_by(notes::about, 1, "new").finish();
    let plan = db.memory.refresh(rows, &complete(), GuardPolicy::OFF);
    assert_eq!(plan.issues, [], "the name is free for another");
    let about = |key| db.memory.find(NOTES, key).unwrap().1.links[&notes::about];
    let id = |key| Some(db.memory.find(BOXES, key).unwrap().0);
    assert_eq!((about("n1"), about("n2")), (id("b2"), id("b1")));
}

#[test]
fn what_an_older_record_owned_says_nothing_of_what_its_row_owns_now() {
    for targeted in [false, true] {
        let mut db = Db::new();
        let record = |db: &Db, version: i64, labels: &[&str]| {
            let mut rows = db.rows();
            rows.row(BOXES, "b1").text(boxes::name, "one").version(version).finish();
            for label in labels {
                let key = Key::new().and_link(&Key::text("b1")).and_text(label);
                rows.row(ITEMS, key).text(items::label, *label).link(items::holder, "b1").version(version).finish();
            }
            rows
        };
        let mut coverage = complete();
        coverage.read.push((BOXES, "b1".into()));
        let refresh = |db: &mut Db, rows: Rows, coverage: &Coverage| {
            if targeted {
                db.memory.refresh_targets(rows, coverage)
            } else {
                db.memory.refresh(rows, coverage, GuardPolicy::OFF)
            }
        };
        let newer = record(&db, 9, &["pen", "cup"]);
        refresh(&mut db, newer, &coverage);
        let older = record(&db, 7, &["pen"]);
        assert!(refresh(&mut db, older, &coverage).is_noop(), "the cup is not gone: it came later");
        let newest = record(&db, 10, &["cup"]);
        assert_eq!(refresh(&mut db, newest, &coverage).counts().deleted, 1);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// States of few objects, one for each version, delivered in any order, any number of times, split into any runs.
    #[test]
    fn any_order_of_delivery_ends_in_the_newest_state(
        runs in proptest::collection::vec(proptest::collection::vec((0..3u8, 0..8i64), 0..8), 1..6)
    ) {
        let mut db = Db::new();
        let mut newest = std::collections::BTreeMap::new();
        for records in &runs {
            let mut rows = db.rows();
            for (key, version) in records {
                let state = newest.entry(*key).or_insert(*version);
                *state = (*state).max(*version);
                // Two versions may have one content.
                let name = format!("{key} at {}", version / 2);
                rows.row(BOXES, &format!("b{key}")).text(boxes::name, name.as_str()).version(*version).finish();
            }
            db.memory.refresh_targets(rows, &Coverage::default());
            for (key, version) in &newest {
                let row = db.memory.find(BOXES, &format!("b{key}")).unwrap().1;
                prop_assert_eq!(row.version, Some(*version));
                prop_assert_eq!(&row.columns[&boxes::name], &Value::Text(format!("{key} at {}", version / 2)));
                prop_assert_eq!(&row.refs[&1], &format!("{key} at {}", version / 2));
            }
        }
    }
}
