//! Spans on their way out: a bounded queue that never waits, and one task that sends what lies in it. The SDK's own processors
//! were not taken because they tell nobody how much they lose, and one of them needs a thread and a blocking client.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// Spans that may wait: those of a refresh of a large cloud, while a batch is on its way.
const WAITING: usize = 4096;
/// Spans sent at once.
const BATCH: usize = 512;
/// How long spans wait for others.
const LINGER: Duration = Duration::from_secs(1);
/// How long the end of a process waits for its last spans to be sent.
const LAST: Duration = Duration::from_secs(2);
/// How often it is told that spans are lost.
const TELL_EVERY: Duration = Duration::from_mins(1);

enum Post {
    Span(Box<SpanData>),
    Flush(oneshot::Sender<()>),
}

/// The way to the task that sends; one for each process.
static OUTBOX: OnceLock<mpsc::Sender<Post>> = OnceLock::new();
static LOST: AtomicU64 = AtomicU64::new(0);

/// Takes over ended spans.
#[derive(Debug)]
pub(super) struct Outbox<E> {
    /// Until it is known for which process: the SDK says so before the first span.
    exporter: Option<E>,
}

impl<E: SpanExporter + 'static> Outbox<E> {
    pub(super) fn new(exporter: E) -> Self {
        Self { exporter: Some(exporter) }
    }
}

impl<E: SpanExporter + 'static> SpanProcessor for Outbox<E> {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        if OUTBOX.get().is_none_or(|outbox| outbox.try_send(Post::Span(Box::new(span))).is_err()) {
            LOST.fetch_add(1, Relaxed);
        }
    }

    /// See [`end`].
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        let Some(mut exporter) = self.exporter.take() else { return };
        exporter.set_resource(resource);
        let (outbox, posts) = mpsc::channel(WAITING);
        if OUTBOX.set(outbox).is_ok() {
            tokio::spawn(carry(posts, exporter));
        }
    }
}

/// Waits until all spans that have ended were sent or lost, or for too long.
pub(super) async fn end() {
    let Some(outbox) = OUTBOX.get() else { return };
    let (done, sent) = oneshot::channel();
    let flushed = async {
        if outbox.send(Post::Flush(done)).await.is_ok() {
            // Nobody answers when the task is gone, and then nothing can be sent either.
            let _ = sent.await;
        }
    };
    if tokio::time::timeout(LAST, flushed).await.is_err() {
        tracing::warn!("the last spans were not sent: the traces' collector takes too long");
    }
}

/// Sends spans in batches, each soon after its first one came.
async fn carry(mut posts: mpsc::Receiver<Post>, exporter: impl SpanExporter) {
    let mut batch = Vec::new();
    let mut since = Instant::now();
    let mut losses = Losses::default();
    loop {
        let post = if batch.is_empty() {
            posts.recv().await
        } else {
            tokio::time::timeout_at(since + LINGER, posts.recv()).await.unwrap_or(None)
        };
        let flushed = match post {
            Some(Post::Span(span)) => {
                if batch.is_empty() {
                    since = Instant::now();
                }
                batch.push(*span);
                if batch.len() < BATCH {
                    continue;
                }
                None
            }
            Some(Post::Flush(done)) => Some(done),
            None if posts.is_closed() && batch.is_empty() => return,
            None => None,
        };
        if !batch.is_empty() {
            let spans = batch.len() as u64;
            let sent = exporter.export(std::mem::take(&mut batch)).await;
            losses.note(sent.err().map(|error| (spans, error.to_string())));
        }
        if let Some(done) = flushed {
            // Who waits is the process's end; when it waits no more that is fine.
            let _ = done.send(());
        }
    }
}

/// Tells now and then that spans are lost, and how many.
#[derive(Default)]
struct Losses {
    told: u64,
    told_on: Option<Instant>,
}

impl Losses {
    fn note(&mut self, failed: Option<(u64, String)>) {
        let (more, error) = failed.map_or((0, None), |(spans, error)| (spans, Some(error)));
        let lost = LOST.fetch_add(more, Relaxed) + more;
        if lost == self.told || self.told_on.is_some_and(|on| on.elapsed() < TELL_EVERY) {
            return;
        }
        let error = error.as_deref().unwrap_or("they came faster than they could be sent");
        tracing::warn!(
            spans = lost - self.told,
            in_all = lost,
            error,
            "spans were lost on their way to the traces' collector"
        );
        (self.told, self.told_on) = (lost, Some(Instant::now()));
    }
}

#[cfg(test)]
mod tests;
