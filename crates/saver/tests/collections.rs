//! What a run of whole collections takes away, and what it must leave alone.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use stocktake_model::{CollectionIx, Coverage, Key, Listed, Rows, Scope, Target};
use stocktake_saver::{GuardPolicy, SavePlan};
use support::{BOXES, ITEMS, Memory, NOTES, ROOMS, TAGS, boxes, complete, items, menu, notes, rows, tags};

/// A run that names these collections whole; its complete listings brought rows of others, too.
fn refresh(db: &mut Memory, rows: Rows, named: &[CollectionIx], along: &[CollectionIx], guard: GuardPolicy) -> SavePlan {
    let mut coverage = told(named, &[], &[]);
    for ix in named.iter().chain(along) {
        coverage.feed(*ix, Listed::Complete);
    }
    refresh_as(db, rows, named, &coverage, guard)
}

/// What a provider told of whole collections, and of single boxes.
fn told(whole: &[CollectionIx], read: &[&str], gone: &[&str]) -> Coverage {
    let boxes = |keys: &[&str]| keys.iter().map(|key| (BOXES, (*key).to_owned())).collect();
    let mut coverage = Coverage::default();
    coverage.whole = whole.to_vec();
    (coverage.read, coverage.gone) = (boxes(read), boxes(gone));
    coverage
}

fn refresh_as(db: &mut Memory, rows: Rows, named: &[CollectionIx], coverage: &Coverage, guard: GuardPolicy) -> SavePlan {
    let scope = Scope::Targets(named.iter().map(|ix| Target::whole(menu().get(*ix).name)).collect());
    let plan = db.plan(rows, coverage, guard, &scope);
    // The database forgets what was held of collections that a run saw whole.
    let mut whole = Coverage::default();
    for ix in named.iter().filter(|ix| coverage.is_about_all_of(**ix, &menu(), &scope) && coverage.is_complete(**ix)) {
        whole.feed(*ix, Listed::Complete);
    }
    db.apply(&plan, &whole);
    plan
}

fn boxes_of(keys: &[&str], items: &[&str]) -> Rows {
    let mut rows = rows();
    for key in keys {
        rows.row(BOXES, *key).text(boxes::name, *key).finish();
        for label in items {
            let item = Key::new().and_link(&Key::text(key)).and_text(label);
            rows.row(ITEMS, item).text(items::label, *label).link(items::holder, *key).finish();
        }
    }
    rows
}

fn with_notes(mut rows: Rows, keys: &[&str]) -> Rows {
    for key in keys {
        rows.row(NOTES, *key).text(notes::body, "n").finish();
    }
    rows
}

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|key| (*key).to_owned()).collect()
}

fn db() -> Memory {
    let mut db = Memory::new();
    let world = with_notes(boxes_of(&["b1", "b2", "b3"], &["pen", "cup"]), &["n1", "n2"]);
    db.refresh(world, &complete(), GuardPolicy::default());
    db
}

#[test]
fn only_what_is_named_goes_and_takes_along_what_it_owns() {
    let mut db = db();
    let plan = refresh(&mut db, boxes_of(&["b1", "b2"], &["pen"]), &[BOXES], &[ITEMS], GuardPolicy::default());
    assert_eq!(db.live(BOXES), set(&["b1", "b2"]));
    assert_eq!(db.live(ITEMS), set(&["b1/pen", "b2/pen"]), "the items of boxes that were read are known");
    assert_eq!(db.live(NOTES), set(&["n1", "n2"]), "nobody looked at notes");
    assert_eq!((plan.collection(BOXES).counts.archived, plan.collection(ITEMS).counts.deleted), (1, 2));
    assert!(db.find(ITEMS, "b3/pen").is_some_and(|(_, row)| row.archived), "it went with its box");
    let again = refresh(&mut db, boxes_of(&["b1", "b2"], &["pen"]), &[BOXES], &[ITEMS], GuardPolicy::default());
    assert!(again.is_noop());
}

/// As labels: fed by several listings, of which this run made one. That it is complete says nothing about the others.
#[test]
fn what_others_own_is_not_missed() {
    let mut db = db();
    let mut only_notes = rows();
    only_notes.row(NOTES, "n1").text(notes::body, "n").finish();
    let plan = refresh(&mut db, only_notes, &[NOTES], &[ITEMS], GuardPolicy::default());
    assert_eq!((plan.counts().deleted, plan.counts().archived), (1, 0));
    assert_eq!(db.live(ITEMS).len(), 6);
    assert_eq!(db.live(NOTES), set(&["n1"]));
}

#[test]
fn what_came_along_is_written_and_never_missed() {
    let mut db = db();
    let seen = with_notes(boxes_of(&["b1", "b4"], &["pen", "cup"]), &["n1", "n2"]);
    let plan = refresh(&mut db, seen, &[NOTES], &[BOXES, ITEMS], GuardPolicy::default());
    assert_eq!((plan.counts().created, plan.counts().deleted + plan.counts().archived), (3, 0));
    assert_eq!(db.live(BOXES), set(&["b1", "b2", "b3", "b4"]));
}

#[test]
fn an_incomplete_listing_takes_nothing_away() {
    for listed in [
        Listed::Partial { errors: vec!["page 2: 500".into()] },
        Listed::Failed { error: "403".into() },
        Listed::NotAsked { reason: "no such service".into() },
    ] {
        let mut db = db();
        let mut coverage = told(&[BOXES], &[], &[]);
        coverage.feed(BOXES, listed.clone());
        coverage.feed(ITEMS, listed.clone());
        let plan = refresh_as(&mut db, boxes_of(&["b1"], &["pen"]), &[BOXES], &coverage, GuardPolicy::default());
        assert!(plan.is_noop(), "{listed:?}");
    }
}

/// A provider that knows single targets only may say `Complete` of one of them.
#[test]
fn a_collection_that_the_provider_did_not_list_whole_loses_nothing() {
    let mut db = db();
    let mut coverage = told(&[], &["b1"], &[]);
    coverage.feed(BOXES, Listed::Complete);
    let plan = refresh_as(&mut db, boxes_of(&["b1"], &["pen", "cup"]), &[BOXES], &coverage, GuardPolicy::OFF);
    assert!(plan.is_noop(), "{:?}", plan.counts());
}

#[test]
fn owners_that_nobody_asked_for_do_not_shield_what_is_named() {
    let mut alone = told(&[ITEMS], &[], &[]);
    alone.feed(ITEMS, Listed::Complete);
    let mut beside_one_box = told(&[ITEMS], &["b1"], &[]);
    beside_one_box.feed(ITEMS, Listed::Complete);
    beside_one_box.feed(BOXES, Listed::Complete);
    for coverage in [alone, beside_one_box] {
        let mut db = db();
        let mut seen = rows();
        for key in ["b1", "b2"] {
            let item = Key::new().and_link(&Key::text(key)).and_text("pen");
            seen.row(ITEMS, item).text(items::label, "pen").link(items::holder, key).finish();
        }
        if !coverage.read.is_empty() {
            seen.row(BOXES, "b1").text(boxes::name, "b1").finish();
        }
        let plan = refresh_as(&mut db, seen, &[ITEMS], &coverage, GuardPolicy::default());
        assert_eq!(plan.counts().deleted, 4, "{:?}", coverage.read);
        assert_eq!(db.live(BOXES).len(), 3);
    }
}

#[test]
fn what_a_single_target_owns_is_not_held_because_another_collection_is_whole() {
    let mut db = Memory::new();
    let labels: Vec<String> = (0..40).map(|n| format!("i{n}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    db.refresh(with_notes(boxes_of(&["b1"], &labels), &["n1"]), &complete(), GuardPolicy::default());
    let mut coverage = told(&[NOTES], &["b1"], &[]);
    for ix in [NOTES, BOXES, ITEMS] {
        coverage.feed(ix, Listed::Complete);
    }
    let seen = with_notes(boxes_of(&["b1"], &labels[..1]), &["n1"]);
    let plan = refresh_as(&mut db, seen, &[NOTES], &coverage, GuardPolicy::default());
    assert_eq!((plan.counts().held, plan.counts().deleted), (0, 39));
    // Where the boxes were listed as a whole, the listing is what is doubted.
    coverage.whole.push(BOXES);
    db.refresh(with_notes(boxes_of(&["b1"], &labels), &["n1"]), &complete(), GuardPolicy::default());
    let seen = with_notes(boxes_of(&["b1"], &labels[..1]), &["n1"]);
    let plan = refresh_as(&mut db, seen, &[NOTES, BOXES], &coverage, GuardPolicy::default());
    assert_eq!((plan.counts().held, plan.counts().deleted), (39, 0));
}

#[test]
fn single_targets_beside_a_collection_go_by_their_own_answer() {
    let mut db = db();
    let mut coverage = told(&[NOTES], &["b2"], &["b1"]);
    for ix in [NOTES, BOXES, ITEMS] {
        coverage.feed(ix, Listed::Complete);
    }
    let seen = with_notes(boxes_of(&["b2"], &["pen"]), &["n1"]);
    let plan = refresh_as(&mut db, seen, &[NOTES], &coverage, GuardPolicy::default());
    assert_eq!(db.live(BOXES), set(&["b2", "b3"]), "a definite answer is not held, and b3 was not asked for");
    assert_eq!(db.live(ITEMS), set(&["b2/pen", "b3/cup", "b3/pen"]));
    assert_eq!(db.live(NOTES), set(&["n1"]));
    assert_eq!(plan.counts().held, 0);
}

#[test]
fn a_target_that_is_gone_is_not_doubted_though_nothing_else_of_its_kind_was_seen() {
    let mut db = db();
    let mut coverage = told(&[NOTES], &[], &["b1"]);
    coverage.feed(NOTES, Listed::Complete);
    coverage.feed(BOXES, Listed::Complete);
    let plan = refresh_as(&mut db, with_notes(rows(), &["n1", "n2"]), &[NOTES], &coverage, GuardPolicy::default());
    assert_eq!((plan.counts().held, plan.collection(BOXES).counts.archived), (0, 1));
}

#[test]
fn the_guard_holds_until_a_second_run_agrees_whichever_it_is() {
    let keys: Vec<String> = (0..40).map(|n| format!("t{n:02}")).collect();
    let tags_of = |keys: &[String]| with_tags(rows(), keys);
    let full = |keys: &[String]| with_tags(boxes_of(&["b1"], &["pen"]), keys);
    for second_is_full in [false, true] {
        let mut db = Memory::new();
        db.refresh(full(&keys), &complete(), GuardPolicy::default());
        let first = refresh(&mut db, tags_of(&keys[..5]), &[TAGS], &[], GuardPolicy::default());
        assert_eq!((first.counts().held, first.counts().deleted), (35, 0));
        // Another collection's run leaves what is held as it is.
        refresh(&mut db, boxes_of(&["b1"], &["pen"]), &[BOXES], &[ITEMS], GuardPolicy::default());
        assert_eq!(db.held.len(), 35);
        let second = if second_is_full {
            db.refresh(full(&keys[..5]), &complete(), GuardPolicy::default())
        } else {
            refresh(&mut db, tags_of(&keys[..5]), &[TAGS], &[], GuardPolicy::default())
        };
        assert_eq!((second.counts().held, second.counts().deleted), (0, 35), "full: {second_is_full}");
    }
    let mut db = Memory::new();
    db.refresh(full(&keys), &complete(), GuardPolicy::default());
    let emptied = refresh(&mut db, rows(), &[TAGS], &[], GuardPolicy::default());
    assert_eq!((emptied.counts().held, emptied.counts().deleted), (40, 0), "nothing seen is the weakest evidence");
    refresh(&mut db, tags_of(&keys), &[TAGS], &[], GuardPolicy::default());
    assert!(db.held.is_empty(), "seen again");
}

#[test]
fn what_has_gone_is_not_held_any_more() {
    let mut db = Memory::new();
    let boxes: Vec<String> = (0..100).map(|n| format!("b{n}")).collect();
    let boxes: Vec<&str> = boxes.iter().map(String::as_str).collect();
    db.refresh(boxes_of(&boxes, &["pen"]), &complete(), GuardPolicy::default());
    db.refresh(boxes_of(&boxes[..50], &["pen"]), &complete(), GuardPolicy::default());
    assert_eq!(db.held.len(), 100, "fifty boxes with a pen each");
    let mut coverage = told(&[NOTES], &[], &["b60"]);
    coverage.feed(NOTES, Listed::Complete);
    coverage.feed(BOXES, Listed::Complete);
    let plan = refresh_as(&mut db, with_notes(rows(), &["n1"]), &[NOTES], &coverage, GuardPolicy::default());
    assert_eq!(plan.collection(BOXES).counts.archived, 1);
    assert_eq!(db.held.len(), 98, "neither the box nor its pen");
}

fn with_tags(mut rows: Rows, keys: &[String]) -> Rows {
    for key in keys {
        rows.row(TAGS, key).text(tags::name, key.as_str()).finish();
    }
    rows
}

#[test]
fn a_skeleton_that_the_whole_listing_does_not_have_is_archived_at_once() {
    let mut db = Memory::new();
    let world = || {
        let mut rows = rows();
        rows.row(BOXES, "b1").link(boxes::room, "r1").finish();
        rows
    };
    refresh(&mut db, world(), &[BOXES], &[], GuardPolicy::default());
    assert!(!db.find(ROOMS, "r1").unwrap().1.archived, "nobody looked");
    let mut db = Memory::new();
    refresh(&mut db, world(), &[BOXES, ROOMS], &[], GuardPolicy::default());
    assert!(db.find(ROOMS, "r1").unwrap().1.archived);
}

/// Boxes with their items, notes and tags.
#[derive(Debug, Clone)]
struct World {
    boxes: BTreeSet<u8>,
    items: BTreeSet<(u8, u8)>,
    notes: BTreeSet<u8>,
    tags: BTreeSet<u8>,
}

impl World {
    fn part(&self, part: CollectionIx, rows: &mut Rows) {
        match part {
            BOXES => {
                for n in &self.boxes {
                    rows.row(BOXES, &format!("b{n}")).text(boxes::name, format!("name{n}").as_str()).finish();
                }
                for (holder, label) in self.items.iter().filter(|(holder, _)| self.boxes.contains(holder)) {
                    let (holder, label) = (format!("b{holder}"), format!("l{label}"));
                    rows.row(ITEMS, Key::new().and_link(&Key::text(&holder)).and_text(&label))
                        .text(items::label, label.as_str())
                        .link(items::holder, &holder)
                        .finish();
                }
            }
            NOTES => {
                for n in &self.notes {
                    let about = format!("name{n}");
                    rows.row(NOTES, &format!("n{n}")).link_by(notes::about, 1, &about).finish();
                }
            }
            _ => {
                for n in &self.tags {
                    rows.row(TAGS, &format!("t{n}")).text(tags::name, format!("tag{n}").as_str()).finish();
                }
            }
        }
    }

    fn rows(&self, parts: &[CollectionIx]) -> Rows {
        let mut rows = rows();
        for part in parts {
            self.part(*part, &mut rows);
        }
        rows
    }
}

fn world() -> impl Strategy<Value = World> {
    let some = || proptest::collection::btree_set(0..6u8, 0..6);
    let items = proptest::collection::btree_set((0..6u8, 0..3u8), 0..8);
    (some(), items, some(), some()).prop_map(|(boxes, items, notes, tags)| World { boxes, items, notes, tags })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Part by part is as good as all at once: what a full run finds after it is nothing.
    #[test]
    fn each_collection_by_itself_comes_to_a_full_run(
        (before, after) in (world(), world()),
        parts in Just(vec![BOXES, NOTES, TAGS]).prop_shuffle(),
        together in 1..4usize,
    ) {
        let mut db = Memory::new();
        let every = [BOXES, NOTES, TAGS];
        db.refresh(before.rows(&every), &complete(), GuardPolicy::OFF);
        for named in parts.chunks(together) {
            let untouched: Vec<_> = every.iter().filter(|ix| !named.contains(ix)).map(|ix| (*ix, db.live(*ix))).collect();
            let owned: &[CollectionIx] = if named.contains(&BOXES) { &[ITEMS] } else { &[] };
            refresh(&mut db, after.rows(named), named, owned, GuardPolicy::OFF);
            for (ix, live) in untouched {
                prop_assert_eq!(db.live(ix), live, "not asked for");
            }
        }
        let full = db.refresh(after.rows(&every), &complete(), GuardPolicy::OFF);
        prop_assert!(full.is_noop(), "{:?} {:?} {:?}", full.counts(), full.relinks, full.unlinks);
    }
}
