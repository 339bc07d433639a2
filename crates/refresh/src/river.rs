//! Collecting and parsing at the same time: pages flow from the API through the parser into whatever takes rows, and
//! wait for it when it is slower. No more than a few pages are in memory.

use std::time::{Duration, Instant};

use stocktake_model::{Rows, Scope};
use stocktake_provider::{BoxFuture, Collected, Page, PageSink, Progress, Provider, ProviderError};
use tokio::sync::mpsc;

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

/// Runs the collection and hands each page's rows to `take`. Returns what is known of the whole, and the processor's
/// time spent on parsing and taking.
pub(crate) async fn flow(
    provider: &dyn Provider,
    scope: &Scope,
    seed: u64,
    observer: &dyn Observer,
    mut take: impl FnMut(&mut Rows) + Send,
) -> Result<(Collected, Duration), ProviderError> {
    let (sender, mut receiver) = mpsc::channel(PAGES_WAITING);
    let collect = async {
        let sink = Sink { pages: sender, observer };
        provider.collect(scope, &sink).await
    };
    let parse = async {
        let mut rows = Rows::new(provider.menu(), seed);
        let mut spent = Duration::ZERO;
        while let Some(page) = receiver.recv().await {
            let start = Instant::now();
            provider.parse(&page, &mut rows);
            take(&mut rows);
            rows.clear();
            spent += start.elapsed();
        }
        spent
    };
    let (collected, spent) = tokio::join!(collect, parse);
    Ok((collected?, spent))
}
