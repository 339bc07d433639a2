//! How a stream begins: where it was, or anew.

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use stocktake_provider::{Begin, Position, ProviderError};
use tokio::time::Instant;

use super::Polling;
use super::pace::Pace;
use super::position::Cursors;
use super::since::broken;
use super::stream::{Out, Poll};
use super::told::Told;
use super::watch::WATCHES;

impl Poll {
    pub(super) async fn connect(source: &Polling, from: Option<&Position>) -> Result<Self, ProviderError> {
        source.api.sign_in().await?;
        let none = Cursors::default();
        let mut poll = Self {
            api: source.api.clone(),
            projects: source.projects,
            every: source.every,
            reach: None,
            rights: 0,
            round: VecDeque::new(),
            out: VecDeque::new(),
            asked: none.clone(),
            told: Told::default(),
            fresh: false,
            states: HashMap::new(),
            begin: Begin::Resumed,
            pace: Pace::new(source.every),
            given: none.clone(),
            known: (none, Instant::now()),
            underway: None,
            failing: HashMap::new(),
        };
        let now = poll.cloud_time().await?;
        let why = match from.map(Cursors::read) {
            None => None,
            Some(Err(e)) => Some(format!("the position cannot be read: {e}")),
            Some(Ok(cursors)) => match gap(&cursors, now) {
                None => return Ok(poll.resume(cursors)),
                why => why,
            },
        };
        poll.begin_anew(now).await?;
        let position = poll.given.write();
        poll.begin = why.map_or(Begin::First(position.clone()), |why| Begin::Gap { why, position });
        Ok(poll)
    }

    fn resume(mut self, cursors: Cursors) -> Self {
        self.asked = cursors.clone();
        self.given = cursors.clone();
        self.known.0 = cursors;
        self
    }

    /// Everything is asked for after this. What is there is counted first: whatever goes from now on is missed.
    async fn begin_anew(&mut self, now: Timestamp) -> Result<(), ProviderError> {
        let watches = WATCHES.iter().filter(|watch| watch.since.is_some());
        self.asked.since = watches.map(|watch| (watch.listing.to_owned(), now)).collect();
        self.given = self.asked.clone();
        self.fresh = true;
        self.plan(true).await?;
        while !self.round.is_empty() {
            self.step().await?;
        }
        self.fresh = false;
        self.underway = None;
        while let Some(out) = self.out.pop_front() {
            if let Out::Mark(mark) = out {
                mark.set(&mut self.given);
            }
        }
        self.known = (self.given.clone(), Instant::now());
        Ok(())
    }
}

/// Why nothing of what happened since the position can be told. One listing that was not asked for so long, since its service
/// was away or refused us, is no gap: it alone is listed anew when it answers.
fn gap(cursors: &Cursors, now: Timestamp) -> Option<String> {
    let (listing, newest) = cursors.newest()?;
    broken(newest, now).map(|why| format!("{listing}: {why}"))
}
