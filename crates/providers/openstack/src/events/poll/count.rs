//! What there is, compared with what there was the last time.
//!
//! Only ids and a digest of the state are remembered, 24 bytes an object. What a count misses is no more than a suspicion:
//! the refresh asks the cloud for each object before anything is archived, and a listing that breaks off is no count.

use std::time::Duration;

use jiff::Timestamp;
use stocktake_provider::{ProviderError, RawEvent};
use xxhash_rust::xxh3::xxh3_64;

use super::ask::{Page, Walk};
use super::event;
use super::position::Sum;
use super::told::Told;
use super::watch::{Count, Watch};
use crate::parse::decode;

/// More than so many differences are told as one.
const MOST_TOLD: usize = 500;

type Id = [u8; 16];

/// What there was, by id, and when.
#[derive(Debug)]
pub(super) struct Base(Vec<(Id, u64)>);

#[derive(Debug)]
pub(super) struct Counting {
    pub(super) watch: &'static Watch,
    pub(super) walk: Walk,
    /// With which rights.
    pub(super) reach: u64,
    /// Time spent waiting for answers.
    pub(super) took: Duration,
    /// What moves when an object changes; nothing where changes are asked for.
    state: &'static [&'static str],
    found: Vec<(Id, u64)>,
    date: Option<Timestamp>,
    told: usize,
}

/// A whole count.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) base: Base,
    pub(super) sum: Sum,
    pub(super) date: Option<Timestamp>,
    /// It differs from the one before in more than was told.
    pub(super) differs: bool,
}

impl Counting {
    /// `compares`: whether changed objects are looked for, too, and not only those that vanished.
    pub(super) fn new(watch: &'static Watch, count: &Count, walk: Walk, reach: u64, compares: bool) -> Self {
        let state = if compares { count.state } else { &[] };
        Self { watch, walk, reach, took: Duration::ZERO, state, found: Vec::new(), date: None, told: 0 }
    }

    /// Reads a page; at the end, says what there is and tells what vanished.
    pub(super) fn read(
        &mut self,
        page: &Page,
        before: Option<&Base>,
        told: &mut Told,
        out: &mut impl FnMut(RawEvent),
    ) -> Result<Option<Counted>, ProviderError> {
        let Some(listing) = self.watch.listing() else { return Ok(None) };
        self.date = self.date.or(page.date);
        for record in page.records(listing) {
            let Some(id) = decode::text_at(record, listing.id).as_deref().and_then(id_of) else { continue };
            let state = self.state_of(record);
            let changed = !self.state.is_empty() && before.is_some_and(|base| base.state(&id) != Some(state));
            if changed {
                self.told += 1;
                let event = event::of_record(self.watch, record).filter(|_| self.told <= MOST_TOLD);
                event.filter(|event| told.is_news(&event.key)).into_iter().for_each(&mut *out);
            }
            self.found.push((id, state));
        }
        self.walk.turn(page)?;
        if !self.walk.is_done() {
            return Ok(None);
        }
        told.turn();
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable();
        found.dedup_by_key(|(id, _)| *id);
        let sum = Sum { reach: self.reach, ..sum(&found) };
        let base = Base(found);
        let vanished: Vec<Id> = before.iter().flat_map(|before| before.without(&base)).take(MOST_TOLD + 1).collect();
        let differs = self.told + vanished.len() > MOST_TOLD;
        if !differs {
            for id in vanished {
                out(event::vanished(self.watch, &text_of(id), self.date));
            }
        }
        Ok(Some(Counted { base, sum, date: self.date, differs }))
    }

    fn state_of(&self, record: &str) -> u64 {
        if self.state.is_empty() {
            return 0;
        }
        let values: Vec<String> = self.state.iter().map(|name| decode::text_at(record, name).unwrap_or_default()).collect();
        xxh3_64(values.join("\n").as_bytes())
    }
}

impl Base {
    fn state(&self, id: &Id) -> Option<u64> {
        let at = self.0.binary_search_by(|(other, _)| other.cmp(id)).ok()?;
        self.0.get(at).map(|(_, state)| *state)
    }

    /// Those that are not in `now`.
    fn without<'a>(&'a self, now: &'a Self) -> impl Iterator<Item = Id> + 'a {
        self.0.iter().map(|(id, _)| *id).filter(|id| now.state(id).is_none())
    }
}

fn sum(found: &[(Id, u64)]) -> Sum {
    let digest = |(id, state): &(Id, u64)| {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(id);
        bytes[16..].copy_from_slice(&state.to_le_bytes());
        xxh3_64(&bytes)
    };
    let digest = found.iter().map(digest).fold(0, u64::wrapping_add);
    Sum { records: found.len() as u64, digest, reach: 0 }
}

/// What is counted has uuids for ids.
fn id_of(text: &str) -> Option<Id> {
    let hex = text.replace('-', "");
    let whole = text.len() == 36 && hex.len() == 32;
    u128::from_str_radix(&hex, 16).ok().filter(|_| whole).map(u128::to_be_bytes)
}

fn text_of(id: Id) -> String {
    let hex = format!("{:032x}", u128::from_be_bytes(id));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_as_they_were() {
        for id in ["115478be-cba5-4efe-9c36-3a7980159528", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(id_of(id).map(text_of).as_deref(), Some(id));
        }
        for other in ["", "1", "115478becba54efe9c363a7980159528", "default", "+15478be-cba5-4efe-9c36-3a798015952"] {
            assert_eq!(id_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_sum_goes_by_what_there_is_and_not_by_order() {
        let (a, b, c) = (([1; 16], 1), ([2; 16], 1), ([2; 16], 2));
        assert_eq!(sum(&[a, b]), sum(&[b, a]));
        assert_ne!(sum(&[a, b]), sum(&[a, c]));
        assert_ne!(sum(&[a]), sum(&[a, b]));
    }

    #[test]
    fn what_is_missing_is_found() {
        let (before, now) = (Base(vec![([1; 16], 0), ([2; 16], 0), ([4; 16], 0)]), Base(vec![([2; 16], 9), ([3; 16], 0)]));
        assert_eq!(before.without(&now).collect::<Vec<_>>(), [[1; 16], [4; 16]]);
        assert_eq!((now.state(&[2; 16]), now.state(&[1; 16])), (Some(9), None));
    }
}
