//! One listing from its first page to its last.

use std::borrow::Cow;
use std::time::Instant;

use bytes::Bytes;
use stocktake_http::Paging as Pages;
use stocktake_model::Listed;
use stocktake_provider::{ErrorKind, Page, Progress, ProviderError};
use tracing::Instrument as _;

use super::listings::{Everybody, Listing, Paging, Whose};
use super::outcome::{Outcome, note, span};
use super::{Run, page, server_faults};

/// What a walk is to do besides following pages.
pub(crate) struct Walk<'a> {
    pub(crate) listing: &'static Listing,
    /// What `{}` in the path stands for.
    pub(crate) of: &'a str,
    /// Another condition in the query.
    pub(crate) filter: &'a str,
    pub(crate) context: Cow<'static, str>,
    /// Whether the pages are the parser's.
    pub(crate) send: bool,
}

impl Walk<'_> {
    pub(crate) fn of(listing: &'static Listing) -> Self {
        Self { listing, of: "", filter: "", context: Cow::Borrowed(""), send: true }
    }
}

/// A list that cannot be empty is.
fn nothing(listing: &Listing) -> Listed {
    if listing.optional {
        return Listed::NotAsked { reason: format!("this cloud's {} service has none", listing.service) };
    }
    Listed::Failed {
        error: page::bad_answer(listing, "an empty list, and there is always something".to_owned()).to_string(),
    }
}

impl Run<'_> {
    /// Reads a listing to its end and notes what became of it. `each` sees every record.
    pub(crate) async fn walk(&self, walk: &Walk<'_>, each: &mut (dyn FnMut(&str) + Send)) -> Outcome {
        self.walked(walk, each).instrument(span(walk.listing)).await
    }

    async fn walked(&self, walk: &Walk<'_>, each: &mut (dyn FnMut(&str) + Send)) -> Outcome {
        let listing = walk.listing;
        self.sink.progress(Progress::Started { listing: listing.name });
        let start = Instant::now();
        let mut outcome = match self.excuse(listing).await {
            Some(excuse) => excuse,
            None => self.asked(walk, each).await,
        };
        outcome.millis = start.elapsed().as_millis() as u64;
        note(&outcome);
        self.sink.progress(Progress::Ended { listing: listing.name, listed: outcome.listed.clone() });
        self.outcomes.add(listing, outcome.clone());
        outcome
    }

    /// Why a listing need not be asked, or cannot.
    pub(crate) async fn excuse(&self, listing: &Listing) -> Option<Outcome> {
        match self.api.has(listing.service).await {
            Ok(true) if listing.everybody == Everybody::Operators && !self.reach.asks_operators() => {
                Some(Outcome::not_asked("for those who run the cloud; projects=own is set"))
            }
            Ok(true) if listing.everybody != Everybody::Same && listing.everybody != Everybody::User => {
                let error = self.reach.without_project()?;
                Some(Outcome { listed: Listed::Failed { error }, ..Outcome::default() })
            }
            Ok(true) => None,
            Ok(false) => Some(Outcome::not_asked(format!("no {} service in the catalogue", listing.service))),
            Err(e) => Some(Outcome { listed: Listed::Failed { error: e.to_string() }, ..Outcome::default() }),
        }
    }

    async fn asked(&self, walk: &Walk<'_>, each: &mut (dyn FnMut(&str) + Send)) -> Outcome {
        let listing = walk.listing;
        let whose = self.reach.asks();
        let mut refused = false;
        let mut outcome = Outcome::default();
        let mut end = self.follow(walk, whose, &mut outcome, each).await;
        if let (Err(e), Everybody::Asked(_), true, 0) = (&end, listing.everybody, whose == Whose::Everybody, outcome.pages)
            && e.kind == ErrorKind::Forbidden
        {
            refused = true;
            end = self.follow(walk, Whose::Shown, &mut outcome, each).await;
        }
        match end {
            Ok(()) if listing.never_empty && outcome.records == 0 => outcome.listed = nothing(listing),
            Ok(()) => (outcome.reach, outcome.listed) = self.reach.of_listing(listing, refused),
            Err(e) => outcome.listed = self.failed(listing, &outcome, e),
        }
        outcome
    }

    /// What a failure means for the listing.
    pub(crate) fn failed(&self, listing: &Listing, so_far: &Outcome, e: ProviderError) -> Listed {
        match e.kind {
            _ if so_far.pages > 0 => Listed::Partial { errors: vec![e.to_string()] },
            ErrorKind::NotFound if listing.optional => {
                Listed::NotAsked { reason: format!("this cloud's {} service does not offer it", listing.service) }
            }
            ErrorKind::Forbidden if listing.everybody == Everybody::Operators && !self.reach.is_privileged() => {
                Listed::NotAsked { reason: format!("{} may not see it: it needs the role admin", self.reach.scope) }
            }
            _ => Listed::Failed { error: e.to_string() },
        }
    }

    pub(crate) async fn follow(
        &self,
        walk: &Walk<'_>,
        whose: Whose<'_>,
        outcome: &mut Outcome,
        each: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), ProviderError> {
        let listing = walk.listing;
        let mut pages = Pages::from(listing.first(whose, walk.of, self.api.page_size(), walk.filter));
        // A service that just lost its database answers with nothing; what empties a listing is asked for twice.
        if walk.filter.is_empty() && listing.paging != Paging::Offset && listing.everybody != Everybody::User {
            pages = pages.sceptical();
        }
        let mut before: Option<Vec<String>> = None;
        while let Some(path) = pages.next() {
            let body = self.get(listing, &path).await?;
            let seen = page::look(listing, pages.pages() + 1, &body, &mut *each)?;
            let records = seen.ids.len() as u64;
            if let (0, None, Some(before)) = (records, &seen.next, &before) {
                return if listing.paging == Paging::Offset {
                    Ok(())
                } else {
                    self.is_the_end(listing, &path, before).await
                };
            }
            let next = match (&seen.next, listing.paging) {
                (Some(link), _) => Some(self.api.next_path(listing.service, link).await?),
                (None, Paging::Offset) if records > 0 => {
                    let offset = pages.records() + records;
                    path.rfind("&offset=").map(|at| format!("{}&offset={offset}", &path[..at]))
                }
                (None, _) => None,
            };
            let proper = pages.page(&seen.ids, next).map_err(|e| page::bad_answer(listing, e.to_string()));
            // A page that repeats some records may hold others; one that repeats all is the one before.
            if walk.send && before.as_ref() != Some(&seen.ids) {
                let body = match listing.name {
                    "servers" => server_faults::complete(self, listing, body).await,
                    _ => body,
                };
                self.send(listing, pages.pages(), walk.context.clone(), body).await;
                outcome.pages += 1;
                outcome.records += records;
                self.sink.progress(Progress::Records { listing: listing.name, records: outcome.records });
            } else if !walk.send {
                outcome.pages += 1;
                outcome.records += records;
            }
            proper?;
            before = Some(seen.ids).filter(|ids| !ids.is_empty());
        }
        Ok(())
    }

    /// A full page was followed by an empty one, which happens when there are just so many; and when a service filters
    /// after paging, or lost a part of itself. Asked again from the last record but one, the list must end with the last.
    async fn is_the_end(&self, listing: &Listing, path: &str, before: &[String]) -> Result<(), ProviderError> {
        let [.., from, last] = before else { return Ok(()) };
        // Key pairs have no ids.
        if last.starts_with('#') {
            return Ok(());
        }
        let from = path.replace(&format!("marker={last}"), &format!("marker={from}"));
        let seen = page::look(listing, 1, &self.get(listing, &from).await?, |_| {})?;
        if from != path && seen.next.is_none() && seen.ids == [last.as_str()] {
            return Ok(());
        }
        let message = "an empty page where the page before said there was more".to_owned();
        Err(page::bad_answer(listing, message))
    }

    /// Asks, at the microversion the listing is read at.
    pub(crate) async fn get(&self, listing: &Listing, path: &str) -> Result<Bytes, ProviderError> {
        let known = self.api.microversion(listing.service).await?;
        let asked = known.map(|version| listing.newest.map_or(version, |newest| newest.min(version)));
        Ok(self.api.get_at(listing.service, path, asked).await?.body)
    }

    /// Hands a page on; waits while whoever takes it is slower.
    pub(crate) async fn send(&self, listing: &Listing, number: u32, context: Cow<'static, str>, body: Bytes) {
        self.sink.page(Page { listing: listing.name, number, context, body }).await;
    }
}
