//! What a round asks, in which order; and where to begin when nothing is known.

use std::collections::VecDeque;

use jiff::Timestamp;
use stocktake_provider::{ErrorKind, ProviderError};
use tokio::time::Instant;

use super::ask::{Question, Walk};
use super::count::Counting;
use super::event;
use super::rights;
use super::round::Task;
use super::since::{self, Asking};
use super::stream::{Mark, Poll, Tally};
use super::watch::{Count, WATCHES, Watch};
use crate::api::SIGN_IN;
use crate::collect::{Listing, Reach, Whose};

/// Records of a few fields, in one page.
const LIGHT_PAGE: u32 = 1_000;

impl Poll {
    /// Plans a round. `only_counts`: all of them, and nothing else.
    pub(super) async fn plan(&mut self, only_counts: bool) -> Result<(), ProviderError> {
        let session = self.api.session().await?;
        let reach = Reach::of(&session, self.projects);
        let rights = rights::rights(&session);
        let (mut asked, mut counts, mut failed) = (VecDeque::new(), VecDeque::new(), Vec::new());
        let (mut unasked, mut new) = (Vec::new(), Vec::new());
        for watch in WATCHES {
            let Some(listing) = watch.listing() else { continue };
            let filters = match self.filters(watch).await {
                Ok(Some(filters)) => filters,
                Ok(None) => {
                    unasked.push(watch.listing);
                    continue;
                }
                Err(error) => {
                    failed.push((watch.listing, error));
                    continue;
                }
            };
            let refused = self.state(watch).refused.is_some_and(|until| until > Instant::now());
            let whose = if refused { Whose::Shown } else { reach.asks() };
            let seen = rights::reach(rights, whose);
            if !filters {
                unasked.push(watch.listing);
            }
            if let (Some(since), true, false) = (&watch.since, filters, only_counts) {
                let question = Question { listing, path: None, page_size: self.api.page_size() };
                match self.asked.since.get(watch.listing) {
                    Some(from) => {
                        asked.push_back(Task::Since(Asking::new(watch, since, question, (whose, seen), *from)));
                    }
                    None => new.push((watch, seen)),
                }
            }
            if let Some(count) = &watch.count
                && (only_counts || self.state(watch).count_due <= Instant::now())
            {
                let walk = Walk::new(self.counted(listing, count, filters), whose, count.filter, true);
                counts.push_back(Task::Count(Counting::new(watch, count, walk, seen, !filters)));
            }
        }
        let now = if new.is_empty() { None } else { Some(self.cloud_time().await?) };
        // From here on nothing waits.
        asked.append(&mut counts);
        (self.reach, self.rights, self.round) = (Some(reach), rights, asked);
        self.underway = Some(Tally::default());
        for (listing, error) in failed {
            self.failed(listing, error);
        }
        // A cursor that nothing moves would grow old.
        for listing in unasked {
            if self.asked.since.contains_key(listing) {
                self.mark(Mark::Unasked(listing));
            }
        }
        for (now, (watch, seen)) in now.into_iter().flat_map(|now| new.iter().map(move |new| (now, *new))) {
            self.tell([event::recount(watch, "its changes were not asked for before", Some(now))]);
            self.mark(Mark::Since(watch.listing, now, seen));
        }
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
                Err(e) if e.call == SIGN_IN => return Err(e),
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
