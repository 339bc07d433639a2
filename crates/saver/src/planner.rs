//! Compares what was parsed with what is stored.

mod linking;
mod open;
mod values;
mod versions;
mod written;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use stocktake_model::{
    CollectionIx, Coverage, Field, Issue, IssueKind, Key, LinkView, Listed, Menu, OpenRow, RowView, Rows, Scope, Target,
    Type, key,
};

use self::linking::Linking;
use self::versions::Sightings;
use self::written::Written;
use crate::custom;
use crate::fate::{self, Extent, Fate, Fates};
use crate::guard::GuardPolicy;
use crate::kept::{Kept, KeptRows, Kind};
use crate::plan::{CollectionPlan, Counts, SavePlan, Unlink, Write};
use crate::request::{Wanted, WatchKeys};
use crate::resolve::{Resolver, SeenRefs};
use crate::spill::{Spill, SpillError};
use crate::stored::{Answers, ByRef, Entry, Stored, StoredRow};

/// Above this many new keys, all unresolved links of a collection are read instead of those by key.
const KEYS_ASKED_ONE_BY_ONE: usize = 1_000;

/// Why a collection is not seen whole.
const TWICE: &str = "a record came twice; others may be missing";
const LEFT_OUT: &str = "a record whose identity is not known was left out";

/// What is asked next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// What rows are by which others name themselves.
    Rows,
    /// What links lead to, and which remembered ones this run may settle.
    Links,
    /// What the answers to that made a question of.
    Values,
    Nothing,
}

/// Takes rows page by page, then what is known of the whole, and gives a [`SavePlan`]:
/// `push` any number of times, `close` once, look up what it wants and `answer` until it wants no more, `finish`.
#[derive(Debug)]
pub struct Planner {
    menu: Arc<Menu>,
    scope: Scope,
    guard: GuardPolicy,
    stored: Stored,
    kept: Vec<KeptRows>,
    custom: Rows,
    seen: SeenRefs,
    fates: Fates,
    counts: Vec<Counts>,
    issues: Vec<Issue>,
    /// Collections that are not seen whole whatever their listings say, and why.
    doubted: BTreeMap<CollectionIx, &'static str>,
    coverage: Coverage,
    /// Rows set aside, see `open`, and what was asked for them: (collection, ref number, text form).
    open: Vec<OpenRow>,
    asked: BTreeSet<(CollectionIx, u8, String)>,
    /// Targeted runs: rows whose identities became known late, and the keys (ref number, text form) of all such.
    late: Rows,
    late_keys: BTreeMap<CollectionIx, BTreeSet<(u8, String)>>,
    /// Versioned collections alone.
    sightings: Sightings,
    answers: Answers,
    stage: Stage,
    /// A row that will be written takes a value by a secondary ref, known once links are asked for.
    takes_values: bool,
    /// Room outside of memory, and how many bytes of rows may be in memory before it is used.
    spill: Option<(Arc<dyn Spill>, usize)>,
    failure: Option<SpillError>,
}

impl Planner {
    /// `stored` must hold every row of the provider, unless the scope is single objects alone: then the answer to
    /// [`crate::ReadRequest::new`] will do.
    pub fn new(menu: Arc<Menu>, scope: &Scope, stored: Stored, guard: GuardPolicy) -> Self {
        let collections = menu.len();
        Self {
            scope: scope.clone(),
            guard,
            kept: (0..collections).map(|_| KeptRows::default()).collect(),
            custom: Rows::new(Arc::clone(&menu), stored.seed),
            seen: SeenRefs::default(),
            fates: Fates::default(),
            counts: vec![Counts::default(); collections],
            issues: Vec::new(),
            doubted: BTreeMap::new(),
            coverage: Coverage::default(),
            open: Vec::new(),
            asked: BTreeSet::new(),
            late: Rows::new(Arc::clone(&menu), stored.seed),
            late_keys: BTreeMap::new(),
            sightings: Sightings::default(),
            answers: Answers::default(),
            stage: Stage::Rows,
            takes_values: false,
            spill: None,
            failure: None,
            menu,
            stored,
        }
    }

    /// From `most` bytes of rows on, those that will be written are put aside. [`Self::failure`] says when that fails.
    pub fn with_spill(mut self, spill: Arc<dyn Spill>, most: usize) -> Self {
        self.spill = Some((spill, most));
        self
    }

    /// Why there will be no plan: see [`SavePlan::failure`], which has it at the end.
    pub fn failure(&self) -> Option<&SpillError> {
        self.failure.as_ref()
    }

    fn sound(&self) -> Result<(), SpillError> {
        self.failure.clone().map_or(Ok(()), Err)
    }

    /// Whether a run with this scope must be planned with every row of the provider before it: whatever it lists is
    /// compared as it comes, and what its listings do not have is looked for among all.
    pub fn needs_everything(scope: &Scope) -> bool {
        *scope == Scope::Full || scope.targets().iter().any(Target::is_whole)
    }

    /// Whether a row with this identity was pushed; of rows set aside nobody knows yet.
    pub fn has_seen(&self, collection: CollectionIx, key_hash: u128) -> bool {
        let index = &self.stored.indexes[collection.index()];
        index.find(key_hash).is_some_and(|at| index.entries[at].seen)
    }

    /// Compares rows with what is stored and keeps those that differ. Empties `rows`.
    pub fn push(&mut self, rows: &mut Rows) {
        if self.failure.is_some() {
            // Nobody will ask for them, and what was kept may be half moved.
            rows.clear();
            return;
        }
        self.issues.append(&mut rows.issues);
        for row in rows.take_open() {
            self.set_aside(row);
        }
        for (ix, of) in rows.iter() {
            if of.is_empty() {
                continue;
            }
            if self.menu.custom_save(ix).is_some() {
                of.iter().for_each(|row| self.custom.push_copy(ix, row));
            } else if self.menu.get(ix).link_only {
                // Looked up, never written.
            } else if self.menu.get(ix).versioned {
                of.iter().for_each(|row| self.compare_versioned(ix, row));
            } else {
                of.iter().for_each(|row| self.compare(ix, row));
            }
        }
        rows.clear();
        self.failure = self.put_aside().err();
    }

    /// The collections with the most bytes first, until half of what may be in memory is left: few, large pieces.
    fn put_aside(&mut self) -> Result<(), SpillError> {
        let Some((spill, most)) = &self.spill else { return Ok(()) };
        let mut held: usize = self.kept.iter().map(|kept| kept.rows.size()).sum();
        if held <= *most {
            return Ok(());
        }
        while held > most / 2 {
            let kept = self.kept.iter_mut().zip(&mut self.stored.indexes).zip(0..);
            let most = kept.max_by_key(|((kept, _), _)| kept.rows.size());
            let Some(((kept, index), ix)) = most.filter(|((kept, _), _)| !kept.rows.is_empty()) else { break };
            held -= kept.rows.size();
            let moved = kept.put_aside(spill, &mut index.entries)?;
            self.sightings.follow(CollectionIx(ix), moved);
        }
        Ok(())
    }

    fn compare(&mut self, ix: CollectionIx, row: RowView<'_>) {
        let head = row.head();
        self.counts[ix.index()].fetched += 1;
        let index = &mut self.stored.indexes[ix.index()];
        let (entry, kind) = match index.find(head.key_hash) {
            Some(at) => {
                let entry = &mut index.entries[at];
                if std::mem::replace(&mut entry.seen, true) {
                    if !self.menu.get(ix).embedded {
                        self.doubted.entry(ix).or_insert(TWICE);
                    }
                    let message = "a second record with this identity; the first one counts".to_owned();
                    self.issue(IssueKind::DuplicateIdentity, ix, row.key(), None, message);
                    return;
                }
                let stored = entry.row;
                let kind = if stored.archived || stored.digest != head.digest {
                    // Without id: an older record of this run, taken back.
                    Some(if stored.id == 0 { Kind::New } else { Kind::Changed { revive: stored.archived } })
                } else {
                    (head.raw_digest != 0 && head.raw_digest != stored.raw_digest).then_some(Kind::RawOnly)
                };
                (at, kind)
            }
            None => (index.insert(Entry::new(head.key_hash, StoredRow::default(), true)), Some(Kind::New)),
        };
        for (by, text) in row.secondary_keys() {
            if !self.seen.add(ix, by, key::hash(self.stored.seed, text), entry) {
                let name = self.menu.get(ix).secondary_refs[usize::from(by) - 1].name;
                let message = format!("another record has the same key '{text}'; links by it lead nowhere");
                self.issue(IssueKind::AmbiguousRef, ix, row.key(), Some(name), message);
            }
        }
        let counts = &mut self.counts[ix.index()];
        match kind {
            None => counts.unchanged += 1,
            Some(kind) => {
                match kind {
                    Kind::New | Kind::Skeleton => counts.created += 1,
                    Kind::Changed { revive } => {
                        counts.updated += 1;
                        counts.revived += u64::from(revive);
                    }
                    Kind::RawOnly => {
                        counts.unchanged += 1;
                        counts.raw_only += 1;
                    }
                }
                self.keep(ix, row, entry, kind);
            }
        }
    }

    fn keep(&mut self, ix: CollectionIx, row: RowView<'_>, entry: usize, kind: Kind) {
        let at = self.kept[ix.index()].push(row, entry, kind);
        if kind != Kind::RawOnly {
            self.stored.indexes[ix.index()].entries[entry].written = at + 1;
        }
    }

    fn issue(&mut self, kind: IssueKind, ix: CollectionIx, reference: &str, field: Option<&str>, message: String) {
        let collection = self.menu.get(ix).name.to_owned();
        let field = field.map(str::to_owned);
        self.issues.push(Issue { kind, collection, reference: reference.to_owned(), field, message });
    }

    /// Everything was seen that will be: says what must be looked up before the plan can be made.
    pub fn close(&mut self, coverage: &Coverage) -> Wanted {
        self.coverage = coverage.clone();
        self.run_custom_saves();
        self.ask()
    }

    /// Every row is known: decides what goes.
    fn decide(&mut self) -> Result<(), SpillError> {
        self.kept.iter_mut().for_each(KeptRows::forget_taken_back);
        self.add_skeletons()?;
        let mut coverage = self.coverage.clone();
        let mut extent = Extent::new(&self.menu, &self.scope, &self.stored, &coverage);
        self.doubt(&mut coverage);
        self.fates =
            fate::decide(&self.menu, &self.stored, &coverage, &mut extent, self.outdated(), self.guard, &mut self.counts);
        for (ix, kept) in self.kept.iter_mut().enumerate() {
            let complete = extent.whole[ix] && coverage.is_complete(CollectionIx(ix as u16));
            for row in &kept.kept {
                // A skeleton that a complete listing does not have stands for something that is gone.
                let skeleton = row.kind == Kind::Skeleton && complete;
                self.stored.indexes[ix].entries[row.entry as usize].row.archived = skeleton;
            }
        }
        Ok(())
    }

    /// The next questions; none when everything is known that will be, or there will be no plan.
    fn ask(&mut self) -> Wanted {
        let wanted = self.sound().and_then(|()| self.ask_next());
        wanted.unwrap_or_else(|failure| {
            self.failure = Some(failure);
            Wanted::default()
        })
    }

    fn ask_next(&mut self) -> Result<Wanted, SpillError> {
        loop {
            let wanted;
            (wanted, self.stage) = match self.stage {
                Stage::Rows => match self.settle_open()? {
                    none if none.is_empty() => {
                        self.decide()?;
                        (none, Stage::Links)
                    }
                    some => (some, Stage::Rows),
                },
                Stage::Links => (self.wanted()?, Stage::Values),
                // Values resolve no link, so nothing follows from them.
                Stage::Values => (self.values_wanted()?, Stage::Nothing),
                Stage::Nothing => return Ok(Wanted::default()),
            };
            if !wanted.is_empty() {
                return Ok(wanted);
            }
        }
    }

    /// Takes completeness from the collections in which a record came twice (a listing that moved under its reader, or a
    /// broken page, gives one record twice and another not at all) or has no identity. Complete once nothing is wanted.
    pub fn doubt(&self, coverage: &mut Coverage) {
        for (&ix, why) in &self.doubted {
            if coverage.is_complete(ix) {
                coverage.feed(ix, Listed::Partial { errors: vec![(*why).to_owned()] });
            }
        }
    }

    fn set_aside(&mut self, row: OpenRow) {
        if self.menu.custom_save(row.collection).is_some() {
            let message =
                "a record for a custom save has a link by a secondary ref inside a key; it was left out".to_owned();
            self.doubted.entry(row.collection).or_insert(LEFT_OUT);
            self.issue(IssueKind::Malformed, row.collection, &row.shown(), None, message);
        } else if !self.menu.get(row.collection).link_only {
            self.open.push(row);
        }
    }

    fn run_custom_saves(&mut self) {
        if !self.custom.is_empty() {
            let mut made = std::mem::replace(&mut self.custom, Rows::new(Arc::clone(&self.menu), self.stored.seed));
            custom::run(&mut made);
            self.push(&mut made);
        }
    }

    fn add_skeletons(&mut self) -> Result<(), SpillError> {
        let mut wanted: Vec<(CollectionIx, String)> = Vec::new();
        for kept in &self.kept {
            kept.each(|_, row| {
                let skeletal = |link: &LinkView<'_>| link.by == 0 && self.menu.get(link.target).skeletal;
                for link in row.links().map(|(_, link)| link).filter(skeletal) {
                    let hash = key::hash(self.stored.seed, link.key);
                    if self.stored.indexes[link.target.index()].find(hash).is_none() {
                        wanted.push((link.target, link.key.to_owned()));
                    }
                }
                Ok(())
            })?;
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut rows = Rows::new(Arc::clone(&self.menu), self.stored.seed);
        for (ix, text) in wanted {
            // What the identity is made of is known, too: of a key pair its name and whose it is.
            let (collection, parts) = (self.menu.get(ix), key::texts(&text).unwrap_or_default());
            let mut skeleton = rows.row(ix, Key::from_encoded(&text));
            if parts.len() == collection.manager_ref.len() {
                for (name, part) in collection.manager_ref.iter().zip(&parts) {
                    let field = collection.field(name);
                    let is_text = |f: &Field| collection.column(*f).is_some_and(|c| c.ty == Type::Text);
                    if let Some(field) = field.filter(is_text) {
                        skeleton = skeleton.text(field, part.as_deref());
                    }
                }
            }
            skeleton.finish();
            let row = rows.of(ix).view(0);
            let entry = Entry::new(row.head().key_hash, StoredRow::default(), true);
            let entry = self.stored.indexes[ix.index()].insert(entry);
            self.counts[ix.index()].created += 1;
            self.keep(ix, row, entry, Kind::Skeleton);
            rows.clear();
        }
        Ok(())
    }

    fn wanted(&mut self) -> Result<Wanted, SpillError> {
        let (mut wanted, mut written, mut takes_values) = (Wanted::default(), Written::new(self), false);
        for kept in &self.kept {
            kept.each(|_, row| {
                let unusual = |link: &LinkView<'_>| link.by > 0 || link.value_of.is_some();
                for link in row.links().map(|(_, link)| link).filter(unusual) {
                    takes_values |= link.by > 0 && link.value_of.is_some();
                    let hash = key::hash(self.stored.seed, link.key);
                    let known = link.by == 0
                        || self.seen.has(link.target, link.by, hash)
                        || self.stored.by_ref.contains_key(&(link.target, link.by, hash));
                    if !known {
                        wanted.by_ref.entry((link.target, link.by)).or_default().insert(link.key.to_owned());
                    }
                    if let (Some(column), Some(at)) = (link.value_of, self.entry_of(link.target, link.by, hash)) {
                        let id = self.stored.indexes[link.target.index()].entries[at].row.id;
                        if id != 0 && !written.sends(link.target, at, column)? {
                            wanted.values.entry((link.target, column)).or_default().insert(id);
                        }
                    }
                }
                Ok(())
            })?;
        }
        for (ix, collection) in self.menu.iter() {
            let watched = self.stored.watched.get(&ix).copied().unwrap_or_default();
            let kept = &self.kept[ix.index()];
            if watched.unresolved {
                // Links by a secondary ref are tried again each time: their key may have moved to a row long known.
                let keys = if collection.secondary_refs.is_empty() { self.new_keys(ix)? } else { WatchKeys::All };
                if keys != WatchKeys::Of(BTreeSet::new()) {
                    wanted.unresolved.insert(ix, keys);
                }
            }
            let changed = kept.kept.iter().filter(|k| matches!(k.kind, Kind::Changed { .. }));
            let changed = changed.map(|k| self.stored.indexes[ix.index()].entries[k.entry as usize].row.id);
            let deleted = self.fates.deletes.iter().filter(|(of, _)| *of == ix).map(|(_, id)| *id);
            let usually_by_ref = self.menu.incoming(ix).iter().any(|(_, _, by)| *by > 0);
            if usually_by_ref || watched.resolved && !collection.secondary_refs.is_empty() {
                let ids: BTreeSet<_> = changed.clone().chain(deleted.clone()).collect();
                if !ids.is_empty() {
                    wanted.refs_now.insert(ix, ids);
                }
            }
            if usually_by_ref && self.stored.indexes[ix.index()].entries.iter().any(|e| e.row.id != 0) {
                // Another row, archived long ago, may have had the key of one written now, and still have its links.
                kept.each(|k, row| {
                    for (by, text) in row.secondary_keys().filter(|_| k.kind != Kind::Skeleton) {
                        wanted.by_ref.entry((ix, by)).or_default().insert(text.to_owned());
                    }
                    Ok(())
                })?;
            }
            if watched.resolved {
                wanted.watchers_of.extend(changed.chain(deleted));
            }
        }
        for (ix, keys) in &self.late_keys {
            // A targeted run has read the remembered links of all other rows.
            let (index, hash) = (&self.stored.indexes[ix.index()], |text: &str| key::hash(self.stored.seed, text));
            let stored = keys.iter().filter(|(by, _)| *by == 0).filter_map(|(_, text)| index.find(hash(text)));
            wanted.watchers_of.extend(stored.map(|at| index.entries[at].row.id).filter(|id| *id != 0));
            wanted.unresolved.insert(*ix, WatchKeys::Of(keys.clone()));
        }
        self.takes_values = takes_values;
        Ok(wanted)
    }

    fn entry_of(&self, target: CollectionIx, by: u8, hash: u128) -> Option<usize> {
        match by {
            0 => self.stored.indexes[target.index()].find(hash),
            by => self.seen.entry(target, by, hash),
        }
    }

    fn new_keys(&self, ix: CollectionIx) -> Result<WatchKeys, SpillError> {
        let kept = &self.kept[ix.index()];
        if kept.kept.iter().filter(|k| k.is_new()).count() > KEYS_ASKED_ONE_BY_ONE {
            return Ok(WatchKeys::All);
        }
        let mut reader = kept.reader();
        let keys = kept.kept.iter().filter(|k| k.is_new()).map(|k| Ok((0, reader.view(k.row)?.key().to_owned())));
        keys.collect::<Result<_, _>>().map(WatchKeys::Of)
    }

    /// How many ids the plan needs.
    pub fn new_rows(&self) -> usize {
        self.kept.iter().map(|kept| kept.kept.iter().filter(|k| k.is_new()).count()).sum()
    }

    /// Takes the answers to what was wanted, and says what else they made a question of: nothing, for most runs.
    pub fn answer(&mut self, answers: Answers) -> Wanted {
        for ByRef { collection, by, key, id, archived, .. } in &answers.by_ref {
            self.stored.add_by_ref(*collection, *by, key, *id, *archived);
        }
        for (id, version) in &answers.versions {
            self.stored.add_version(*id, *version);
        }
        for (ix, key, row) in &answers.rows {
            self.stored.add(*ix, key, *row);
        }
        self.answers.append(answers);
        self.ask()
    }

    /// Makes the plan. `first_id`: the first of [`Self::new_rows`] reserved ids.
    pub fn finish(self, first_id: i64) -> SavePlan {
        let menu = Arc::clone(&self.menu);
        let plan = self.sound().and_then(|()| self.plan(first_id));
        plan.unwrap_or_else(|failure| SavePlan::void(menu, failure))
    }

    fn plan(mut self, first_id: i64) -> Result<SavePlan, SpillError> {
        self.assign_ids(first_id)?;
        let answers = std::mem::take(&mut self.answers);
        let (unlinks, moved) = self.moved_refs(&answers)?;
        let mut linking = Linking::new(&self, &moved, &answers);
        let mut collections: Vec<CollectionPlan> = Vec::with_capacity(self.kept.len());
        for (i, of) in self.kept.iter().enumerate() {
            let mut plan = CollectionPlan { counts: self.counts[i], ..CollectionPlan::default() };
            let mut reader = of.reader();
            for &Kept { row, entry, kind, .. } in &of.kept {
                let stored = &self.stored.indexes[i].entries[entry as usize].row;
                let write = Write {
                    row,
                    id: stored.id,
                    links: linking.pool.len() as u32,
                    revive: kind == Kind::Changed { revive: true },
                    archived: kind == Kind::Skeleton && stored.archived,
                };
                if kind != Kind::RawOnly {
                    linking.resolve(CollectionIx(i as u16), reader.view(row)?, &write)?;
                }
                match kind {
                    Kind::New | Kind::Skeleton => plan.inserts.push(write),
                    Kind::Changed { .. } => plan.updates.push(write),
                    Kind::RawOnly => plan.raw_only.push(write),
                }
            }
            collections.push(plan);
        }
        linking.settle_watches(&collections, answers.watches.iter().chain(&self.stored.watches))?;
        let unheld = self.unheld();
        let Linking { pool, values, watches, relinks, issues, .. } = linking;
        self.issues.extend(issues);
        for (plan, kept) in collections.iter_mut().zip(&mut self.kept) {
            plan.rows = std::mem::take(&mut kept.rows);
            plan.aside = std::mem::take(&mut kept.aside);
        }
        for (ix, id) in &self.fates.archives {
            collections[ix.index()].archives.push(*id);
        }
        for (ix, id) in &self.fates.deletes {
            collections[ix.index()].deletes.push(*id);
        }
        for plan in &mut collections {
            plan.archives.sort_unstable();
            plan.deletes.sort_unstable();
        }
        Ok(SavePlan {
            menu: self.menu,
            collections,
            link_pool: pool,
            values,
            watches,
            relinks,
            unlinks,
            held: self.fates.held,
            unheld,
            issues: self.issues,
            failure: None,
        })
    }

    /// New rows get their ids in the order of their identities, so that both grow together in the database.
    fn assign_ids(&mut self, first_id: i64) -> Result<(), SpillError> {
        let mut next = first_id;
        for &ix in self.menu.order() {
            let kept = &mut self.kept[ix.index()];
            let entries = &mut self.stored.indexes[ix.index()].entries;
            let mut new = kept.take_new()?;
            for k in &new {
                entries[k.entry as usize].row.id = next;
                next += 1;
            }
            kept.kept.sort_unstable_by_key(|k| entries[k.entry as usize].row.id);
            new.append(&mut kept.kept);
            kept.kept = new;
        }
        Ok(())
    }

    /// Rows that no longer answer to a secondary key.
    fn moved_refs(&self, answers: &Answers) -> Result<MovedRefs, SpillError> {
        let (mut unlinks, mut moved) = (Vec::new(), HashSet::new());
        if answers.refs_now.is_empty() && answers.by_ref.is_empty() {
            return Ok((unlinks, moved));
        }
        let rows = self.rows_by_id();
        let mut readers: Vec<_> = self.kept.iter().map(KeptRows::reader).collect();
        for (ix, id, by, old_key) in &answers.refs_now {
            let left = match rows.get(id) {
                // A row that does not send the parts of the key leaves it alone.
                Some((of, row)) => {
                    let row = readers[*of].view(*row)?;
                    let field = |part: &&str| self.menu.get(*ix).field(part);
                    let parts = self.menu.get(*ix).secondary_refs[usize::from(*by) - 1].parts;
                    let sends = parts.iter().filter_map(field).all(|field| row.get(field).is_some());
                    sends && !row.secondary_keys().any(|(b, text)| b == *by && text == old_key)
                }
                None => true,
            };
            if left {
                unlinks.push(Unlink { target: *ix, id: *id, by: *by, old_key: old_key.clone(), to: None });
                moved.insert((*id, *by));
            }
        }
        for ByRef { collection, by, key: text, id, archived, .. } in &answers.by_ref {
            let taken_by = self.seen.entry(*collection, *by, key::hash(self.stored.seed, text));
            let taken_over = taken_by.is_some_and(|at| self.stored.indexes[collection.index()].entries[at].written > 0);
            let archived = *archived || self.fates.of.get(id) == Some(&Fate::Archived);
            // A row that is seen again answers for itself.
            if taken_over && archived && !rows.contains_key(id) && moved.insert((*id, *by)) {
                unlinks.push(Unlink { target: *collection, id: *id, by: *by, old_key: text.clone(), to: None });
            }
        }
        let resolver = Resolver { stored: &self.stored, seen: &self.seen, fates: &self.fates, moved: &moved };
        for unlink in &mut unlinks {
            unlink.to = resolver.find(unlink.target, unlink.by, &unlink.old_key).id();
        }
        // A deleted row's links become null, and are remembered, with its deletion.
        unlinks.retain(|u| u.to.is_some() || self.fates.of.get(&u.id) != Some(&Fate::Deleted));
        Ok((unlinks, moved))
    }

    /// Held rows that this run saw. A targeted run did not read which are held, so it names all it saw.
    fn unheld(&self) -> Vec<i64> {
        let knows_held = Self::needs_everything(&self.scope);
        if knows_held && self.stored.held.is_empty() {
            return Vec::new();
        }
        let seen = self.stored.indexes.iter().flat_map(|index| &index.entries).filter(|e| e.seen && e.row.id != 0);
        let held = |id: &i64| !knows_held || self.stored.held.contains(id);
        seen.map(|e| e.row.id).filter(held).collect()
    }

    /// Of each row that will be written, its collection's position and its own.
    fn rows_by_id(&self) -> HashMap<i64, (usize, u32)> {
        let mut rows = HashMap::new();
        for (of, (kept, index)) in self.kept.iter().zip(&self.stored.indexes).enumerate() {
            rows.extend(kept.kept.iter().map(|k| (index.entries[k.entry as usize].row.id, (of, k.row))));
        }
        rows
    }
}

/// What is to be done about them, and which they are: (id, ref number).
type MovedRefs = (Vec<Unlink>, HashSet<(i64, u8)>);
