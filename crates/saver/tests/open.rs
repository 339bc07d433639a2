//! Rows that are known by the secondary ref of another row: what a plan makes of them, shown on a database in memory.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::collections::BTreeSet;

use stocktake_model::{Coverage, IssueKind, Key, Listed, Rows};
use stocktake_saver::{GuardPolicy, SavePlan};
use support::{BOXES, Memory, PINS, SLOTS, boxes, complete, pins, rows, slots};

fn place(name: &str, label: &str) -> Key {
    Key::new().and_link_by(BOXES, 1, name).and_text(label)
}

fn add_box(rows: &mut Rows, key: &str, name: &str) {
    rows.row(BOXES, key).text(boxes::name, name).finish();
}

fn add_slot(rows: &mut Rows, name: &str, label: &str, width: i64) {
    rows.row(SLOTS, place(name, label))
        .text(slots::label, label)
        .int(slots::width, width)
        .link_by(slots::case, 1, name)
        .raw("{}")
        .finish();
}

fn add_pin(rows: &mut Rows, name: &str, label: &str) {
    rows.row(PINS, Key::new().and_link_by(SLOTS, 1, place(name, label)).and_int(1))
        .int(pins::number, 1)
        .link_by(pins::slot, 1, place(name, label))
        .finish();
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|k| (*k).to_owned()).collect()
}

fn told(plan: &SavePlan) -> Vec<(IssueKind, &str, &str, Option<&str>)> {
    plan.issues.iter().map(|i| (i.kind, i.collection.as_str(), i.reference.as_str(), i.field.as_deref())).collect()
}

#[test]
fn an_identity_through_a_name_is_that_of_the_row_with_the_name_in_any_order() {
    for slot_first in [true, false] {
        let mut db = Memory::new();
        let world = |width: i64| {
            let mut rows = rows();
            if slot_first {
                add_pin(&mut rows, "one", "left");
                add_slot(&mut rows, "one", "left", width);
            }
            add_box(&mut rows, "b/1", "one");
            if !slot_first {
                add_slot(&mut rows, "one", "left", width);
                add_pin(&mut rows, "one", "left");
            }
            rows
        };
        let plan = db.refresh(world(1), &complete(), GuardPolicy::default());
        assert_eq!(told(&plan), []);
        let slot = Key::new().and_link(&Key::text("b/1")).and_text("left");
        let pin = Key::new().and_link(&slot).and_int(1);
        assert_eq!((db.live(SLOTS), db.live(PINS)), (set(&[slot.as_str()]), set(&[pin.as_str()])));
        let (id, row) = db.find(SLOTS, slot.as_str()).unwrap();
        assert_eq!(row.links[&slots::case], Some(db.find(BOXES, Key::text("b/1").as_str()).unwrap().0));
        assert_eq!(db.find(PINS, pin.as_str()).unwrap().1.links[&pins::slot], Some(id), "by a place that hangs on a name");
        assert!(db.refresh(world(1), &complete(), GuardPolicy::default()).is_noop(), "its box is unchanged, too");
        let plan = db.refresh(world(2), &complete(), GuardPolicy::default());
        assert_eq!((plan.counts().updated, plan.counts().created, plan.counts().deleted), (1, 0, 0));
    }
}

#[test]
fn an_identity_through_a_name_comes_from_a_stored_row_that_the_run_does_not_see() {
    let mut db = Memory::new();
    let mut first = rows();
    add_box(&mut first, "b1", "one");
    add_slot(&mut first, "one", "left", 1);
    db.refresh(first, &complete(), GuardPolicy::default());
    let (id, _) = db.find(SLOTS, "b1/left").unwrap();
    let mut second = rows();
    add_slot(&mut second, "one", "left", 2);
    add_slot(&mut second, "one", "right", 2);
    let mut coverage = complete();
    coverage.feed(BOXES, Listed::Failed { error: "500".into() });
    let plan = db.refresh(second, &coverage, GuardPolicy::default());
    assert_eq!((told(&plan), db.live(SLOTS)), (vec![], set(&["b1/left", "b1/right"])));
    assert_eq!(db.find(SLOTS, "b1/left").unwrap().0, id);
}

#[test]
fn a_targeted_run_finds_the_stored_row_of_an_identity_through_a_name() {
    let mut db = Memory::new();
    let mut first = rows();
    add_box(&mut first, "b1", "one");
    add_slot(&mut first, "one", "left", 1);
    add_slot(&mut first, "one", "right", 1);
    add_pin(&mut first, "one", "left");
    db.refresh(first, &complete(), GuardPolicy::default());
    let (id, _) = db.find(SLOTS, "b1/left").unwrap();
    let targeted = |width: i64| {
        let mut rows = rows();
        add_pin(&mut rows, "one", "left");
        add_pin(&mut rows, "one", "middle");
        add_slot(&mut rows, "one", "left", width);
        add_slot(&mut rows, "one", "middle", width);
        rows
    };
    let plan = db.refresh_targets(targeted(2), &Coverage::default());
    assert_eq!((told(&plan), plan.counts().updated, plan.counts().created), (vec![], 1, 2));
    assert_eq!(db.find(SLOTS, "b1/left").unwrap().0, id);
    assert_eq!(db.live(SLOTS), set(&["b1/left", "b1/middle", "b1/right"]));
    assert!(db.refresh_targets(targeted(2), &Coverage::default()).is_noop());

    // Its owner was read with all it has: what it has no longer goes.
    let mut coverage = complete();
    coverage.read.push((BOXES, "b1".into()));
    let mut rows = targeted(2);
    add_box(&mut rows, "b1", "one");
    let plan = db.refresh_targets(rows, &coverage);
    assert_eq!((plan.counts().deleted, db.live(SLOTS)), (1, set(&["b1/left", "b1/middle"])));
}

#[test]
fn a_link_that_waits_for_an_identity_through_a_name_is_set_by_a_targeted_run() {
    let mut db = Memory::new();
    let mut first = rows();
    add_box(&mut first, "b1", "one");
    add_slot(&mut first, "one", "left", 1);
    first
        .row(SLOTS, place("one", "first"))
        .text(slots::label, "first")
        .link_by(slots::case, 1, "one")
        .link(slots::next, place("one", "last"))
        .finish();
    let plan = db.refresh(first, &complete(), GuardPolicy::default());
    assert_eq!(told(&plan), [(IssueKind::UnresolvedLink, "slots", "b1/first", Some("next"))]);
    let mut second = rows();
    add_slot(&mut second, "one", "last", 1);
    db.refresh_targets(second, &Coverage::default());
    assert_eq!(db.find(SLOTS, "b1/first").unwrap().1.links[&slots::next], Some(db.find(SLOTS, "b1/last").unwrap().0));
}

#[test]
fn a_record_whose_identity_nobody_knows_is_told_and_nothing_of_its_collection_is_taken_for_gone() {
    let mut db = Memory::new();
    let world = |with_box: bool, label: &str| {
        let mut rows = rows();
        add_box(&mut rows, "b2", "two");
        if with_box {
            add_box(&mut rows, "b1", "one");
        }
        add_slot(&mut rows, "one", label, 1);
        add_slot(&mut rows, "two", "x", 1);
        add_pin(&mut rows, "one", label);
        rows
    };
    let mut only_two = rows();
    add_box(&mut only_two, "b2", "two");
    add_slot(&mut only_two, "two", "x", 1);
    add_slot(&mut only_two, "two", "old", 1);
    db.refresh(only_two, &complete(), GuardPolicy::default());
    let plan = db.refresh(world(false, "left"), &complete(), GuardPolicy::default());
    let expected = [
        (IssueKind::UnresolvedLink, "slots", "one/left", Some("case")),
        (IssueKind::UnresolvedLink, "pins", "one~1left/~i1", Some("slot")),
    ];
    assert_eq!(told(&plan).into_iter().collect::<BTreeSet<_>>(), expected.into());
    assert_eq!((db.live(SLOTS), plan.counts().deleted), (set(&["b2/old", "b2/x"]), 0));
    let plan = db.refresh(world(true, "left"), &complete(), GuardPolicy::default());
    assert_eq!((told(&plan), db.live(SLOTS)), (vec![], set(&["b1/left", "b2/x"])));
    assert_eq!(db.live(PINS), set(&["b1~1left/~i1"]));

    // In a targeted run, what the record may stand for stays, and so does what that owns.
    let mut coverage = complete();
    coverage.read.push((BOXES, "b1".into()));
    let mut targeted = rows();
    add_box(&mut targeted, "b1", "one");
    add_slot(&mut targeted, "three", "left", 1);
    let plan = db.refresh_targets(targeted, &coverage);
    assert_eq!(told(&plan), [(IssueKind::UnresolvedLink, "slots", "three/left", Some("case"))]);
    assert_eq!(db.live(SLOTS), set(&["b1/left", "b2/x"]));
}

#[test]
fn a_name_that_moves_or_belongs_to_two_or_to_one_that_goes_is_not_an_old_rows() {
    let mut db = Memory::new();
    let world = |names: [&str; 2], label: &str| {
        let mut rows = rows();
        add_slot(&mut rows, "one", label, 1);
        add_box(&mut rows, "b1", names[0]);
        add_box(&mut rows, "b2", names[1]);
        rows
    };
    db.refresh(world(["one", "two"], "left"), &complete(), GuardPolicy::default());
    assert_eq!(db.live(SLOTS), set(&["b1/left"]));
    db.refresh(world(["two", "one"], "left"), &complete(), GuardPolicy::default());
    assert_eq!(db.live(SLOTS), set(&["b2/left"]), "swapped");
    let plan = db.refresh(world(["two", "uno"], "left"), &complete(), GuardPolicy::default());
    assert_eq!(told(&plan)[0], (IssueKind::UnresolvedLink, "slots", "one/left", Some("case")), "nobody has it now");
    assert_eq!(db.live(SLOTS), set(&["b2/left"]), "kept: it may be that one");
    let plan = db.refresh(world(["one", "one"], "left"), &complete(), GuardPolicy::default());
    assert!(told(&plan).contains(&(IssueKind::AmbiguousRef, "slots", "one/left", Some("case"))), "{:?}", plan.issues);
    assert_eq!(db.live(SLOTS), set(&["b2/left"]));
}

#[test]
fn a_secondary_key_through_a_name_is_known_when_the_name_is() {
    let mut db = Memory::new();
    let world = |with_box: bool| {
        let mut rows = rows();
        // By its own identity, but found by a place that hangs on a name.
        rows.row(SLOTS, Key::text("s").and_text("1")).text(slots::label, "left").link_by(slots::case, 1, "one").finish();
        rows.row(PINS, Key::text("p").and_int(1)).link_by(pins::slot, 1, place("one", "left")).finish();
        if with_box {
            add_box(&mut rows, "b1", "one");
        }
        rows
    };
    let plan = db.refresh(world(false), &complete(), GuardPolicy::default());
    let kinds: BTreeSet<_> = told(&plan).into_iter().collect();
    let expected = [
        (IssueKind::UnresolvedLink, "slots", "s/1", Some("place")),
        (IssueKind::UnresolvedLink, "slots", "s/1", Some("case")),
        (IssueKind::UnresolvedLink, "pins", "p/~i1", Some("slot")),
    ];
    assert_eq!(kinds, expected.into());
    assert_eq!(db.find(SLOTS, "s/1").unwrap().1.refs.len(), 0);
    let plan = db.refresh(world(true), &complete(), GuardPolicy::default());
    assert_eq!((told(&plan), plan.counts().updated), (vec![], 2), "though neither row itself has changed");
    assert_eq!(db.find(SLOTS, "s/1").unwrap().1.refs[&1], "b1/left");
    assert_eq!(db.find(PINS, "p/~i1").unwrap().1.links[&pins::slot], Some(db.find(SLOTS, "s/1").unwrap().0));
    assert!(db.refresh(world(true), &complete(), GuardPolicy::default()).is_noop());
    let mut targeted = rows();
    targeted.row(SLOTS, Key::text("s").and_text("1")).text(slots::label, "right").link_by(slots::case, 1, "one").finish();
    db.refresh_targets(targeted, &Coverage::default());
    assert_eq!(db.find(SLOTS, "s/1").unwrap().1.refs[&1], "b1/right", "of a box that the run did not see");
}
