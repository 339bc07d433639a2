//! What a plan promises, shown on a database in memory.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;

use stocktake_model::{Coverage, IssueKind, Key, Listed, Menu, RowView, Rows, Value};
use stocktake_saver::GuardPolicy;
use support::{BOXES, ITEMS, Memory, NOTES, ROOMS, TAGS, boxes, complete, items, notes, rooms, rows, tags};

fn set(keys: &[&str]) -> BTreeSet<String> {
    keys.iter().map(|k| (*k).to_owned()).collect()
}

#[test]
fn links_resolve_in_any_order_to_rows_of_the_run_and_to_rows_stored_earlier() {
    let mut db = Memory::new();
    let mut first = rows();
    first
        .row(ITEMS, Key::new().and_link(&Key::text("b1")).and_text("pen"))
        .text(items::label, "pen")
        .link(items::holder, "b1")
        .finish();
    first.row(BOXES, "b2").text(boxes::name, "two").link(boxes::inside, "b1").finish();
    first.row(BOXES, "b1").text(boxes::name, "one").link(boxes::inside, "b2").finish();
    let plan = db.refresh(first, &complete(), GuardPolicy::default());
    assert_eq!(plan.issues, []);
    let (b1, _) = db.find(BOXES, "b1").unwrap();
    let (b2, box2) = db.find(BOXES, "b2").unwrap();
    assert_eq!(box2.links[&boxes::inside], Some(b1), "a cycle");
    assert_eq!(db.find(BOXES, "b1").unwrap().1.links[&boxes::inside], Some(b2));
    assert_eq!(db.find(ITEMS, "b1/pen").unwrap().1.links[&items::holder], Some(b1));

    let mut coverage = Coverage::default();
    coverage.read.push((NOTES, "n1".into()));
    let mut second = rows();
    second.row(NOTES, "n1").link_by(notes::about, 1, "two").finish();
    let plan = db.refresh_targets(second, &coverage);
    assert_eq!(plan.issues, []);
    assert_eq!(db.find(NOTES, "n1").unwrap().1.links[&notes::about], Some(b2), "by a secondary ref, stored earlier");
    assert_eq!(db.live(BOXES).len(), 2, "a targeted run deletes nothing else");
}

#[test]
fn an_unresolved_link_is_remembered_and_set_though_its_row_never_changes() {
    let mut db = Memory::new();
    let note = |with_box: bool| {
        let mut rows = rows();
        rows.row(NOTES, "n1").link_by(notes::about, 1, "one").link(notes::reply_to, "n0").finish();
        if with_box {
            rows.row(BOXES, "b1").text(boxes::name, "one").finish();
        }
        rows
    };
    let plan = db.refresh(note(false), &complete(), GuardPolicy::default());
    let kinds: Vec<_> = plan.issues.iter().map(|i| (i.kind, i.field.as_deref().unwrap())).collect();
    assert_eq!(kinds, [(IssueKind::UnresolvedLink, "about"), (IssueKind::UnresolvedLink, "reply_to")]);
    let plan = db.refresh(note(true), &complete(), GuardPolicy::default());
    assert_eq!(plan.collection(NOTES).counts.unchanged, 1);
    assert_eq!(db.find(NOTES, "n1").unwrap().1.links[&notes::about], Some(db.find(BOXES, "b1").unwrap().0));
    assert!(db.refresh(note(true), &complete(), GuardPolicy::default()).is_noop());
}

#[test]
fn a_link_by_name_follows_the_name() {
    let mut db = Memory::new();
    let world = |names: [&str; 2]| {
        let mut rows = rows();
        rows.row(NOTES, "n1").link_by(notes::about, 1, "one").finish();
        rows.row(BOXES, "b1").text(boxes::name, names[0]).finish();
        rows.row(BOXES, "b2").text(boxes::name, names[1]).finish();
        rows
    };
    db.refresh(world(["one", "two"]), &complete(), GuardPolicy::default());
    db.refresh(world(["uno", "two"]), &complete(), GuardPolicy::default());
    assert_eq!(db.find(NOTES, "n1").unwrap().1.links[&notes::about], None, "nobody has that name now");
    db.refresh(world(["uno", "one"]), &complete(), GuardPolicy::default());
    assert_eq!(db.find(NOTES, "n1").unwrap().1.links[&notes::about], Some(db.find(BOXES, "b2").unwrap().0));
    let plan = db.refresh(world(["one", "one"]), &complete(), GuardPolicy::default());
    assert_eq!(plan.issues.iter().map(|i| i.kind).collect::<Vec<_>>(), [IssueKind::AmbiguousRef]);
}

#[test]
fn keys_that_are_swapped_or_taken_over_in_one_run_take_their_links_along() {
    let mut db = Memory::new();
    let world = |boxes: [(&str, &str); 2], tag: &str| {
        let mut rows = rows();
        rows.row(NOTES, "n1").link_by(notes::about, 1, "one").link_by(notes::tag, 1, "red").finish();
        for (key, name) in boxes {
            rows.row(BOXES, key).text(boxes::name, name).finish();
        }
        rows.row(TAGS, tag).text(tags::name, "red").finish();
        rows
    };
    db.refresh(world([("b1", "one"), ("b2", "two")], "t1"), &complete(), GuardPolicy::default());
    let plan = db.refresh(world([("b1", "two"), ("b2", "one")], "t2"), &complete(), GuardPolicy::default());
    assert_eq!(plan.collection(NOTES).counts.unchanged, 1);
    let note = db.find(NOTES, "n1").unwrap().1;
    assert_eq!(note.links[&notes::about], Some(db.find(BOXES, "b2").unwrap().0));
    assert_eq!(note.links[&notes::tag], Some(db.find(TAGS, "t2").unwrap().0), "deleted and made again under another id");
    assert!(db.refresh(world([("b1", "two"), ("b2", "one")], "t2"), &complete(), GuardPolicy::default()).is_noop());
}

#[test]
fn a_row_that_takes_over_the_key_of_an_archived_one_takes_its_links() {
    let mut db = Memory::new();
    let world = |key: Option<&'static str>| {
        let mut rows = rows();
        rows.row(NOTES, "n1").link_by(notes::about, 1, "one").finish();
        rows.row(BOXES, "b9").text(boxes::name, "nine").finish();
        if let Some(key) = key {
            rows.row(BOXES, key).text(boxes::name, "one").finish();
        }
        rows
    };
    let about = |db: &Memory| db.find(NOTES, "n1").unwrap().1.links[&notes::about];
    let id = |db: &Memory, key| Some(db.find(BOXES, key).unwrap().0);
    db.refresh(world(Some("b1")), &complete(), GuardPolicy::default());
    db.refresh(world(Some("b2")), &complete(), GuardPolicy::default());
    assert_eq!(about(&db), id(&db, "b2"), "in one run");
    db.refresh(world(None), &complete(), GuardPolicy::default());
    assert_eq!(about(&db), id(&db, "b2"), "an archived row keeps its links");
    db.refresh(world(Some("b3")), &complete(), GuardPolicy::default());
    assert_eq!(about(&db), id(&db, "b3"), "runs later");
    assert!(db.refresh(world(Some("b3")), &complete(), GuardPolicy::default()).is_noop());
}

#[test]
fn a_link_by_an_unusual_ref_follows_it_too() {
    let mut db = Memory::new();
    let world = |name: &'static str| {
        let mut rows = rows();
        rows.row(BOXES, "b1").text(boxes::name, name).finish();
        rows.row(BOXES, "b2").text(boxes::name, "two").link_by(boxes::inside, 1, "one").finish();
        rows
    };
    let inside = |db: &Memory| db.find(BOXES, "b2").unwrap().1.links[&boxes::inside];
    db.refresh(world("one"), &complete(), GuardPolicy::default());
    assert_eq!(inside(&db), Some(db.find(BOXES, "b1").unwrap().0));
    db.refresh(world("uno"), &complete(), GuardPolicy::default());
    assert_eq!(inside(&db), None);
    db.refresh(world("one"), &complete(), GuardPolicy::default());
    assert_eq!(inside(&db), Some(db.find(BOXES, "b1").unwrap().0));
}

#[test]
fn values_of_other_rows_are_taken_kept_current_and_have_a_default() {
    let mut db = Memory::new();
    let world = |size: Option<i64>| {
        let mut rows = rows();
        rows.row(ITEMS, Key::new().and_link(&Key::text("b1")).and_text("pen"))
            .link(items::holder, "b1")
            .value_of(items::box_size, BOXES, 0, "b1", boxes::size, Some(7))
            .finish();
        rows.row(BOXES, "b1").int(boxes::size, size).finish();
        rows
    };
    let value = |db: &Memory| db.find(ITEMS, "b1/pen").unwrap().1.columns[&items::box_size].clone();
    db.refresh(world(None), &complete(), GuardPolicy::default());
    assert_eq!(value(&db), Value::Int(7));
    let plan = db.refresh(world(Some(3)), &complete(), GuardPolicy::default());
    assert_eq!(plan.collection(ITEMS).counts.unchanged, 1);
    assert_eq!(value(&db), Value::Int(3));
}

#[test]
fn a_value_is_taken_by_a_secondary_ref_from_a_row_the_run_does_not_write() {
    let mut db = Memory::new();
    let item = |rows: &mut Rows, label: &str, name: &str| {
        rows.row(ITEMS, Key::new().and_link(&Key::text("b1")).and_text(label))
            .text(items::label, label)
            .link(items::holder, "b1")
            .value_of(items::box_size, BOXES, 1, name, boxes::size, Some(7))
            .finish();
    };
    let value = |db: &Memory, key: &str| db.find(ITEMS, key).unwrap().1.columns[&items::box_size].clone();
    let world = |labels: &[&str]| {
        let mut rows = rows();
        rows.row(BOXES, "b1").text(boxes::name, "one").int(boxes::size, 3).finish();
        for label in labels {
            item(&mut rows, label, "one");
        }
        rows
    };
    db.refresh(world(&[]), &complete(), GuardPolicy::default());
    db.refresh(world(&["pen"]), &complete(), GuardPolicy::default());
    assert_eq!(value(&db, "b1/pen"), Value::Int(3), "its box was listed, but unchanged");

    let mut coverage = Coverage::default();
    coverage.read.push((ITEMS, "b1/cup".into()));
    let mut second = rows();
    item(&mut second, "cup", "one");
    db.refresh_targets(second, &coverage);
    assert_eq!(value(&db, "b1/cup"), Value::Int(3), "its box was not listed at all");

    // A row that is written, but not that column of it.
    let mut third = rows();
    third.row(BOXES, "b1").text(boxes::name, "one").link(boxes::inside, "b1").finish();
    item(&mut third, "hat", "one");
    db.refresh_targets(third, &coverage);
    assert_eq!(value(&db, "b1/hat"), Value::Int(3), "its box was written without its size");
}

#[test]
fn a_remembered_value_link_that_leads_to_a_row_known_before_takes_its_value() {
    let mut db = Memory::new();
    let world = |names: [&'static str; 2]| {
        let mut rows = rows();
        for (key, name, size) in [("b1", names[0], 3), ("b2", names[1], 4)] {
            rows.row(BOXES, key).text(boxes::name, name).int(boxes::size, size).finish();
        }
        rows.row(ITEMS, Key::new().and_link(&Key::text("b2")).and_text("pen"))
            .link(items::holder, "b2")
            .value_of(items::box_size, BOXES, 1, "one", boxes::size, Some(7))
            .finish();
        rows
    };
    let value = |db: &Memory| db.find(ITEMS, "b2/pen").unwrap().1.columns[&items::box_size].clone();
    db.refresh(world(["one", "one"]), &complete(), GuardPolicy::default());
    assert_eq!(value(&db), Value::Int(7), "two have that name");
    db.refresh(world(["one", "two"]), &complete(), GuardPolicy::default());
    assert_eq!(value(&db), Value::Int(3), "of a row that has not changed");
}

#[test]
fn a_value_link_whose_target_goes_or_loses_its_value_takes_its_default() {
    for by in [0, 1] {
        let mut db = Memory::new();
        let world = |size: Option<Option<i64>>| {
            let mut rows = rows();
            rows.row(BOXES, "b1").finish();
            rows.row(ITEMS, Key::new().and_link(&Key::text("b1")).and_text("pen"))
                .link(items::holder, "b1")
                .value_of(items::box_size, TAGS, by, if by == 0 { "t1" } else { "red" }, tags::weight, Some(7))
                .finish();
            rows.row(TAGS, "t2").finish();
            if let Some(size) = size {
                rows.row(TAGS, "t1").text(tags::name, "red").int(tags::weight, size).finish();
            }
            rows
        };
        let value = |db: &Memory| db.find(ITEMS, "b1/pen").unwrap().1.columns[&items::box_size].clone();
        for (size, expected) in [(Some(Some(3)), 3), (None, 7), (Some(Some(4)), 4), (Some(None), 7), (Some(Some(5)), 5)] {
            db.refresh(world(size), &complete(), GuardPolicy::default());
            assert_eq!(value(&db), Value::Int(expected), "by {by}, {size:?}");
            let again = db.refresh(world(size), &complete(), GuardPolicy::default());
            assert!(again.is_noop(), "by {by}, {size:?}");
        }
    }
}

#[test]
fn a_written_row_that_does_not_send_a_remembered_link_gets_it_with_its_target() {
    let mut db = Memory::new();
    let mut first = rows();
    first.row(NOTES, "n1").text(notes::body, "x").link(notes::reply_to, "n0").finish();
    db.refresh(first, &complete(), GuardPolicy::default());
    let mut second = rows();
    second.row(NOTES, "n1").text(notes::body, "y").finish();
    second.row(NOTES, "n0").finish();
    db.refresh(second, &complete(), GuardPolicy::default());
    let note = db.find(NOTES, "n1").unwrap().1;
    assert_eq!(note.columns[&notes::body], Value::Text("y".into()));
    assert_eq!(note.links[&notes::reply_to], Some(db.find(NOTES, "n0").unwrap().0));
    assert_eq!(db.watches, [], "and is remembered no longer");
}

#[test]
fn a_referenced_row_that_is_not_listed_keeps_its_id() {
    let mut db = Memory::new();
    let world = |sends_room: bool| {
        let mut rows = rows();
        rows.row(BOXES, "b1").link(boxes::room, "r1").finish();
        rows.row(ROOMS, "r2").text(rooms::name, "attic").finish();
        if sends_room {
            rows.row(ROOMS, "r1").text(rooms::name, "hall").finish();
        }
        rows
    };
    let mut unknown_rooms = Coverage::default();
    unknown_rooms.feed(BOXES, Listed::Complete);
    let plan = db.refresh(world(false), &unknown_rooms, GuardPolicy::default());
    assert_eq!(plan.issues, []);
    let (room, row) = db.find(ROOMS, "r1").unwrap();
    assert!(!row.archived, "nobody says it is gone");
    db.refresh(world(true), &complete(), GuardPolicy::default());
    assert_eq!(db.find(ROOMS, "r1").unwrap().1.columns[&rooms::name], Value::Text("hall".into()));
    db.refresh(world(false), &complete(), GuardPolicy::default());
    let (id, row) = db.find(ROOMS, "r1").unwrap();
    assert!(id == room && row.archived && row.columns[&rooms::name] == Value::Text("hall".into()));
    assert!(db.refresh(world(false), &complete(), GuardPolicy::default()).is_noop());
}

#[test]
fn what_vanishes_with_its_owner_is_archived_and_comes_back_under_the_same_ids() {
    let mut db = Memory::new();
    let world = |boxes: &[&str], labels: &[&str]| {
        let mut rows = rows();
        for key in boxes {
            rows.row(BOXES, *key).text(boxes::name, *key).finish();
            for label in labels {
                rows.row(ITEMS, Key::new().and_link(&Key::text(key)).and_text(label)).link(items::holder, *key).finish();
            }
        }
        rows
    };
    db.refresh(world(&["b1", "b2"], &["pen", "cup"]), &complete(), GuardPolicy::default());
    let ids: Vec<i64> = db.rows.keys().copied().collect();
    db.refresh(world(&["b1"], &["pen"]), &complete(), GuardPolicy::default());
    assert_eq!(db.live(BOXES), set(&["b1"]));
    assert_eq!(db.live(ITEMS), set(&["b1/pen"]));
    assert!(db.find(ITEMS, "b1/cup").is_none(), "vanished alone: deleted");
    assert!(db.find(ITEMS, "b2/cup").is_some_and(|(_, r)| r.archived), "went with its owner: archived");
    let plan = db.refresh(world(&["b1", "b2"], &["pen"]), &complete(), GuardPolicy::default());
    assert_eq!((plan.counts().revived, plan.counts().created), (2, 0));
    let back: Vec<i64> = db.rows.iter().filter(|(_, r)| !r.archived).map(|(id, _)| *id).collect();
    assert!(back.iter().all(|id| ids.contains(id)));
}

#[test]
fn only_a_complete_listing_licenses_deletion() {
    let mut db = Memory::new();
    let mut first = rows();
    first.row(BOXES, "b1").finish();
    first.row(NOTES, "n1").finish();
    first.row(NOTES, "n2").finish();
    db.refresh(first, &complete(), GuardPolicy::default());
    let world = || {
        let mut rows = rows();
        rows.row(BOXES, "b1").finish();
        rows.row(NOTES, "n2").finish();
        rows
    };
    for listed in [
        Listed::Partial { errors: vec!["page 2: 500".into()] },
        Listed::Failed { error: "403".into() },
        Listed::NotAsked { reason: "no such service".into() },
    ] {
        let mut coverage = complete();
        coverage.feed(NOTES, listed.clone());
        assert!(db.refresh(world(), &coverage, GuardPolicy::default()).is_noop(), "{listed:?}");
    }
    assert_eq!(db.refresh(world(), &complete(), GuardPolicy::default()).counts().deleted, 1);
}

#[test]
fn what_an_unseen_object_owns_is_as_unknown_as_itself() {
    let mut db = Memory::new();
    let world = |keys: &[&str]| {
        let mut rows = rows();
        for key in keys {
            rows.row(BOXES, *key).finish();
            rows.row(ITEMS, Key::new().and_link(&Key::text(key)).and_text("pen")).link(items::holder, *key).finish();
        }
        rows
    };
    db.refresh(world(&["b1", "b2"]), &complete(), GuardPolicy::default());
    let mut coverage = complete();
    coverage.feed(BOXES, Listed::Partial { errors: vec!["a record could not be read".into()] });
    assert!(db.refresh(world(&["b1"]), &coverage, GuardPolicy::default()).is_noop());
}

#[test]
fn a_collection_that_becomes_empty_waits_for_a_second_run_however_small() {
    let mut db = Memory::new();
    let world = |full: bool| {
        let mut rows = rows();
        rows.row(BOXES, "b1").finish();
        if full {
            rows.row(NOTES, "n1").finish();
            rows.row(ITEMS, Key::new().and_link(&Key::text("b1")).and_text("pen")).link(items::holder, "b1").finish();
        }
        rows
    };
    db.refresh(world(true), &complete(), GuardPolicy::default());
    let plan = db.refresh(world(false), &complete(), GuardPolicy::default());
    assert_eq!((plan.collection(NOTES).counts.held, plan.collection(ITEMS).counts.deleted), (1, 1), "its box says so");
    assert_eq!(db.refresh(world(false), &complete(), GuardPolicy::default()).counts().deleted, 1);
}

#[test]
fn suspicious_deletions_wait_for_a_second_complete_run() {
    let mut db = Memory::new();
    let world = |keys: std::ops::Range<u32>| {
        let mut rows = rows();
        for n in keys {
            let key = format!("b{n}");
            rows.row(BOXES, &key).finish();
            rows.row(ITEMS, Key::new().and_link(&Key::text(&key)).and_text("pen")).link(items::holder, &key).finish();
        }
        rows
    };
    db.refresh(world(0..100), &complete(), GuardPolicy::default());
    let plan = db.refresh(world(0..50), &complete(), GuardPolicy::default());
    assert_eq!((plan.counts().archived, plan.counts().held), (0, 100), "boxes and what they hold");
    assert_eq!(db.live(ITEMS).len(), 100);
    let plan = db.refresh(world(10..50), &complete(), GuardPolicy::default());
    assert_eq!((plan.counts().archived, plan.counts().held), (120, 0), "fifty agreed on twice, ten more are few");
    let plan = db.refresh(world(40..50), &complete(), GuardPolicy::OFF);
    assert_eq!(plan.counts().archived, 60, "approved");
}

#[test]
fn a_target_that_is_gone_takes_what_it_owns_and_nothing_else() {
    let mut db = Memory::new();
    let mut first = rows();
    for key in ["b1", "b2", "b3"] {
        first.row(BOXES, key).text(boxes::name, key).finish();
        first.row(ITEMS, Key::new().and_link(&Key::text(key)).and_text("pen")).link(items::holder, key).finish();
        first.row(ITEMS, Key::new().and_link(&Key::text(key)).and_text("cup")).link(items::holder, key).finish();
    }
    db.refresh(first, &complete(), GuardPolicy::default());
    let mut coverage = complete();
    coverage.gone.push((BOXES, "b1".into()));
    coverage.read.push((BOXES, "b2".into()));
    let mut second = rows();
    second.row(BOXES, "b2").text(boxes::name, "b2").finish();
    second.row(ITEMS, Key::new().and_link(&Key::text("b2")).and_text("cup")).link(items::holder, "b2").finish();
    let plan = db.refresh_targets(second, &coverage);
    assert_eq!((plan.counts().archived, plan.counts().deleted), (3, 1));
    assert_eq!(db.live(ITEMS), set(&["b2/cup", "b3/cup", "b3/pen"]));
    assert_eq!(db.live(BOXES), set(&["b2", "b3"]));
}

#[test]
fn duplicates_and_blanks_are_told_and_the_first_counts() {
    let mut db = Memory::new();
    let mut first = rows();
    first.row(BOXES, "b1").text(boxes::name, "one").finish();
    first.row(BOXES, "b1").text(boxes::name, "other").finish();
    first.row(BOXES, "").text(boxes::name, "nobody").finish();
    let plan = db.refresh(first, &complete(), GuardPolicy::default());
    let mut kinds: Vec<_> = plan.issues.iter().map(|i| i.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [IssueKind::BlankIdentity, IssueKind::DuplicateIdentity]);
    assert_eq!(db.find(BOXES, "b1").unwrap().1.columns[&boxes::name], Value::Text("one".into()));
}

#[test]
fn a_listing_with_a_record_twice_takes_nothing_away() {
    let mut db = Memory::new();
    let world = |keys: &[&str]| {
        let mut rows = rows();
        for key in keys {
            rows.row(NOTES, *key).finish();
        }
        rows
    };
    db.refresh(world(&["n1", "n2", "n3"]), &complete(), GuardPolicy::default());
    assert!(db.refresh(world(&["n1", "n2", "n1"]), &complete(), GuardPolicy::default()).is_noop());
    assert_eq!(db.refresh(world(&["n1", "n2"]), &complete(), GuardPolicy::default()).counts().deleted, 1);
}

#[test]
fn a_custom_save_turns_its_records_into_rows_of_others() {
    fn boxes_of_notes(records: &[RowView<'_>], out: &mut Rows) {
        for record in records {
            out.row(BOXES, &format!("box of {}", record.key())).text(boxes::name, record.key()).finish();
        }
    }
    fn notes_of_tags(records: &[RowView<'_>], out: &mut Rows) {
        for record in records {
            out.row(NOTES, &format!("note of {}", record.key())).finish();
        }
    }
    let menu = Menu::builder().pick(support::menu().iter().map(|(_, c)| c.clone()));
    let menu = menu.custom_save("notes", boxes_of_notes).custom_save("tags", notes_of_tags);
    let menu = Arc::new(menu.build().unwrap());
    let mut db = Memory::of(Arc::clone(&menu));
    let records = || {
        let mut rows = Rows::new(Arc::clone(&menu), support::SEED);
        rows.row(NOTES, "n1").text(notes::body, "x").finish();
        rows.row(TAGS, "t1").text(tags::name, "y").finish();
        rows
    };
    let plan = db.refresh(records(), &complete(), GuardPolicy::default());
    assert_eq!(db.live(BOXES), set(&["box of n1", "box of note of t1"]), "{:?}", plan.issues);
    assert_eq!((db.live(NOTES), db.live(TAGS)), (set(&[]), set(&[])), "its own records are not rows");
    assert!(db.refresh(records(), &complete(), GuardPolicy::default()).is_noop());
    let plan = db.refresh_targets(records(), &Coverage::default());
    assert_eq!((plan.counts().created, plan.counts().unchanged), (0, 2), "a targeted run asks for what they make, too");
}

#[test]
fn custom_saves_that_make_records_for_each_other_without_end_are_told() {
    fn same_again(records: &[RowView<'_>], out: &mut Rows) {
        for record in records {
            out.row(NOTES, record.key()).finish();
        }
    }
    let menu = Menu::builder().pick(support::menu().iter().map(|(_, c)| c.clone())).custom_save("notes", same_again);
    let menu = Arc::new(menu.build().unwrap());
    let mut rows = Rows::new(Arc::clone(&menu), support::SEED);
    rows.row(NOTES, "n1").finish();
    let plan = Memory::of(menu).refresh(rows, &complete(), GuardPolicy::default());
    assert_eq!(
        plan.issues.iter().map(|i| (i.kind, i.reference.as_str())).collect::<Vec<_>>(),
        [(IssueKind::Malformed, "n1")]
    );
}

#[test]
fn a_changed_document_alone_is_written_without_touching_the_row() {
    let mut db = Memory::new();
    let world = |document: &'static str| {
        let mut rows = rows();
        rows.row(BOXES, "b1").text(boxes::name, "one").raw(document).finish();
        rows
    };
    db.refresh(world("{\"seen\":1}"), &complete(), GuardPolicy::default());
    let plan = db.refresh(world("{\"seen\":2}"), &complete(), GuardPolicy::default());
    assert_eq!((plan.counts().updated, plan.counts().raw_only), (0, 1));
    let packed = plan.collection(BOXES).rows.view(0).packed_raw().unwrap();
    assert_eq!(lz4_flex::decompress_size_prepended(packed).unwrap(), b"{\"seen\":2}");
}
