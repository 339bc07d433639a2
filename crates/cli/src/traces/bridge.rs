//! What the queue must know of a trace, by OpenTelemetry.

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Status, TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use stocktake_queue::trace::Traces;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

pub(super) struct Bridge;

impl Traces for Bridge {
    fn traceparent(&self, span: &Span) -> Option<String> {
        let mut carrier = HashMap::new();
        TraceContextPropagator::new().inject_context(&span.context(), &mut carrier);
        carrier.remove(TRACEPARENT)
    }

    fn follow(&self, span: &Span, traceparent: &str) {
        // Refused only for a span that is not sent, or was entered already: then it stays in the trace it is in.
        let _ = span.set_parent(context(traceparent));
    }

    fn link(&self, span: &Span, traceparent: &str) {
        span.add_link(context(traceparent).span().span_context().clone());
    }

    fn failed(&self, span: &Span, why: &str) {
        span.set_status(Status::error(why.to_owned()));
    }
}

fn context(traceparent: &str) -> Context {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier)
}
