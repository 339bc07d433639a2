//! One look at the cloud: what comes of each answer.
//!
//! A listing that fails keeps its cursor and does not stop the others. Nothing is changed before an answer is whole, so a
//! step that is dropped while it waits is simply made again.

use std::time::Duration;

use stocktake_provider::{ErrorKind, ProviderError, RawEvent};
use tokio::time::Instant;

use super::actions::{Actions, Records};
use super::ask::Page;
use super::count::{Counted, Counting};
use super::event;
use super::rights;
use super::since::{Asking, Read};
use super::stream::{Mark, Out, Poll};
use crate::api::SIGN_IN;
use crate::collect::Whose;

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

/// A count comes in every third round, of which none begins quite when expected,
const ROUNDS: f64 = 2.5;
/// and rests for so many times as long as it took: at most a twentieth of the time is spent on each.
const RESTS: u32 = 20;
/// How long a listing that the cloud does not have is not asked for again, and one that was refused not for every project.
const ABSENT: Duration = Duration::from_hours(1);

impl Poll {
    /// Asks what is due next. Fails only when nothing more is to be hoped for from this sign-in.
    pub(super) async fn step(&mut self) -> Result<(), ProviderError> {
        let start = Instant::now();
        let answer = match self.round.front() {
            None => return Ok(()),
            Some(Task::Since(asking)) => asking.walk.page(&self.api).await.map(Answer::Page),
            Some(Task::Count(counting)) => counting.walk.page(&self.api).await.map(Answer::Page),
            Some(Task::Actions(actions)) => actions.ask(&self.api).await.map(Answer::Actions),
        };
        // A token that was got meanwhile may see less, or more: what came before it and after it is no one listing.
        if answer.is_ok() && rights::rights(&*self.api.session().await?) != self.rights {
            self.round.clear();
            return Ok(());
        }
        // From here on nothing waits.
        let Some(task) = self.round.pop_front() else { return Ok(()) };
        match (task, answer) {
            (task, Err(error)) => return self.refused(task, error),
            (Task::Since(asking), Ok(Answer::Page(Some(page)))) => self.read_since(asking, &page, start.elapsed()),
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

    fn read_since(&mut self, mut asking: Asking, page: &Page, took: Duration) {
        let watch = asking.watch;
        let mut events = Vec::new();
        let read = asking.read(page, took, &mut self.state(watch).told, &mut |event| events.push(event));
        self.tell(events);
        match read {
            Err(error) => self.failed(watch.listing, error),
            Ok(Read::More) => self.round.push_front(Task::Since(asking)),
            Ok(Read::Broken { why, cursor }) => {
                self.tell([event::recount(watch, &why, page.date)]);
                self.mark(Mark::Since(watch.listing, cursor, asking.reach));
                self.answered(watch.listing);
            }
            Ok(Read::End { cursor, servers }) => {
                // Where there is a count, too, it is the count that tells.
                let before = self.asked.reach.get(watch.listing);
                if watch.count.is_none() && before.is_some_and(|before| *before != asking.reach) {
                    self.tell([event::recount(watch, rights::OTHER, page.date)]);
                }
                self.mark(Mark::Since(watch.listing, cursor, asking.reach));
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
        if self.asked.counts.get(watch.listing).is_some_and(|before| before.reach != counting.reach) {
            self.state(watch).base = None;
        }
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
                    (true, Some(before)) if before.reach != sum.reach => Some(rights::OTHER),
                    (true, Some(_)) => Some("it is not what was there when it was last counted, before a new start"),
                    (true, None) => Some("it is counted for the first time"),
                    (false, _) => differs.then_some("more changed than is told one by one"),
                };
                self.tell(why.map(|why| event::recount(watch, why, date)));
                let state = self.state(watch);
                state.count_due = Instant::now() + every.mul_f64(ROUNDS).max(counting.took * RESTS);
                state.base = Some(base);
                self.mark(Mark::Count(watch.listing, sum));
                self.answered(watch.listing);
            }
        }
    }

    /// What a failure means for a question and for the round.
    fn refused(&mut self, mut task: Task, error: ProviderError) -> Result<(), ProviderError> {
        // A service that refuses our token is one that fails; when nobody gives us one, asking on would do harm: accounts are
        // locked for that.
        if error.call == SIGN_IN {
            return Err(error);
        }
        let (watch, walk, seen, filter) = match &mut task {
            Task::Actions(_) => {
                self.failed("actions", error);
                return Ok(());
            }
            Task::Since(asking) => (asking.watch, &mut asking.walk, &mut asking.reach, asking.filter.as_str()),
            Task::Count(counting) => {
                let filter = counting.watch.count.as_ref().map_or("", |count| count.filter);
                (counting.watch, &mut counting.walk, &mut counting.reach, filter)
            }
        };
        if self.reach.as_ref().is_some_and(|reach| walk.yields(&error, reach, filter)) {
            *seen = rights::reach(self.rights, Whose::Shown);
            self.state(watch).refused = Some(Instant::now() + ABSENT);
            self.round.push_front(task);
            return Ok(());
        }
        let optional = watch.listing().is_some_and(|listing| listing.optional) && walk.is_fresh();
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
    pub(super) fn mark(&mut self, mark: Mark) {
        mark.set(&mut self.asked);
        self.out.push_back(Out::Mark(mark));
    }
}
