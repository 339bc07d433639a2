//! One look at the cloud: what is asked in which order, and what comes of each answer.
//!
//! A listing that fails keeps its cursor and does not stop the others. Nothing is changed before an answer is whole, so a
//! step that is dropped while it waits is simply made again.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use stocktake_provider::{ErrorKind, ProviderError, RawEvent};
use tokio::time::Instant;

use super::actions::{Actions, Records};
use super::ask::{Page, Question, Walk};
use super::count::{Counted, Counting};
use super::since::{Asking, Read};
use super::stream::{Mark, Out, Poll, Tally};
use super::watch::{Count, WATCHES, Watch};
use super::{event, since};
use crate::collect::{Listing, Reach, Whose};

/// A question on its way.
#[derive(Debug)]
pub(super) enum Task {
    Since(Asking),
    Actions(Actions),
    Count(Counting),
}

/// What it brought.
enum Answer {
    Page(Option<Page>),
    Actions(Records),
}

/// A count comes in every third round,
const ROUNDS: u32 = 3;
/// and rests for so many times as long as it took: at most a twentieth of the time is spent on each.
const RESTS: u32 = 20;
/// Records of a few fields, in one page.
const LIGHT_PAGE: u32 = 1_000;
/// How long a listing that the cloud does not have is not asked for again.
const ABSENT: Duration = Duration::from_hours(1);

impl Poll {
    /// Plans a round. `only_counts`: all of them, and nothing else.
    pub(super) async fn plan(&mut self, only_counts: bool) -> Result<(), ProviderError> {
        let session = self.api.session().await?;
        let reach = Reach::of(&session, self.projects);
        let (mut asked, mut counts, mut failed) = (VecDeque::new(), VecDeque::new(), Vec::new());
        for watch in WATCHES {
            let Some(listing) = watch.listing() else { continue };
            let filters = match self.filters(watch).await {
                Ok(Some(filters)) => filters,
                Ok(None) => continue,
                Err(error) => {
                    failed.push((watch.listing, error));
                    continue;
                }
            };
            let whose = if self.state(watch).refused { Whose::Shown } else { reach.asks() };
            if let (Some(since), true, false) = (&watch.since, filters, only_counts)
                && let Some(from) = self.asked.since.get(watch.listing)
            {
                let question = Question { listing, path: None, page_size: self.api.page_size() };
                asked.push_back(Task::Since(Asking::new(watch, since, question, whose, *from)));
            }
            if let Some(count) = &watch.count
                && (only_counts || self.state(watch).count_due <= Instant::now())
            {
                let walk = Walk::new(self.counted(listing, count, filters), whose, count.filter, true);
                counts.push_back(Task::Count(Counting::new(watch, count, walk, !filters)));
            }
        }
        asked.append(&mut counts);
        (self.reach, self.round) = (Some(reach), asked);
        self.underway = Some(Tally::default());
        failed.into_iter().for_each(|(listing, error)| self.failed(listing, error));
        Ok(())
    }

    /// Whether changes can be asked for. None where the cloud has no such service.
    async fn filters(&self, watch: &Watch) -> Result<Option<bool>, ProviderError> {
        if !self.api.has(watch.service()).await? {
            return Ok(None);
        }
        Ok(Some(match &watch.since {
            None => false,
            Some(since) => match since.from {
                None => true,
                Some(from) => self.api.microversion(watch.service()).await?.is_some_and(|version| version >= from),
            },
        }))
    }

    fn counted(&self, listing: &'static Listing, count: &Count, filters: bool) -> Question {
        let path = count.light.filter(|_| filters);
        let is_light = path.is_some() || !count.filter.is_empty();
        let page_size = if is_light { LIGHT_PAGE } else { self.api.page_size() };
        Question { listing, path, page_size }
    }

    /// Asks what is due next. Fails only when nothing more is to be hoped for from this sign-in.
    pub(super) async fn step(&mut self) -> Result<(), ProviderError> {
        let start = Instant::now();
        let answer = match self.round.front() {
            None => return Ok(()),
            Some(Task::Since(asking)) => asking.walk.page(&self.api).await.map(Answer::Page),
            Some(Task::Count(counting)) => counting.walk.page(&self.api).await.map(Answer::Page),
            Some(Task::Actions(actions)) => actions.ask(&self.api).await.map(Answer::Actions),
        };
        // From here on nothing waits.
        let Some(task) = self.round.pop_front() else { return Ok(()) };
        match (task, answer) {
            (task, Err(error)) => return self.refused(task, error),
            (Task::Since(asking), Ok(Answer::Page(Some(page)))) => self.read_since(asking, &page),
            (Task::Count(mut counting), Ok(Answer::Page(Some(page)))) => {
                counting.took += start.elapsed();
                self.read_count(counting, &page);
            }
            (Task::Actions(mut actions), Ok(Answer::Actions(records))) => {
                let out = &mut self.out;
                if actions.read(&records, &mut self.told, &mut |event| out.push_back(Out::Event(event))) {
                    self.round.push_front(Task::Actions(actions));
                } else {
                    self.told.turn();
                    self.answered("actions");
                }
            }
            // A walk at its end is not put back.
            _ => {}
        }
        Ok(())
    }

    fn read_since(&mut self, mut asking: Asking, page: &Page) {
        let watch = asking.watch;
        let mut events = Vec::new();
        let read = asking.read(page, &mut self.state(watch).told, &mut |event| events.push(event));
        self.tell(events);
        match read {
            Err(error) => self.failed(watch.listing, error),
            Ok(Read::More) => self.round.push_front(Task::Since(asking)),
            Ok(Read::Broken { why, cursor }) => {
                self.tell([event::recount(watch, &why, page.date)]);
                self.mark(Mark::Since(watch.listing, cursor));
                self.answered(watch.listing);
            }
            Ok(Read::End { cursor, servers }) => {
                self.mark(Mark::Since(watch.listing, cursor));
                self.answered(watch.listing);
                if !servers.is_empty() {
                    // The list is taken from its end.
                    let servers = servers.into_iter().rev().collect();
                    self.round.push_front(Task::Actions(Actions { watch, from: asking.from, servers }));
                }
            }
        }
    }

    fn read_count(&mut self, mut counting: Counting, page: &Page) {
        let (watch, every) = (counting.watch, self.every);
        let mut events = Vec::new();
        let state = self.state(watch);
        let read = counting.read(page, state.base.as_ref(), &mut state.counted, &mut |event| events.push(event));
        self.tell(events);
        match read {
            Err(error) => self.failed(watch.listing, error),
            Ok(None) => self.round.push_front(Task::Count(counting)),
            Ok(Some(Counted { base, sum, date, differs })) => {
                let first = self.state(watch).base.is_none();
                let why = match (first, self.asked.counts.get(watch.listing)) {
                    (true, _) if self.fresh => None,
                    (true, Some(before)) if *before == sum => None,
                    (true, Some(_)) => Some("it is not what was there when it was last counted, before a new start"),
                    (true, None) => Some("it is counted for the first time"),
                    (false, _) => differs.then_some("more changed than is told one by one"),
                };
                self.tell(why.map(|why| event::recount(watch, why, date)));
                let state = self.state(watch);
                state.count_due = Instant::now() + (every * ROUNDS).max(counting.took * RESTS);
                state.base = Some(base);
                self.mark(Mark::Count(watch.listing, sum));
                self.answered(watch.listing);
            }
        }
    }

    /// What a failure means for a question and for the round.
    fn refused(&mut self, mut task: Task, error: ProviderError) -> Result<(), ProviderError> {
        if error.kind == ErrorKind::Unauthorized {
            return Err(error);
        }
        let (watch, walk, filter) = match &mut task {
            Task::Actions(_) => {
                self.failed("actions", error);
                return Ok(());
            }
            Task::Since(asking) => (asking.watch, &mut asking.walk, asking.filter.as_str()),
            Task::Count(counting) => {
                let filter = counting.watch.count.as_ref().map_or("", |count| count.filter);
                (counting.watch, &mut counting.walk, filter)
            }
        };
        if self.reach.as_ref().is_some_and(|reach| walk.yields(&error, reach, filter)) {
            self.state(watch).refused = true;
            self.round.push_front(task);
            return Ok(());
        }
        let optional = watch.listing().is_some_and(|listing| listing.optional);
        if error.kind == ErrorKind::NotFound && optional {
            self.state(watch).count_due = Instant::now() + ABSENT;
            return Ok(());
        }
        self.failed(watch.listing, error);
        Ok(())
    }

    pub(super) fn tell(&mut self, events: impl IntoIterator<Item = RawEvent>) {
        self.out.extend(events.into_iter().map(Out::Event));
    }

    /// Moves on; the position does when everything told before is given.
    fn mark(&mut self, mark: Mark) {
        mark.set(&mut self.asked);
        self.out.push_back(Out::Mark(mark));
    }

    /// Where to begin when nothing is known: a little before now, by the clock of the service that is behind the others.
    pub(super) async fn cloud_time(&self) -> Result<Timestamp, ProviderError> {
        let session = self.api.session().await?;
        let reach = Reach::of(&session, self.projects);
        let (mut earliest, mut error): (Option<Timestamp>, _) = (None, None);
        for watch in WATCHES.iter().filter(|watch| watch.since.is_some()).chain(WATCHES) {
            let Some(listing) = watch.listing() else { continue };
            if earliest.is_some() && watch.since.is_none() {
                break;
            }
            if !self.api.has(watch.service()).await.unwrap_or_default() {
                continue;
            }
            let question = Question { listing, path: None, page_size: 1 };
            match Walk::new(question, reach.asks(), "", false).page(&self.api).await {
                Ok(page) => earliest = page.and_then(|page| page.date).into_iter().chain(earliest).min(),
                Err(e) if e.kind == ErrorKind::Unauthorized => return Err(e),
                Err(e) => error = error.or(Some(e)),
            }
        }
        let silent = || ProviderError {
            kind: ErrorKind::BadAnswer,
            call: "asking what time it is".to_owned(),
            message: "no service of the cloud puts a date on its answers".to_owned(),
            hint: Some("let whatever stands before the services pass the header Date on, or use events=amqp".to_owned()),
        };
        earliest.map(|at| at - since::OVERLAP).ok_or_else(|| error.unwrap_or_else(silent))
    }
}
