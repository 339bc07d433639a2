use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

use super::*;

fn span() -> Post {
    let now = SystemTime::now();
    Post::Span(Box::new(SpanData {
        span_context: SpanContext::NONE,
        parent_span_id: SpanId::INVALID,
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: "a".into(),
        start_time: now,
        end_time: now,
        attributes: Vec::new(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: InstrumentationScope::default(),
    }))
}

async fn flushed(outbox: &mpsc::Sender<Post>) {
    let (done, sent) = oneshot::channel();
    assert!(outbox.send(Post::Flush(done)).await.is_ok());
    sent.await.expect("an answer");
}

/// Takes batches, or refuses them.
#[derive(Debug, Default, Clone)]
struct Collector {
    sizes: Arc<Mutex<Vec<usize>>>,
    refuses: bool,
}

impl Collector {
    fn sizes(&self) -> Vec<usize> {
        self.sizes.lock().expect("sizes").clone()
    }
}

impl SpanExporter for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.sizes.lock().expect("sizes").push(batch.len());
        if self.refuses { Err(OTelSdkError::InternalFailure("away".to_owned())) } else { Ok(()) }
    }
}

#[tokio::test]
async fn what_waits_is_sent_in_batches_and_at_the_end() {
    let (outbox, posts) = mpsc::channel(WAITING);
    let collector = Collector::default();
    let task = tokio::spawn(carry(posts, collector.clone()));
    for _ in 0..BATCH + 3 {
        assert!(outbox.try_send(span()).is_ok());
    }
    flushed(&outbox).await;
    assert_eq!(collector.sizes(), [BATCH, 3]);
    flushed(&outbox).await;
    assert_eq!(collector.sizes().len(), 2, "nothing waits, so nothing is sent");
    drop(outbox);
    task.await.expect("its end");
}

#[tokio::test]
async fn what_cannot_be_sent_is_counted_and_holds_nothing_up() {
    let (outbox, posts) = mpsc::channel(WAITING);
    let before = LOST.load(Relaxed);
    tokio::spawn(carry(posts, Collector { refuses: true, ..Collector::default() }));
    for _ in 0..5 {
        assert!(outbox.try_send(span()).is_ok());
    }
    flushed(&outbox).await;
    assert_eq!(LOST.load(Relaxed) - before, 5);
}
