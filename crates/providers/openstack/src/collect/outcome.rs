//! What became of each listing, and from that what is known of each collection.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stocktake_model::{CollectionIx, Coverage, Listed};
use stocktake_provider::{Collected, ListingReport};
use tracing::Span;
use tracing::field::Empty;

use super::listings::{Everybody, Listing};
use crate::menu::menu;

/// One listing's outcome.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) listed: Listed,
    pub(crate) reach: Option<String>,
    pub(crate) records: u64,
    pub(crate) pages: u64,
    pub(crate) millis: u64,
}

impl Default for Outcome {
    fn default() -> Self {
        Self { listed: Listed::Complete, reach: None, records: 0, pages: 0, millis: 0 }
    }
}

impl Outcome {
    pub(crate) fn not_asked(reason: impl Into<String>) -> Self {
        Self { listed: Listed::NotAsked { reason: reason.into() }, ..Self::default() }
    }

    /// Adds what another part of the same listing came to.
    fn add(&mut self, other: Self) {
        self.records += other.records;
        self.pages += other.pages;
        self.millis += other.millis;
        self.reach = self.reach.take().or(other.reach);
        let known = std::mem::replace(&mut self.listed, Listed::Complete);
        self.listed = match (known, other.listed) {
            (Listed::Complete, Listed::Failed { error }) if self.records > 0 => Listed::Partial { errors: vec![error] },
            (known, other) => known.and(other),
        };
    }
}

/// A listing's part of a trace.
pub(super) fn span(listing: &Listing) -> Span {
    let (name, service) = (listing.name, listing.service.name());
    let shown = format_args!("list {name}");
    tracing::debug_span!("listing", otel.name = shown, name, service, listed = Empty, records = Empty, pages = Empty)
}

/// Notes what became of the listing that the current span stands for.
pub(super) fn note(outcome: &Outcome) {
    let span = Span::current();
    span.record("listed", outcome.listed.name()).record("records", outcome.records).record("pages", outcome.pages);
}

/// Filled by many at once.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    of: Mutex<BTreeMap<&'static str, (&'static Listing, Outcome)>>,
    coverage: Mutex<Coverage>,
}

impl Outcomes {
    pub(crate) fn add(&self, listing: &'static Listing, outcome: Outcome) {
        match lock(&self.of).entry(listing.name) {
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((listing, outcome));
            }
            std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().1.add(outcome),
        }
    }

    pub(crate) fn of(&self, listing: &Listing) -> Option<Outcome> {
        lock(&self.of).get(listing.name).map(|(_, outcome)| outcome.clone())
    }

    /// A target was read with all it owns.
    pub(crate) fn read(&self, collection: CollectionIx, id: &str) {
        lock(&self.coverage).read.push((collection, id.to_owned()));
    }

    /// A collection was asked for whole, and its listings were made for that.
    pub(crate) fn whole(&self, collection: CollectionIx) {
        lock(&self.coverage).whole.push(collection);
    }

    /// The provider says a target is gone.
    pub(crate) fn gone(&self, collection: CollectionIx, id: &str) {
        lock(&self.coverage).gone.push((collection, id.to_owned()));
    }

    /// Nothing may be missed: what was read stands, and what was not is unknown.
    pub(crate) fn doubt(&self, why: &str) {
        lock(&self.coverage).gone.clear();
        for (_, outcome) in lock(&self.of).values_mut().filter(|(_, outcome)| outcome.listed.is_complete()) {
            outcome.listed = Listed::Partial { errors: vec![why.to_owned()] };
        }
    }

    /// A collection is known as far as its listings were read. `silent`: collections for which a listing that was not
    /// asked means nothing.
    pub(crate) fn collected(self, silent: &[&str]) -> Collected {
        let menu = menu();
        let outcomes = self.of.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut coverage = self.coverage.into_inner().unwrap_or_else(PoisonError::into_inner);
        let was_asked = |listed: &Listed| !matches!(listed, Listed::NotAsked { .. });
        for asked in [true, false] {
            for (listing, outcome) in outcomes.values() {
                // Another user's keys are not looked at: nothing is known of the whole.
                if listing.everybody == Everybody::User || was_asked(&outcome.listed) != asked {
                    continue;
                }
                for ix in listing.feeds.iter().filter_map(|name| menu.ix(name)) {
                    let alone = coverage.of(ix).is_none_or(|known| !was_asked(known));
                    if asked || alone || !silent.contains(&menu.get(ix).name) {
                        coverage.feed(ix, outcome.listed.clone());
                    }
                }
            }
        }
        for known in [&mut coverage.read, &mut coverage.gone] {
            known.sort();
            known.dedup();
        }
        let listings = outcomes.into_values().map(|(listing, o)| ListingReport {
            listing: Cow::Borrowed(listing.name),
            listed: o.listed,
            reach: o.reach,
            records: o.records,
            pages: o.pages,
            millis: o.millis,
        });
        Collected { listings: listings.collect(), coverage, ..Collected::default() }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
