//! What changed since the last time, page by page.
//!
//! The next question begins where the *first* page of this one was asked for, by the cloud's clock: whatever changes while
//! later pages are read has a later time. A page is dated when it is given, after the service looked, so the time it took is
//! taken off. An overlap covers transactions that took a moment, and services whose hosts do not quite agree on the time.

use std::cmp::Reverse;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use stocktake_provider::{ProviderError, RawEvent};

use super::ask::{Page, Question, Walk};
use super::event;
use super::told::Told;
use super::watch::{Since, Watch};
use crate::collect::{Listing, Whose};
use crate::parse::{decode, micros};

pub(super) const OVERLAP: SignedDuration = SignedDuration::from_secs(15);

/// Nova's deleted servers are shown until an operator archives them, which is done daily at the most.
pub(super) const TOO_OLD: SignedDuration = SignedDuration::from_hours(24);

/// A clock that goes back by more than hosts differ was set back: times after that may lie before the cursor.
pub(super) const SET_BACK: SignedDuration = SignedDuration::from_mins(1);

/// Servers of which the actions are asked for after a round, the newest.
pub(super) const MOST_ASKED: usize = 20;

#[derive(Debug)]
pub(super) struct Asking {
    pub(super) watch: &'static Watch,
    pub(super) walk: Walk,
    pub(super) filter: String,
    pub(super) from: Timestamp,
    /// With which rights.
    pub(super) reach: u64,
    began: Option<Timestamp>,
    /// Servers that changed, with the time: the newest are asked what was done to them.
    servers: Vec<(String, String)>,
}

/// What came of a page.
#[derive(Debug)]
pub(super) enum Read {
    More,
    /// What changed before `from` cannot be asked for any more.
    Broken {
        why: String,
        cursor: Timestamp,
    },
    End {
        cursor: Timestamp,
        servers: Vec<String>,
    },
}

impl Asking {
    pub(super) fn new(
        watch: &'static Watch,
        since: &Since,
        question: Question,
        (whose, reach): (Whose<'_>, u64),
        from: Timestamp,
    ) -> Self {
        let filter = format!("{}{}", since.filter, whole_seconds(from));
        let walk = Walk::new(question, whose, &filter, false);
        Self { watch, walk, filter, from, reach, began: None, servers: Vec::new() }
    }

    /// `took`: from asking for the page until it was there.
    pub(super) fn read(
        &mut self,
        page: &Page,
        took: Duration,
        told: &mut Told,
        out: &mut impl FnMut(RawEvent),
    ) -> Result<Read, ProviderError> {
        let Some(listing) = self.watch.listing() else { return Ok(Read::More) };
        let began = if let Some(began) = self.began {
            began
        } else {
            let given = page.date.or_else(|| newest(page, listing)).unwrap_or(self.from);
            let began = asked_at(given, took);
            if let Some(why) = broken(self.from, given) {
                return Ok(Read::Broken { why, cursor: began - OVERLAP });
            }
            *self.began.insert(began)
        };
        for record in page.records(listing) {
            let Some(event) = event::of_record(self.watch, record) else { continue };
            if told.is_news(&event.key) {
                if self.watch.kind == "server" {
                    let text = |name| decode::text_at(record, name).unwrap_or_default();
                    self.servers.push((text("updated"), text("id")));
                }
                out(event);
            }
        }
        if self.servers.len() > 2 * MOST_ASKED {
            self.keep_newest();
        }
        self.walk.turn(page)?;
        if !self.walk.is_done() {
            return Ok(Read::More);
        }
        told.turn();
        self.keep_newest();
        let servers = std::mem::take(&mut self.servers).into_iter().map(|(_, id)| id).collect();
        Ok(Read::End { cursor: self.from.max(began - OVERLAP), servers })
    }

    fn keep_newest(&mut self) {
        self.servers.sort_by(|a, b| Reverse(&a.0).cmp(&Reverse(&b.0)));
        self.servers.truncate(MOST_ASKED);
    }
}

/// When a page was asked for at the latest, that was `given` then and took so long.
fn asked_at(given: Timestamp, took: Duration) -> Timestamp {
    given.checked_sub(took).unwrap_or(given)
}

/// When the newest change of a page was: the time goes by it where the service does not say what time it is.
fn newest(page: &Page, listing: &Listing) -> Option<Timestamp> {
    let times = page.records(listing).flat_map(|record| ["updated", "updated_at"].map(|name| decode::text_at(record, name)));
    times.flatten().filter_map(|text| Timestamp::from_microsecond(micros(&text)?).ok()).max()
}

/// Why changes since `from` cannot be asked for at `now`.
pub(super) fn broken(from: Timestamp, now: Timestamp) -> Option<String> {
    if now.duration_since(from) > TOO_OLD {
        return Some(format!("changes were last asked for at {from}, and what was deleted is shown for a day"));
    }
    if from.duration_since(now) > SET_BACK {
        return Some(format!("the cloud's clock went back from {from} to {now}"));
    }
    None
}

/// All services understand this form.
fn whole_seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_good_for_a_day_and_for_a_clock_that_wavers() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        let from = at("2026-11-22T08:24:11.7Z");
        assert_eq!(broken(from, at("2026-11-23T08:24:00Z")), None);
        assert!(broken(from, at("2026-11-23T08:24:20Z")).is_some_and(|why| why.contains("for a day")));
        assert_eq!(broken(from, at("2026-11-22T08:23:30Z")), None);
        assert!(broken(from, at("2026-11-22T08:23:00Z")).is_some_and(|why| why.contains("went back")));
        assert_eq!(whole_seconds(from), "2026-11-22T08:24:11Z");
        assert_eq!(asked_at(from, Duration::from_secs(40)), at("2026-11-22T08:23:31.7Z"));
    }
}
