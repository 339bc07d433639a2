//! Traces to a collector, where the settings name one: spans of every crate become OpenTelemetry's here and nowhere else.
//!
//! Sending is nobody's concern: it never holds work up, and what cannot be sent is lost and counted (`outbox.rs`).

use tracing::Span;
use tracing_subscriber::{Layer, Registry};

use crate::app::App;
use crate::args::Command;

#[cfg(feature = "otlp")]
mod bridge;
#[cfg(feature = "otlp")]
mod outbox;
#[cfg(feature = "otlp")]
mod start;

pub(crate) type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// What sends spans; none where the settings name no collector. `process`: what this process does.
#[cfg(feature = "otlp")]
pub(crate) fn layer(app: &App, process: &str) -> anyhow::Result<Option<Boxed>> {
    let settings = &app.settings()?.traces;
    settings.endpoint.traces().map(|endpoint| start::start(settings, &endpoint, process)).transpose()
}

#[cfg(not(feature = "otlp"))]
pub(crate) fn layer(app: &App, _process: &str) -> anyhow::Result<Option<Boxed>> {
    match app.settings()?.traces.endpoint.traces() {
        Some(_) => anyhow::bail!("traces.endpoint is set, but this program was built without traces (feature otlp)"),
        None => Ok(None),
    }
}

/// As [`layer`], for what a person asks for: that goes on without traces, too.
pub(crate) fn for_people(app: &mut App) -> Option<Boxed> {
    // Settings that cannot be read are told by the verb.
    app.settings().ok()?;
    layer(app, "command").unwrap_or_else(|error| {
        app.remark(format!("warning: {}", crate::exit::text(&error)));
        None
    })
}

/// The name of a verb that begins a trace: those that ask providers or put jobs. Looking is not worth one.
pub(crate) fn verb(command: &Command) -> Option<&'static str> {
    match command {
        Command::Refresh(_) => Some("refresh"),
        Command::Plan(_) => Some("plan"),
        Command::Provider(_) => Some("provider"),
        _ => None,
    }
}

/// Where a trace begins that a person asked for.
pub(crate) fn of_verb(verb: &'static str) -> Span {
    let shown = format_args!("stocktake {verb}");
    let span = tracing::info_span!("stocktake", otel.name = shown, verb, trace_id = tracing::field::Empty);
    stocktake_queue::trace::follow(&span, None);
    span
}

/// Sends what is left, for a short while.
pub(crate) async fn end() {
    #[cfg(feature = "otlp")]
    outbox::end().await;
}
