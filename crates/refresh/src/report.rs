//! What is kept of a run.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use stocktake_model::{Coverage, Issue, Listed, Menu, Scope, Target};
use stocktake_provider::{ApiUsage, ListingReport};
use stocktake_saver::{Counts, SavePlan};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything asked for was seen and saved.
    Ok,
    /// Saved, but something is unknown or held: a listing failed, a target could not be read, deletions wait.
    Partial,
    /// Nothing was saved.
    Failed,
}

/// Milliseconds each step took. Parsing and comparing happen while collecting and are part of `collect`; `parse` is the
/// processor's time in them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    pub read: u64,
    pub collect: u64,
    pub parse: u64,
    pub plan: u64,
    pub save: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CollectionReport {
    pub collection: String,
    #[serde(flatten)]
    pub counts: Counts,
    /// How much was seen of what the run asked for; None: it asked for nothing in this collection.
    pub listed: Option<Listed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunReport {
    pub mode: String,
    pub targets: Vec<Target>,
    pub outcome: Outcome,
    pub phases: Phases,
    pub collections: Vec<CollectionReport>,
    pub listings: Vec<ListingReport>,
    pub usage: ApiUsage,
    pub issues: Vec<Issue>,
    /// Why the run has the scope it has, where it was chosen rather than asked for. Not a flaw, unlike `notes`.
    #[serde(default)]
    pub choice: Vec<String>,
    /// Targets that could be neither read nor said to be gone.
    pub unknown_targets: Vec<Target>,
    /// Why it failed, or what makes it partial.
    pub notes: Vec<String>,
}

impl RunReport {
    pub fn new(mode: &str, targets: &[Target]) -> Self {
        Self {
            mode: mode.to_owned(),
            targets: targets.to_vec(),
            outcome: Outcome::Failed,
            phases: Phases::default(),
            collections: Vec::new(),
            listings: Vec::new(),
            usage: ApiUsage::default(),
            issues: Vec::new(),
            choice: Vec::new(),
            unknown_targets: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub fn counts(&self) -> Counts {
        self.collections.iter().fold(Counts::default(), |mut sum, c| {
            sum.add(&c.counts);
            sum
        })
    }

    /// Takes over what the plan will do and judges the whole.
    pub(crate) fn settle(&mut self, menu: &Menu, scope: &Scope, coverage: &Coverage, plan: &SavePlan) {
        for (ix, collection) in menu.iter() {
            let counts = plan.collection(ix).counts;
            // A provider that was asked for all of it and did something else has said nothing about it.
            let ignored = scope.is_about_all_of(collection.name) && !coverage.is_about_all_of(ix, menu, scope);
            let listed = coverage.of(ix).filter(|_| !ignored).cloned();
            if counts != Counts::default() || listed.is_some() {
                self.collections.push(CollectionReport { collection: collection.name.to_owned(), counts, listed });
            }
        }
        let known = |target: &&Target| {
            let Some(ix) = menu.ix(&target.collection) else { return false };
            if scope.is_about_all_of(&target.collection) {
                // One that was read in part has a note for its listing; some never say how much they saw.
                let seen = !matches!(coverage.of(ix), Some(Listed::Failed { .. } | Listed::NotAsked { .. }));
                return coverage.is_about_all_of(ix, menu, scope) && seen;
            }
            let named = |(of, key): &(_, String)| *of == ix && *key == target.reference;
            coverage.read.iter().any(named) || coverage.gone.iter().any(named)
        };
        self.unknown_targets = self.targets.iter().filter(|t| !known(t)).cloned().collect();
        for listing in &self.listings {
            if let Listed::Partial { .. } | Listed::Failed { .. } = listing.listed {
                self.notes.push(format!(
                    "{} {}: {}",
                    listing.listing,
                    listing.listed.name(),
                    listing.listed.errors().join("; ")
                ));
            }
        }
        if self.notes.is_empty() {
            // What need not be asked leaves a collection open that others feed as well, and is no failure.
            let excuses: Vec<String> = self
                .listings
                .iter()
                .filter(|l| matches!(l.listed, Listed::NotAsked { .. }))
                .flat_map(|l| l.listed.errors())
                .collect();
            let partial = |report: &CollectionReport| match &report.listed {
                Some(listed @ Listed::Partial { errors }) if errors.iter().any(|error| !excuses.contains(error)) => {
                    Some(format!("{} {}: {}", report.collection, listed.name(), errors.join("; ")))
                }
                _ => None,
            };
            self.notes = self.collections.iter().filter_map(partial).collect();
        }
        for target in &self.unknown_targets {
            let why = match menu.ix(&target.collection).and_then(|ix| coverage.of(ix)) {
                Some(Listed::NotAsked { reason }) if target.is_whole() => format!(" ({reason})"),
                _ => String::new(),
            };
            let kept = if target.is_whole() { "they are kept as they were" } else { "it is kept as it was" };
            self.notes.push(format!("{target} could not be read{why}; {kept}"));
        }
        let held = self.counts().held;
        if held > 0 {
            self.notes.push(format!("{held} deletions are held until a second complete run agrees or a person approves"));
        }
        self.outcome = if self.notes.is_empty() { Outcome::Ok } else { Outcome::Partial };
    }
}

/// Measures a step.
pub(crate) fn millis_since(start: Instant) -> u64 {
    start.elapsed().as_millis().try_into().unwrap_or(u64::MAX)
}
