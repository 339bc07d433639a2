//! Collecting and parsing at the same time: pages flow from the API through the parser into whatever takes rows, and
//! wait for it when it is slower. No more than a few pages are in memory.
//!
//! A listing with a record that could not be read is not complete, however well its paging went: whatever the record
//! stood for would look vanished.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stocktake_model::{IssueKind, Listed, Rows, Scope};
use stocktake_provider::{BoxFuture, Collected, Page, PageSink, Progress, Provider};
use tokio::sync::mpsc;
use tracing::Instrument as _;

use crate::error::RefreshError;
use crate::observer::Observer;

/// Pages that may wait between the API and the parser.
const PAGES_WAITING: usize = 4;

struct Sink<'a> {
    pages: mpsc::Sender<Page>,
    observer: &'a dyn Observer,
}

impl PageSink for Sink<'_> {
    fn page(&self, page: Page) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // The receiver lives as long as the collection; when it is gone so is whoever would miss the page.
            let _ = self.pages.send(page).await;
        })
    }

    fn progress(&self, progress: Progress) {
        self.observer.progress(&progress);
    }
}

/// Runs the collection and hands each page's rows to `take`, whose error ends it. Returns what is known of the whole, and
/// the processor's time spent on parsing and taking.
pub(crate) async fn flow(
    provider: &dyn Provider,
    scope: &Scope,
    seed: u64,
    observer: &dyn Observer,
    mut take: impl FnMut(&mut Rows) -> Result<(), RefreshError> + Send,
) -> Result<(Collected, Duration), RefreshError> {
    let (sender, mut receiver) = mpsc::channel(PAGES_WAITING);
    let collect = async {
        let sink = Sink { pages: sender, observer };
        provider.collect(scope, &sink).await.map_err(RefreshError::from)
    };
    let parse = async {
        let mut rows = Rows::new(provider.menu(), seed);
        let mut spent = Duration::ZERO;
        let mut unread: BTreeMap<&'static str, u64> = BTreeMap::new();
        while let Some(page) = receiver.recv().await {
            let start = Instant::now();
            provider.parse(&page, &mut rows);
            let lost = |kind| matches!(kind, IssueKind::Malformed | IssueKind::BlankIdentity);
            let records = rows.issues.iter().filter(|issue| lost(issue.kind)).count() as u64;
            if records > 0 {
                *unread.entry(page.listing).or_default() += records;
            }
            take(&mut rows)?;
            rows.clear();
            spent += start.elapsed();
        }
        Ok((spent, unread))
    };
    let collect = collect.instrument(tracing::debug_span!("collect"));
    let parse = parse.instrument(tracing::debug_span!("parse"));
    let (mut collected, (spent, unread)) = tokio::try_join!(collect, parse)?;
    for (listing, records) in unread {
        let errors = vec![format!("{listing}: {records} records could not be read")];
        for collection in provider.feeds(listing) {
            collected.coverage.feed(collection, Listed::Partial { errors: errors.clone() });
        }
        for report in collected.listings.iter_mut().filter(|report| report.listing == listing) {
            let listed = std::mem::replace(&mut report.listed, Listed::Complete);
            report.listed = listed.and(Listed::Partial { errors: errors.clone() });
        }
    }
    Ok((collected, spent))
}
