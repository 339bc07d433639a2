//! The stream: rounds, with rests between them, given out in batches.
//!
//! Of what a page tells, everything is given before the next page is asked for, so memory holds one page and what a count
//! remembers. The position goes along in the same line as the events, and never before them.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use stocktake_provider::{Begin, BoxFuture, Caught, EventStream, Position, ProviderError, RawEvent};
use tokio::time::Instant;

use super::count::Base;
use super::pace::Pace;
use super::position::{Cursors, Sum};
use super::round::Task;
use super::told::Told;
use super::watch::Watch;
use crate::api::Api;
use crate::collect::{Projects, Reach};

/// How long a position may lie behind when nothing happens.
const AT_REST: Duration = Duration::from_mins(1);

/// What is to be given, in order.
#[derive(Debug)]
pub(super) enum Out {
    Event(RawEvent),
    Mark(Mark),
}

/// How far a listing has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Since(&'static str, Timestamp, u64),
    Count(&'static str, Sum),
    /// Its changes cannot be asked for.
    Unasked(&'static str),
}

impl Mark {
    pub(super) fn set(self, cursors: &mut Cursors) {
        match self {
            Self::Since(listing, at, reach) => {
                cursors.since.insert(listing.to_owned(), at);
                cursors.reach.insert(listing.to_owned(), reach);
            }
            Self::Count(listing, sum) => drop(cursors.counts.insert(listing.to_owned(), sum)),
            Self::Unasked(listing) => {
                cursors.since.remove(listing);
                cursors.reach.remove(listing);
            }
        }
    }
}

/// What is remembered of a listing while connected.
#[derive(Debug)]
pub(super) struct State {
    pub(super) told: Told,
    /// What counts told; apart, since they come at other times.
    pub(super) counted: Told,
    pub(super) base: Option<Base>,
    pub(super) count_due: Instant,
    /// Every project's may not be asked for, and until when that is believed.
    pub(super) refused: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Poll {
    pub(super) api: Api,
    pub(super) projects: Projects,
    pub(super) every: Duration,
    pub(super) reach: Option<Reach>,
    /// Those the round was planned with.
    pub(super) rights: u64,
    pub(super) round: VecDeque<Task>,
    pub(super) out: VecDeque<Out>,
    /// How far questions have come.
    pub(super) asked: Cursors,
    /// What was told of actions.
    pub(super) told: Told,
    /// Everything is asked for anyhow: a first count needs no comparison.
    pub(super) fresh: bool,
    pub(super) states: HashMap<&'static str, State>,
    pub(super) begin: Begin,
    pub(super) pace: Pace,
    /// How far what was given has come, and what the receiver knows of it.
    pub(super) given: Cursors,
    pub(super) known: (Cursors, Instant),
    /// A round was begun; how it goes.
    pub(super) underway: Option<Tally>,
    /// What does not answer, so that it is said once.
    pub(super) failing: HashMap<&'static str, String>,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    answered: usize,
    error: Option<ProviderError>,
}

impl Poll {
    pub(super) fn state(&mut self, watch: &Watch) -> &mut State {
        self.states.entry(watch.listing).or_insert_with(|| State {
            told: Told::default(),
            counted: Told::default(),
            base: None,
            count_due: Instant::now(),
            refused: None,
        })
    }

    /// A question was answered to its end.
    pub(super) fn answered(&mut self, listing: &'static str) {
        if let Some(tally) = &mut self.underway {
            tally.answered += 1;
        }
        if self.failing.remove(listing).is_some() {
            tracing::info!(listing, "polling for events: answers again");
        }
    }

    /// A question failed; its cursor stays where it is.
    pub(super) fn failed(&mut self, listing: &'static str, error: ProviderError) {
        let text = error.to_string();
        if self.failing.get(listing) != Some(&text) {
            tracing::warn!(listing, error = text, "polling for events: this listing is asked for again later");
            self.failing.insert(listing, text);
        }
        if let Some(tally) = &mut self.underway {
            tally.error.get_or_insert(error);
        }
    }

    /// What there is to give. None when that is nothing.
    fn give(&mut self, most: usize) -> Option<Caught> {
        let mut events = Vec::new();
        while let Some(out) = self.out.pop_front() {
            match out {
                Out::Mark(mark) => mark.set(&mut self.given),
                Out::Event(event) if events.len() < most => events.push(event),
                Out::Event(event) => {
                    self.out.push_front(Out::Event(event));
                    break;
                }
            }
        }
        (!events.is_empty()).then(|| Caught { events, poison: Vec::new(), position: self.position(Duration::ZERO) })
    }

    /// The position, if it has moved and is known for at least so long.
    fn position(&mut self, at_rest: Duration) -> Option<Position> {
        if self.known.0 == self.given || self.known.1.elapsed() < at_rest {
            return None;
        }
        self.known = (self.given.clone(), Instant::now());
        Some(self.given.write())
    }

    async fn listen(&mut self, most: usize) -> Result<Caught, ProviderError> {
        loop {
            if let Some(caught) = self.give(most.max(1)) {
                return Ok(caught);
            }
            if self.round.is_empty() {
                if let Some(tally) = self.underway.take() {
                    self.pace.rest();
                    return match tally.error {
                        // Nobody answers: that is for the one who listens to know.
                        Some(error) if tally.answered == 0 => Err(error),
                        _ => Ok(Caught { position: self.position(AT_REST), ..Caught::default() }),
                    };
                }
                self.pace.wait().await;
                self.plan(false).await?;
            }
            self.step().await?;
        }
    }
}

impl EventStream for Poll {
    fn begin(&self) -> Begin {
        self.begin.clone()
    }

    fn next(&mut self, most: usize) -> BoxFuture<'_, Result<Caught, ProviderError>> {
        Box::pin(self.listen(most))
    }

    /// The cloud keeps nothing for us that it could forget.
    fn stored(&mut self) -> BoxFuture<'_, Result<(), ProviderError>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
