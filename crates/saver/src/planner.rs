//! Compares what was parsed with what is stored.

mod comparing;
mod linking;
mod open;
mod planning;
mod values;
mod versions;
mod wanting;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stocktake_model::{CollectionIx, Coverage, Issue, IssueKind, Listed, Menu, OpenRow, Rows, Scope, Target};

use self::versions::Sightings;
use crate::custom;
use crate::fate::Fates;
use crate::guard::GuardPolicy;
use crate::kept::KeptRows;
use crate::plan::{Counts, SavePlan};
use crate::request::Wanted;
use crate::resolve::SeenRefs;
use crate::spill::{Spill, SpillError};
use crate::stored::{Answers, ByRef, Stored};

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
}
