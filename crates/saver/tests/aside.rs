//! Rows put aside: the plan is the same, wherever its rows are, and there is none when they are out of reach.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::io;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use stocktake_model::{CollectionIx, Key, Menu, Rows};
use stocktake_saver::{GuardPolicy, SavePlan, Spill, Write};
use support::{ALL, BOXES, ITEMS, Memory, NOTES, PINS, SEED, SLOTS, boxes, complete, items, notes, pins, slots};

/// Room in memory that may run out, or lose what it holds.
#[derive(Debug, Default)]
struct Room {
    bytes: Mutex<Vec<u8>>,
    most: Option<usize>,
    loses: bool,
}

impl Spill for Room {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut held = self.bytes.lock().unwrap();
        if self.most.is_some_and(|most| held.len() + bytes.len() > most) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let at = held.len() as u64;
        held.extend_from_slice(bytes);
        Ok(at)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        if self.loses {
            return Err(io::Error::other("the disk is gone"));
        }
        into.copy_from_slice(&self.bytes.lock().unwrap()[at as usize..][..into.len()]);
        Ok(())
    }

    fn place(&self) -> String {
        "/the/room".to_owned()
    }
}

/// Boxes are versioned: a newer record of one takes back what an older one did.
fn menu() -> Arc<Menu> {
    let menu = Menu::builder().pick(support::menu().iter().map(|(_, c)| c.clone()));
    let menu = menu.change("boxes", |c| c.versioned = true);
    Arc::new(menu.unwrap().build().unwrap())
}

/// A box, and a few rows of each other collection about it.
#[derive(Debug, Clone, Default)]
struct Record {
    key: u8,
    name: u8,
    version: Option<i64>,
    room: Option<u8>,
    inside: Option<u8>,
    /// A note about it, by its name.
    note: Option<u8>,
    /// A slot of a box known by its name alone.
    slot_of: Option<u8>,
}

fn page(records: &[Record]) -> Rows {
    let mut rows = Rows::new(menu(), SEED);
    for Record { key, name, version, room, inside, note, slot_of } in records {
        let text = |prefix: &str, n: &u8| format!("{prefix}{n}");
        let (this, document) = (text("b", key), format!("{{\"name\":{name}}}"));
        let row = rows.row(BOXES, &this).text(boxes::name, text("name", name).as_str()).version(*version);
        let row = row.opt_link(boxes::room, room.as_ref().map(|n| text("r", n)).as_deref());
        let row = row.opt_link(boxes::inside, inside.as_ref().map(|n| text("b", n)).as_deref());
        if name % 3 == 0 {
            row.finish();
        } else {
            row.raw(&document).finish();
        }
        let row = rows.row(ITEMS, Key::new().and_link(&Key::text(&this)).and_text("lid"));
        let row = row.text(items::label, "lid").link(items::holder, &this);
        row.value_of(items::box_size, BOXES, 0, &this, boxes::size, Some(1)).finish();
        if let Some(note) = note {
            let row = rows.row(NOTES, &text("n", note)).link_by(notes::about, 1, &text("name", name));
            row.value_of(notes::body, BOXES, 1, &text("name", name), boxes::name, None).finish();
        }
        if let Some(of) = slot_of {
            let place = || Key::new().and_link_by(BOXES, 1, &text("name", of)).and_text("slot");
            let row = rows.row(SLOTS, place()).text(slots::label, "slot").int(slots::width, i64::from(*name));
            row.link_by(slots::case, 1, &text("name", of)).finish();
            let row = rows.row(PINS, Key::new().and_link_by(SLOTS, 1, place()).and_int(1)).int(pins::number, 1);
            row.link_by(pins::slot, 1, place()).finish();
        }
    }
    rows
}

fn pages() -> impl Strategy<Value = Vec<Vec<Record>>> {
    let maybe = || proptest::option::of(0..30u8);
    let version = proptest::option::weighted(0.8, 0..4i64);
    let record = (0..30u8, 0..30u8, version, maybe(), maybe(), maybe(), maybe());
    let record = record.prop_map(|(key, name, version, room, inside, note, slot_of)| Record {
        key,
        name,
        version,
        room,
        inside,
        note,
        slot_of,
    });
    proptest::collection::vec(proptest::collection::vec(record, 0..8), 0..6)
}

/// Everything a plan says, row by row, in its order.
fn told(plan: &SavePlan) -> Vec<String> {
    let mut told = Vec::new();
    for ix in ALL {
        let part = plan.collection(ix);
        let mut rows = part.reader();
        let mut tell = |what: &str, write: &Write| {
            let has_document = rows.has_document(write.row);
            let row = rows.view(write.row).unwrap();
            let head = row.head();
            assert_eq!(has_document, row.packed_raw().is_some());
            let links = row.links().filter(|(_, link)| link.value_of.is_none()).count();
            let links = if what == "document" { &[] } else { &plan.links_of(write)[..links] };
            let secondary: Vec<_> = row.secondary_keys().collect();
            let (id, revive, archived) = (write.id, write.revive, write.archived);
            told.push(format!(
                "{what} {ix:?} {} {:?} {id} {revive} {archived} {:?} {:?} {secondary:?} {links:?} {} {}",
                row.key(),
                row.version(),
                row.fields().collect::<Vec<_>>(),
                row.packed_raw(),
                head.digest,
                head.raw_digest
            ));
        };
        part.inserts.iter().for_each(|w| tell("insert", w));
        part.updates.iter().for_each(|w| tell("update", w));
        part.raw_only.iter().for_each(|w| tell("document", w));
        told.push(format!("{ix:?} {:?} {:?} {:?}", part.archives, part.deletes, part.counts));
        let of = plan.values.iter().filter(|(of, ..)| *of == ix);
        told.extend(
            of.map(|(_, row, field, value)| format!("value of {:?} {field:?} {value:?}", rows.view(*row).unwrap().key())),
        );
    }
    told.push(format!("{:?} {:?} {:?} {:?}", plan.watches, plan.relinks, plan.unlinks, plan.held));
    told.push(format!("{:?}", plan.issues));
    told
}

proptest! {
    #[test]
    fn the_plan_is_the_same_wherever_its_rows_are(worlds in proptest::collection::vec(pages(), 1..4), most in 0..6_000usize) {
        let (mut db, mut same) = (Memory::of(menu()), Memory::of(menu()));
        for world in worlds {
            let plan = db.plan_pages(world.iter().map(|records| page(records)), &complete(), |planner| planner);
            let room = Arc::<Room>::default();
            let spill = Arc::clone(&room);
            let spilled = same.plan_pages(world.iter().map(|records| page(records)), &complete(), |planner| {
                planner.with_spill(spill, most)
            });
            prop_assert!(spilled.failure.is_none());
            prop_assert_eq!(told(&spilled), told(&plan));
            if most == 0 && plan.counts().written() > 0 {
                prop_assert!(!room.bytes.lock().unwrap().is_empty(), "nothing was put aside");
            }
            db.apply(&plan, &complete());
            same.apply(&plan, &complete());
        }
    }
}

fn many() -> Vec<Rows> {
    (0..20).map(|n| page(&[Record { key: n, name: n, room: Some(1), note: Some(n), ..Record::default() }])).collect()
}

fn empty(plan: &SavePlan) -> bool {
    let nothing = |ix: CollectionIx| plan.collection(ix).inserts.is_empty() && plan.collection(ix).deletes.is_empty();
    ALL.into_iter().all(nothing) && plan.is_noop()
}

#[test]
fn without_room_there_is_no_plan_and_the_error_says_what_to_do() {
    let mut db = Memory::of(menu());
    db.refresh(page(&[Record { key: 99, name: 99, ..Record::default() }]), &complete(), GuardPolicy::OFF);
    let room = Room { most: Some(2_000), ..Room::default() };
    let plan = db.plan_pages(many(), &complete(), |planner| planner.with_spill(Arc::new(room), 500));
    assert!(empty(&plan), "{plan:?}");
    let message = plan.failure.unwrap().to_string();
    assert!(message.contains("/the/room") && message.contains("make room there"), "{message}");
}

#[test]
fn rows_that_cannot_be_read_again_are_no_plan_either() {
    let mut db = Memory::of(menu());
    let room = Room { loses: true, ..Room::default() };
    let plan = db.plan_pages(many(), &complete(), |planner| planner.with_spill(Arc::new(room), 500));
    assert!(empty(&plan), "{plan:?}");
    let failure = plan.failure.unwrap();
    assert!(failure.to_string().contains("read from"), "{failure}");
    assert_eq!(std::error::Error::source(&failure).unwrap().to_string(), "the disk is gone");
}
