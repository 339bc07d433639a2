//! A database in memory, small enough to be obviously right: it applies plans and answers what the planner asks.
#![allow(unreachable_pub, dead_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stocktake_model::{CollectionIx, Coverage, Field, FieldValue, Listed, Menu, Rows, Scope, Value, collection};
use stocktake_saver::{
    Answers, ByRef, GuardPolicy, Planner, ReadRequest, SavePlan, Stored, StoredRow, StoredWatch, Wanted, Watch, WatchKeys,
    Watched,
};

collection! {
    /// Kept when gone; found by name too.
    boxes: Archive {
        ref: [ems_ref];
        secondary: { name: [name] };
        raw: true;
        columns: { name: Text, "name"; size: Int, "size"; }
        links: { room -> rooms, "where it stands"; inside -> boxes, "the box around it"; }
        shown: [name];
    }
}
collection! {
    /// Lives and dies with its box.
    items: WithOwner {
        ref: [holder, label];
        owner: [holder];
        columns: { label: Text, "label"; box_size: Int, "taken from the box"; }
        links: { holder -> boxes, "its box"; twin -> boxes, "a box it names"; }
        shown: [label];
    }
}
collection! {
    /// Deleted when gone, found by name.
    tags: Delete {
        ref: [ems_ref];
        secondary: { name: [name] };
        columns: { name: Text, "name"; weight: Int, "weight"; }
        links: { }
        shown: [name];
    }
}
collection! {
    /// Deleted when gone.
    notes: Delete {
        ref: [ems_ref];
        columns: { body: Text, "text"; }
        links: { about -> boxes, "by name"; reply_to -> notes, "a note"; tag -> tags, "by name"; }
        shown: [body];
    }
}
collection! {
    /// Known by reference alone.
    rooms: Archive {
        ref: [ems_ref];
        skeletal: true;
        columns: { name: Text, "name"; }
        links: { }
        shown: [name];
    }
}

collection! {
    /// Known by the name of its box.
    slots: WithOwner {
        ref: [case, label];
        secondary: { place: [case, label] };
        owner: [case];
        columns: { label: Text, "label"; width: Int, "width"; }
        links: { case -> boxes, "by name"; next -> slots, "by place"; }
        shown: [label];
    }
}
collection! {
    /// Known by a slot that is known by the name of its box.
    pins: Delete {
        ref: [slot, number];
        columns: { number: Int, "number"; }
        links: { slot -> slots, "by place"; }
        shown: [number];
    }
}

pub const BOXES: CollectionIx = CollectionIx(0);
pub const ITEMS: CollectionIx = CollectionIx(1);
pub const NOTES: CollectionIx = CollectionIx(2);
pub const ROOMS: CollectionIx = CollectionIx(3);
pub const TAGS: CollectionIx = CollectionIx(4);
pub const SLOTS: CollectionIx = CollectionIx(5);
pub const PINS: CollectionIx = CollectionIx(6);
pub const ALL: [CollectionIx; 7] = [BOXES, ITEMS, NOTES, ROOMS, TAGS, SLOTS, PINS];
pub const SEED: u64 = 11;

pub fn menu() -> Arc<Menu> {
    let picked = [boxes::COLLECTION, items::COLLECTION, notes::COLLECTION, rooms::COLLECTION, tags::COLLECTION];
    let picked = picked.into_iter().chain([slots::COLLECTION, pins::COLLECTION]);
    let menu = Menu::builder().pick(picked).change("notes", |c| {
        c.link_by("about", "name");
        c.link_by("tag", "name");
    });
    let menu = menu.and_then(|m| m.change("items", |c| c.embedded = true));
    let menu = menu.and_then(|m| m.change("slots", |c| c.link_by("case", "name")));
    let menu = menu.and_then(|m| m.change("pins", |c| c.link_by("slot", "place")));
    Arc::new(menu.expect("notes and items are picked").build().expect("a sound menu"))
}

pub fn rows() -> Rows {
    Rows::new(menu(), SEED)
}

pub fn complete() -> Coverage {
    let mut coverage = Coverage::default();
    for ix in ALL {
        coverage.feed(ix, Listed::Complete);
    }
    coverage
}

#[derive(Debug, Clone, PartialEq)]
pub struct MemoryRow {
    pub ix: CollectionIx,
    pub key: String,
    pub columns: BTreeMap<Field, Value>,
    pub links: BTreeMap<Field, Option<i64>>,
    pub refs: BTreeMap<u8, String>,
    pub digest: u64,
    pub raw_digest: u64,
    pub version: Option<i64>,
    pub archived: bool,
}

#[derive(Debug, Clone)]
pub struct Memory {
    pub menu: Arc<Menu>,
    pub rows: BTreeMap<i64, MemoryRow>,
    pub watches: Vec<Watch>,
    pub held: BTreeSet<i64>,
    pub next: i64,
}

impl Memory {
    pub fn new() -> Self {
        Self::of(menu())
    }

    pub fn of(menu: Arc<Menu>) -> Self {
        Self { menu, rows: BTreeMap::new(), watches: Vec::new(), held: BTreeSet::new(), next: 1 }
    }

    /// A whole full run.
    pub fn refresh(&mut self, rows: Rows, coverage: &Coverage, guard: GuardPolicy) -> SavePlan {
        let plan = self.plan(rows, coverage, guard, &Scope::Full);
        self.apply(&plan, coverage);
        plan
    }

    /// A whole targeted run; the coverage names the targets.
    pub fn refresh_targets(&mut self, rows: Rows, coverage: &Coverage) -> SavePlan {
        let plan = self.plan(rows, coverage, GuardPolicy::default(), &Scope::Targets(Vec::new()));
        self.apply(&plan, coverage);
        plan
    }

    pub fn plan(&mut self, mut rows: Rows, coverage: &Coverage, guard: GuardPolicy, scope: &Scope) -> SavePlan {
        let stored = if Planner::needs_everything(scope) {
            self.read_all()
        } else {
            self.read_targets(&ReadRequest::new(&mut rows, coverage))
        };
        let mut planner = Planner::new(Arc::clone(&self.menu), scope, stored, guard);
        planner.push(&mut rows);
        self.finish(planner, coverage)
    }

    fn finish(&mut self, mut planner: Planner, coverage: &Coverage) -> SavePlan {
        let mut wanted = planner.close(coverage);
        for questions in 0.. {
            assert!(questions < 10, "it asks for ever: {wanted:?}");
            if wanted.is_empty() {
                break;
            }
            wanted = planner.answer(self.lookup(&wanted));
        }
        let first = self.next;
        self.next += planner.new_rows() as i64;
        planner.finish(first)
    }

    /// As [`Self::plan`] of a full run, page by page, with a planner made ready by `with`.
    pub fn plan_pages(
        &mut self,
        pages: impl IntoIterator<Item = Rows>,
        coverage: &Coverage,
        with: impl FnOnce(Planner) -> Planner,
    ) -> SavePlan {
        let mut planner = with(Planner::new(Arc::clone(&self.menu), &Scope::Full, self.read_all(), GuardPolicy::OFF));
        for mut page in pages {
            planner.push(&mut page);
        }
        self.finish(planner, coverage)
    }

    pub fn find(&self, ix: CollectionIx, key: &str) -> Option<(i64, &MemoryRow)> {
        self.rows.iter().find(|(_, r)| r.ix == ix && r.key == key).map(|(id, r)| (*id, r))
    }

    pub fn live(&self, ix: CollectionIx) -> BTreeSet<String> {
        self.rows.values().filter(|r| r.ix == ix && !r.archived).map(|r| r.key.clone()).collect()
    }

    fn owner(&self, row: &MemoryRow) -> i64 {
        let c = self.menu.get(row.ix);
        let mut fields = c.owner.iter().filter_map(|name| c.field(name));
        fields.find_map(|field| row.links.get(&field).copied().flatten()).unwrap_or(0)
    }

    fn add(&self, stored: &mut Stored, id: i64) {
        let row = &self.rows[&id];
        stored.add(row.ix, &row.key, self.stored_row(id));
        if let Some(version) = row.version {
            stored.add_version(id, version);
        }
    }

    fn stored_row(&self, id: i64) -> StoredRow {
        let row = &self.rows[&id];
        let (digest, raw_digest, archived) = (row.digest, row.raw_digest, row.archived);
        StoredRow { id, digest, raw_digest, owner: self.owner(row), archived }
    }

    fn watch(watch: &Watch) -> StoredWatch {
        StoredWatch {
            row_id: watch.row_id,
            collection: watch.collection,
            field: watch.field,
            target: watch.target,
            by: watch.by,
            key: watch.key.clone(),
            value_of: watch.value_of,
            default: watch.default,
            resolved: watch.resolved,
        }
    }

    fn read_all(&self) -> Stored {
        let mut stored = Stored::new(SEED, self.menu.len());
        self.rows.keys().for_each(|id| self.add(&mut stored, *id));
        self.held.iter().for_each(|id| stored.add_held(*id));
        for (ix, _) in self.menu.iter() {
            let mine = || self.watches.iter().filter(|w| w.target == ix);
            let (unresolved, resolved) = (mine().any(|w| w.resolved.is_none()), mine().any(|w| w.resolved.is_some()));
            stored.set_watched(ix, Watched { unresolved, resolved });
        }
        stored
    }

    fn read_targets(&self, request: &ReadRequest) -> Stored {
        let mut stored = Stored::new(SEED, self.menu.len());
        let asked = |ix: CollectionIx, key: &str| request.keys.get(&ix).is_some_and(|keys| keys.contains(key));
        let mut owners = BTreeSet::new();
        for (id, row) in &self.rows {
            if asked(row.ix, &row.key) {
                self.add(&mut stored, *id);
            }
            if request.owners.get(&row.ix).is_some_and(|keys| keys.contains(&row.key)) {
                owners.insert(*id);
            }
            for (by, key) in &row.refs {
                if request.by_ref.get(&(row.ix, *by)).is_some_and(|keys| keys.contains(key)) {
                    stored.add_by_ref(row.ix, *by, key, *id, row.archived);
                }
            }
        }
        self.rows.iter().filter(|(_, r)| owners.contains(&self.owner(r))).for_each(|(id, _)| self.add(&mut stored, *id));
        let reached = |w: &&Watch| {
            let leads = w.resolved.is_some_and(|id| self.rows.get(&id).is_some_and(|r| asked(r.ix, &r.key)));
            leads || w.resolved.is_none() && w.by == 0 && asked(w.target, &w.key)
        };
        self.watches.iter().filter(reached).for_each(|w| stored.add_watch(Self::watch(w)));
        stored
    }

    fn lookup(&self, wanted: &Wanted) -> Answers {
        let mut answers = Answers::default();
        for (id, row) in &self.rows {
            for (by, key) in &row.refs {
                if wanted.by_ref.get(&(row.ix, *by)).is_some_and(|keys| keys.contains(key)) {
                    let (collection, key, reference) = (row.ix, key.clone(), row.key.clone());
                    answers.by_ref.push(ByRef { collection, by: *by, key, id: *id, archived: row.archived, reference });
                }
                if wanted.refs_now.get(&row.ix).is_some_and(|ids| ids.contains(id)) {
                    answers.refs_now.push((row.ix, *id, *by, key.clone()));
                }
            }
            if wanted.rows.get(&row.ix).is_some_and(|keys| keys.contains(&row.key)) {
                answers.rows.push((row.ix, row.key.clone(), self.stored_row(*id)));
                answers.versions.extend(row.version.map(|version| (*id, version)));
            }
            for ((ix, field), ids) in &wanted.values {
                if row.ix == *ix && ids.contains(id) {
                    let value = row.columns.get(field).cloned().unwrap_or(Value::Null);
                    answers.values.push((*ix, *id, *field, value));
                }
            }
        }
        let matches = |w: &&Watch| match (w.resolved, wanted.unresolved.get(&w.target)) {
            (None, Some(WatchKeys::All)) => true,
            (None, Some(WatchKeys::Of(keys))) => keys.contains(&(w.by, w.key.clone())),
            (Some(id), _) => wanted.watchers_of.contains(&id),
            (None, None) => false,
        };
        answers.watches = self.watches.iter().filter(matches).map(Self::watch).collect();
        answers
    }

    pub fn apply(&mut self, plan: &SavePlan, coverage: &Coverage) {
        let menu = Arc::clone(&self.menu);
        let mut relinked = Vec::new();
        for unlink in &plan.unlinks {
            relinked.extend(self.unlink(unlink.target, unlink.id, unlink.by, Some((&unlink.old_key, unlink.to))));
        }
        for (row, field, to) in relinked {
            self.rows.get_mut(&row).expect("it was found a moment ago").links.insert(field, Some(to));
        }
        for &ix in menu.order().iter().rev() {
            for id in &plan.collection(ix).deletes {
                self.unlink(ix, *id, u8::MAX, None);
                self.rows.remove(id).expect("only rows that exist are deleted");
                self.watches.retain(|w| w.row_id != *id);
            }
        }
        for (ix, _) in menu.iter() {
            let part = plan.collection(ix);
            for id in &part.archives {
                self.rows.get_mut(id).expect("only rows that exist are archived").archived = true;
            }
            for write in part.inserts.iter().chain(&part.updates).chain(&part.raw_only) {
                let view = part.view(write);
                let fresh = MemoryRow {
                    ix,
                    key: view.key().to_owned(),
                    columns: BTreeMap::new(),
                    links: BTreeMap::new(),
                    refs: BTreeMap::new(),
                    digest: 0,
                    raw_digest: 0,
                    version: None,
                    archived: write.archived,
                };
                let row = self.rows.entry(write.id).or_insert(fresh);
                assert_eq!(row.key, view.key());
                if view.head().raw_digest != 0 {
                    row.raw_digest = view.head().raw_digest;
                }
                row.version = view.version().or(row.version);
                if part.raw_only.contains(write) {
                    continue;
                }
                row.digest = view.head().digest;
                row.archived &= !write.revive;
                // A key is written anew when all its parts are sent.
                for (secondary, by) in menu.get(ix).secondary_refs.iter().zip(1..) {
                    let sent = |part: &&str| menu.get(ix).field(part).is_some_and(|field| view.get(field).is_some());
                    if secondary.parts.iter().all(sent) {
                        row.refs.remove(&by);
                    }
                }
                row.refs.extend(view.secondary_keys().map(|(by, key)| (by, key.to_owned())));
                let mut links = plan.links_of(write).iter();
                for (field, value) in view.fields() {
                    match value {
                        FieldValue::Link(link) if link.value_of.is_none() => {
                            let id = *links.next().expect("an id for each link");
                            row.links.insert(field, (id != 0).then_some(id));
                        }
                        FieldValue::Link(_) => {
                            let mine = |v: &&(CollectionIx, u32, Field, Value)| (v.0, v.1, v.2) == (ix, write.row, field);
                            let value = plan.values.iter().find(mine).expect("a value for each value link");
                            row.columns.insert(field, value.3.clone());
                        }
                        FieldValue::Null if menu.get(ix).is_link(field) => {
                            row.links.insert(field, None);
                        }
                        value => {
                            row.columns.insert(field, value.to_value());
                        }
                    }
                }
                self.watches.retain(|w| w.row_id != write.id || view.get(w.field).is_none());
            }
        }
        self.watches.extend(plan.watches.iter().cloned());
        for relink in &plan.relinks {
            let row = self.rows.get_mut(&relink.row_id).expect("only rows that exist are relinked");
            match &relink.value {
                Some(value) => drop(row.columns.insert(relink.field, value.clone())),
                None if menu.get(row.ix).is_link(relink.field) => drop(row.links.insert(relink.field, relink.resolved)),
                None => {}
            }
            let mine = |w: &Watch| w.row_id == relink.row_id && w.field == relink.field;
            if relink.forget {
                self.watches.retain(|w| !mine(w));
            }
            self.watches.iter_mut().filter(|w| mine(w)).for_each(|w| w.resolved = relink.resolved);
        }
        for (ix, _) in menu.iter().filter(|(ix, _)| coverage.is_complete(*ix)) {
            self.held.retain(|id| self.rows.get(id).is_some_and(|row| row.ix != ix));
        }
        self.held.retain(|id| !plan.unheld.contains(id));
        self.held.extend(plan.held.iter().map(|(_, id)| *id));
        self.check_integrity();
    }

    /// What the database does when a row goes: links to it become null and are remembered.
    fn unlink(
        &mut self,
        target: CollectionIx,
        id: i64,
        by: u8,
        moved: Option<(&str, Option<i64>)>,
    ) -> Vec<(i64, Field, i64)> {
        let mut relinked = Vec::new();
        let old_key = moved.map(|(key, _)| key);
        let menu = Arc::clone(&self.menu);
        let gone = self.rows[&id].clone();
        for (from, field, usual) in menu.incoming(target) {
            if old_key.is_some() && *usual != by {
                continue;
            }
            for (row_id, row) in self.rows.iter_mut().filter(|(_, r)| r.ix == *from) {
                if row.links.get(field) == Some(&Some(id)) {
                    let remembered = self.watches.iter().any(|w| w.row_id == *row_id && w.field == *field);
                    if remembered && old_key.is_some() {
                        continue;
                    }
                    row.links.insert(*field, None);
                    if let Some((_, Some(to))) = moved {
                        relinked.push((*row_id, *field, to));
                        continue;
                    }
                    let key = match (old_key, usual) {
                        (Some(key), _) => Some(key.to_owned()),
                        (None, 0) => Some(gone.key.clone()),
                        (None, by) => gone.refs.get(by).cloned(),
                    };
                    if let Some(key) = key.filter(|_| !remembered) {
                        self.watches.push(Watch {
                            row_id: *row_id,
                            collection: *from,
                            field: *field,
                            target,
                            by: *usual,
                            key,
                            value_of: None,
                            default: None,
                            resolved: None,
                        });
                    }
                }
            }
        }
        if old_key.is_none() {
            self.watches.iter_mut().filter(|w| w.resolved == Some(id)).for_each(|w| w.resolved = None);
        }
        relinked
    }

    fn check_integrity(&self) {
        let mut keys = BTreeSet::new();
        for (id, row) in &self.rows {
            assert!(keys.insert((row.ix, &row.key)), "identity {:?} is stored twice", row.key);
            for target in row.links.values().flatten() {
                assert!(self.rows.contains_key(target), "row {id} links to {target}, which does not exist");
            }
        }
    }
}
