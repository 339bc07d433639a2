//! One trace from a wish to what came of it: a job carries the trace it was put in, as W3C `traceparent` has it, and whoever
//! does it goes on with that trace.
//!
//! What a trace is, and where it goes, is not known here: the program hands in whoever knows. Without one there are no traces,
//! and nothing here does anything.

use std::sync::OnceLock;

use tracing::Span;

/// Who knows which trace a span belongs to.
pub trait Traces: Send + Sync {
    /// The span as W3C `traceparent` has it. None: it is in no trace.
    fn traceparent(&self, span: &Span) -> Option<String>;

    /// Makes a span that has not been entered yet a part of that trace.
    fn follow(&self, span: &Span, traceparent: &str);

    /// Says that a span has to do with that trace without being a part of it.
    fn link(&self, span: &Span, traceparent: &str);

    /// Says that what a span stands for failed.
    fn failed(&self, span: &Span, why: &str);
}

static TRACES: OnceLock<&'static dyn Traces> = OnceLock::new();

/// From now on there are traces. The first call counts.
pub fn install(traces: &'static dyn Traces) {
    let _ = TRACES.set(traces);
}

/// What a job that is put now carries.
pub fn current() -> Option<String> {
    TRACES.get()?.traceparent(&Span::current())
}

/// Goes on with the trace a job was put in; without one the span begins its own. Either way the trace's id is written into the
/// span's field `trace_id`, for log lines. To be called before the span is entered.
pub fn follow(span: &Span, traceparent: Option<&str>) {
    let Some(traces) = TRACES.get() else { return };
    if let Some(traceparent) = traceparent {
        traces.follow(span, traceparent);
    }
    if let Some(id) = traces.traceparent(span).as_deref().and_then(kept) {
        span.record("trace_id", id);
    }
}

/// Notes that the current span has to do with another trace.
pub fn link(traceparent: &str) {
    if let Some(traces) = TRACES.get() {
        traces.link(&Span::current(), traceparent);
    }
}

/// Notes that the current span failed.
pub fn failed(why: &str) {
    if let Some(traces) = TRACES.get() {
        traces.failed(&Span::current(), why);
    }
}

/// The id under which the current trace is found, where it is kept at all.
pub fn id() -> Option<String> {
    current().as_deref().and_then(kept).map(str::to_owned)
}

/// The trace's id, unless the sample left the trace out: nobody should look for what was never sent.
fn kept(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-').skip(1);
    let (trace, _span, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let sampled = u8::from_str_radix(flags, 16).is_ok_and(|flags| flags & 1 == 1);
    sampled.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::kept;

    #[test]
    fn a_trace_that_is_not_kept_has_no_id_to_look_for() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(kept(&format!("00-{trace}-00f067aa0ba902b7-01")), Some(trace));
        assert_eq!(kept(&format!("00-{trace}-00f067aa0ba902b7-00")), None);
        for broken in ["", "00", "00-1-2", "00-1-2-zz"] {
            assert_eq!(kept(broken), None, "{broken}");
        }
    }
}
