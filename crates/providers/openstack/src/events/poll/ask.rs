//! One page of one listing, and what time it was in the cloud when it was given.

use bytes::Bytes;
use jiff::Timestamp;
use stocktake_http::{Answer, Paging};
use stocktake_provider::{ErrorKind, ProviderError};

use crate::api::Api;
use crate::collect::{Everybody, Listing, Reach, Whose, page};
use crate::parse::decode;

/// How records are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question {
    pub(super) listing: &'static Listing,
    /// Instead of the listing's own path.
    pub(super) path: Option<&'static str>,
    pub(super) page_size: u32,
}

impl Question {
    pub(super) fn first(&self, whose: Whose<'_>, filter: &str) -> String {
        let path = self.listing.first(whose, "", self.page_size, filter);
        match (self.path, path.split_once('?')) {
            (Some(other), Some((_, query))) => format!("{other}?{query}"),
            (Some(other), None) => other.to_owned(),
            (None, _) => path,
        }
    }
}

/// A page as it came.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) body: Bytes,
    /// None where no server on the way says.
    pub(super) date: Option<Timestamp>,
    ids: Vec<String>,
    next: Option<String>,
}

impl Page {
    pub(super) fn records(&self, listing: &Listing) -> impl Iterator<Item = &str> {
        // It was looked at before: every record is there.
        let text = decode::text(&self.body).unwrap_or_default();
        decode::records(text, listing.root).into_iter().flatten().filter_map(Result::ok)
    }
}

/// A listing on its way. What to ask next is known before it is asked, so that a question that is dropped is asked again.
#[derive(Debug)]
pub(super) struct Walk {
    question: Question,
    paging: Paging,
    path: Option<String>,
    sceptical: bool,
    /// Every project's was asked for and refused.
    refused: bool,
}

impl Walk {
    /// `filter`: another condition in the query. `sceptical`: an empty listing is asked for twice.
    pub(super) fn new(question: Question, whose: Whose<'_>, filter: &str, sceptical: bool) -> Self {
        let mut paging = Paging::from(question.first(whose, filter));
        if sceptical {
            paging = paging.sceptical();
        }
        let path = paging.next();
        Self { question, paging, path, sceptical, refused: false }
    }

    /// The page that is due. None at the end.
    pub(super) async fn page(&self, api: &Api) -> Result<Option<Page>, ProviderError> {
        let Some(path) = &self.path else { return Ok(None) };
        let listing = self.question.listing;
        let Answer { body, headers, .. } = api.get(listing.service, path).await?;
        let seen = page::look(listing, self.paging.pages() + 1, &body, |_| {})?;
        let next = match &seen.next {
            Some(link) => Some(api.next_path(listing.service, link).await?),
            None => None,
        };
        let date = headers.get("date").and_then(|date| date.to_str().ok()).and_then(http_date);
        Ok(Some(Page { body, date, ids: seen.ids, next }))
    }

    /// The page was read.
    pub(super) fn turn(&mut self, page: &Page) -> Result<(), ProviderError> {
        let told = self.paging.page(&page.ids, page.next.clone());
        told.map_err(|e| page::bad_answer(self.question.listing, e.to_string()))?;
        self.path = self.paging.next();
        Ok(())
    }

    /// Whether no page was read yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.paging.pages() == 0
    }

    pub(super) fn is_done(&self) -> bool {
        self.path.is_none()
    }

    /// Those who may not see every project's ask for their own: whether that is to be tried after this error.
    pub(super) fn yields(&mut self, error: &ProviderError, reach: &Reach, filter: &str) -> bool {
        let asked_all = reach.asks() == Whose::Everybody && matches!(self.question.listing.everybody, Everybody::Asked(_));
        if self.refused || error.kind != ErrorKind::Forbidden || !asked_all || !self.is_fresh() {
            return false;
        }
        *self = Self::new(self.question, Whose::Shown, filter, self.sceptical);
        self.refused = true;
        true
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_read() {
        let expected: Timestamp = "1994-11-06T08:49:37Z".parse().expect("a time");
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(expected));
        assert_eq!(http_date("yesterday"), None);
    }
}
