//! Random inventories and changes: what is saved is what was listed, a plan after a save is empty, and the order of
//! parsing does not matter.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use stocktake_model::{Key, Rows, Value};
use stocktake_saver::GuardPolicy;
use support::{
    ALL, BOXES, ITEMS, Memory, NOTES, PINS, ROOMS, SLOTS, TAGS, boxes, complete, items, notes, pins, rooms, rows, slots,
    tags,
};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Record {
    Box { key: u8, name: u8, size: Option<u8>, room: Option<u8>, inside: Option<u8> },
    Item { holder: u8, label: u8, twin: Option<u8> },
    Note { key: u8, about: Option<u8>, reply_to: Option<u8>, tag: Option<u8> },
    Room { key: u8 },
    Tag { key: u8, name: u8 },
    Slot { case: u8, label: u8, next: Option<(u8, u8)> },
    Pin { case: u8, label: u8 },
}

/// The place of a slot, whose identity hangs on its box's name.
fn place(case: u8, label: u8) -> Key {
    Key::new().and_link_by(BOXES, 1, &format!("name{case}")).and_text(&format!("l{label}"))
}

impl Record {
    fn identity(&self) -> (u8, u8, u8) {
        match self {
            Self::Box { key, .. } => (0, *key, 0),
            Self::Item { holder, label, .. } => (1, *holder, *label),
            Self::Note { key, .. } => (2, *key, 0),
            Self::Room { key } => (3, *key, 0),
            Self::Tag { key, .. } => (4, *key, 0),
            Self::Slot { case, label, .. } => (5, *case, *label),
            Self::Pin { case, label } => (6, *case, *label),
        }
    }

    fn write(&self, rows: &mut Rows) {
        let named = |prefix: &str, n: Option<u8>| n.map(|n| format!("{prefix}{n}"));
        match self {
            Self::Box { key, name, size, room, inside } => rows
                .row(BOXES, &format!("b{key}"))
                .text(boxes::name, format!("name{name}").as_str())
                .int(boxes::size, size.map(i64::from))
                .opt_link(boxes::room, named("r", *room).as_deref())
                .opt_link(boxes::inside, named("b", *inside).as_deref())
                .finish(),
            Self::Item { holder, label, twin } => {
                let holder = format!("b{holder}");
                rows.row(ITEMS, Key::new().and_link(&Key::text(&holder)).and_text(&format!("l{label}")))
                    .text(items::label, format!("l{label}").as_str())
                    .link(items::holder, &holder)
                    .opt_link(items::twin, named("b", *twin).as_deref())
                    .finish();
            }
            Self::Note { key, about, reply_to, tag } => {
                let row = rows.row(NOTES, &format!("n{key}")).opt_link(notes::reply_to, named("n", *reply_to).as_deref());
                let row = match named("tag", *tag) {
                    Some(name) => row.link_by(notes::tag, 1, &name),
                    None => row.null(notes::tag),
                };
                match named("name", *about) {
                    Some(name) => row.link_by(notes::about, 1, &name).finish(),
                    None => row.null(notes::about).finish(),
                }
            }
            Self::Room { key } => rows.row(ROOMS, &format!("r{key}")).text(rooms::name, "room").finish(),
            Self::Tag { key, name } => {
                rows.row(TAGS, &format!("t{key}")).text(tags::name, format!("tag{name}").as_str()).finish();
            }
            Self::Slot { case, label, next } => {
                let row = rows.row(SLOTS, place(*case, *label)).text(slots::label, format!("l{label}").as_str());
                let row = row.link_by(slots::case, 1, &format!("name{case}"));
                match next {
                    Some((case, label)) => row.link_by(slots::next, 1, place(*case, *label)).finish(),
                    None => row.null(slots::next).finish(),
                }
            }
            Self::Pin { case, label } => rows
                .row(PINS, Key::new().and_link_by(SLOTS, 1, place(*case, *label)).and_int(1))
                .link_by(pins::slot, 1, place(*case, *label))
                .finish(),
        }
    }
}

fn record() -> impl Strategy<Value = Record> {
    let maybe = || proptest::option::of(0..6u8);
    prop_oneof![
        (0..6u8, 0..9u8, maybe(), maybe(), maybe()).prop_map(|(key, name, size, room, inside)| Record::Box {
            key,
            name,
            size,
            room,
            inside
        }),
        (0..6u8, 0..3u8, maybe()).prop_map(|(holder, label, twin)| Record::Item { holder, label, twin }),
        (0..6u8, proptest::option::of(0..9u8), maybe(), proptest::option::of(0..3u8))
            .prop_map(|(key, about, reply_to, tag)| Record::Note { key, about, reply_to, tag }),
        (0..4u8, 0..3u8).prop_map(|(key, name)| Record::Tag { key, name }),
        (0..6u8).prop_map(|key| Record::Room { key }),
        (0..9u8, 0..2u8, proptest::option::of((0..9u8, 0..2u8))).prop_map(|(case, label, next)| Record::Slot {
            case,
            label,
            next
        }),
        (0..9u8, 0..2u8).prop_map(|(case, label)| Record::Pin { case, label }),
    ]
}

/// A world: records of distinct identity, boxes of distinct name.
fn world() -> impl Strategy<Value = Vec<Record>> {
    proptest::collection::vec(record(), 0..24).prop_map(|records| {
        let (mut identities, mut names) = (BTreeSet::new(), BTreeSet::new());
        let unique = |r: &Record| {
            let name = match r {
                Record::Box { name, .. } => Some(('b', *name)),
                Record::Tag { name, .. } => Some(('t', *name)),
                _ => None,
            };
            let free = name.is_none_or(|name| !names.contains(&name)) && identities.insert(r.identity());
            names.extend(name.filter(|_| free));
            free
        };
        records.into_iter().filter(unique).collect()
    })
}

fn written(records: &[Record]) -> Rows {
    let mut rows = rows();
    for record in records {
        record.write(&mut rows);
    }
    rows
}

type Told = BTreeMap<String, (bool, BTreeMap<String, Value>, BTreeMap<String, Option<String>>)>;

/// The database in words, without ids.
fn told(db: &Memory) -> Told {
    let menu = support::menu();
    let name = |id: &i64| format!("{}:{}", db.rows[id].ix.0, db.rows[id].key);
    let row = |(id, r): (&i64, &support::MemoryRow)| {
        let column = |(f, v): (&stocktake_model::Field, &Value)| (menu.get(r.ix).field_name(*f).to_owned(), v.clone());
        let link = |(f, v): (&stocktake_model::Field, &Option<i64>)| {
            (menu.get(r.ix).field_name(*f).to_owned(), v.as_ref().map(name))
        };
        (name(id), (r.archived, r.columns.iter().map(column).collect(), r.links.iter().map(link).collect()))
    };
    db.rows.iter().map(row).collect()
}

/// Every link of a live row leads where its record says, if such a row exists.
fn check_links(db: &Memory, records: &[Record]) -> Result<(), TestCaseError> {
    let id = |ix, key: &str| db.find(ix, key).map(|(id, _)| id);
    for record in records {
        match record {
            Record::Box { key, room, inside, .. } => {
                let row = db.find(BOXES, &format!("b{key}")).unwrap().1;
                prop_assert_eq!(row.links[&boxes::inside], inside.and_then(|n| id(BOXES, &format!("b{n}"))));
                prop_assert_eq!(row.links[&boxes::room], room.and_then(|n| id(ROOMS, &format!("r{n}"))));
                prop_assert_eq!(row.links[&boxes::room].is_some(), room.is_some(), "rooms are made where they are missing");
            }
            Record::Item { holder, label, twin } => {
                let row = db.find(ITEMS, &format!("b{holder}/l{label}")).unwrap().1;
                prop_assert_eq!(row.links[&items::twin], twin.and_then(|n| id(BOXES, &format!("b{n}"))));
                prop_assert_eq!(row.links[&items::holder], id(BOXES, &format!("b{holder}")));
            }
            Record::Note { key, about, reply_to, tag } => {
                let row = db.find(NOTES, &format!("n{key}")).unwrap().1;
                prop_assert_eq!(row.links[&notes::reply_to], reply_to.and_then(|n| id(NOTES, &format!("n{n}"))));
                let named = |r: &&Record| matches!(r, Record::Box { name, .. } if Some(*name) == *about);
                if let Some(Record::Box { key, .. }) = records.iter().find(named) {
                    prop_assert_eq!(row.links[&notes::about], id(BOXES, &format!("b{key}")));
                }
                let tagged = records.iter().find_map(|r| match r {
                    Record::Tag { key, name } if Some(*name) == *tag => id(TAGS, &format!("t{key}")),
                    _ => None,
                });
                prop_assert_eq!(row.links[&notes::tag], tagged);
            }
            Record::Slot { case, label, .. } => {
                let named = |r: &Record| matches!(r, Record::Box { name, .. } if name == case);
                if let Some(Record::Box { key, .. }) = records.iter().find(|r| named(r)) {
                    let slot = db.find(SLOTS, &format!("b{key}/l{label}"));
                    prop_assert!(slot.is_some(), "slot {label} of the box named {case}");
                    prop_assert_eq!(slot.unwrap().1.links[&slots::case], id(BOXES, &format!("b{key}")));
                    let pin = Record::Pin { case: *case, label: *label };
                    if records.contains(&pin) {
                        let pin = db.find(PINS, &format!("b{key}~1l{label}/~i1"));
                        prop_assert_eq!(pin.unwrap().1.links[&pins::slot], slot.map(|(id, _)| id));
                    }
                }
            }
            Record::Room { .. } | Record::Tag { .. } | Record::Pin { .. } => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn saved_is_listed_and_saving_again_writes_nothing(worlds in proptest::collection::vec(world(), 1..5)) {
        let mut db = Memory::new();
        for records in &worlds {
            db.refresh(written(records), &complete(), GuardPolicy::OFF);
            let live = |ix| db.live(ix);
            let listed: BTreeSet<_> = written(records).iter()
                .flat_map(|(ix, of)| of.iter().map(move |r| (ix, r.key().to_owned())).collect::<Vec<_>>()).collect();
            let stored: BTreeSet<_> = ALL.into_iter().filter(|ix| ![SLOTS, PINS].contains(ix))
                .flat_map(|ix| live(ix).into_iter().map(move |key| (ix, key))).collect();
            prop_assert_eq!(&stored, &listed);
            check_links(&db, records)?;
            let again = db.refresh(written(records), &complete(), GuardPolicy::OFF);
            prop_assert!(again.is_noop(), "{:?} {:?} {:?}", again.counts(), again.relinks, again.unlinks);
        }
    }

    #[test]
    fn the_order_of_parsing_does_not_matter(
        worlds in proptest::collection::vec(world().prop_flat_map(|w| (Just(w.clone()), Just(w).prop_shuffle())), 1..4)
    ) {
        let (mut straight, mut shuffled) = (Memory::new(), Memory::new());
        for (one, other) in &worlds {
            straight.refresh(written(one), &complete(), GuardPolicy::OFF);
            shuffled.refresh(written(other), &complete(), GuardPolicy::OFF);
            prop_assert_eq!(told(&straight), told(&shuffled));
        }
    }
}
