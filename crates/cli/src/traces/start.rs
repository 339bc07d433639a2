//! Makes what turns spans into OpenTelemetry's and sends them. It is made only where traces are wanted: a process without them
//! has no client, no queue and no task for it.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use stocktake_queue::trace;
use stocktake_settings::Traces;
use tracing::{Level, Metadata};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterFn, LevelFilter};

use super::Boxed;
use super::bridge::Bridge;
use super::outbox::Outbox;
use crate::verbs::refresh::host;

/// For one attempt to send a batch.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn start(settings: &Traces, endpoint: &str, process: &str) -> anyhow::Result<Boxed> {
    let options =
        stocktake_http::Options { connect_timeout: Duration::from_secs(2), timeout: TIMEOUT, ..Default::default() };
    let client = stocktake_http::client(&options).context("traces cannot be sent")?;
    let headers: HashMap<_, _> = settings.headers.pairs().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(endpoint)
        .with_timeout(TIMEOUT)
        .with_headers(headers)
        .build()
        .with_context(|| format!("traces cannot be sent to {endpoint}; see traces.endpoint and traces.headers"))?;
    let resource = Resource::builder()
        .with_service_name(settings.service.clone())
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("host.name", host()),
            KeyValue::new("process.pid", i64::from(std::process::id())),
            KeyValue::new("stocktake.process", process.to_owned()),
        ])
        .build();
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        // Who goes on with a trace does as who began it decided: no trace is kept in part.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample))))
        .with_span_processor(Outbox::new(exporter))
        .build();
    trace::install(&Bridge);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("stocktake"))
        .with_location(false)
        .with_threads(false)
        .with_target(false);
    Ok(layer.with_filter(FilterFn::new(is_sent).with_max_level_hint(LevelFilter::DEBUG)).boxed())
}

/// Our spans and what is told at the usual level in them, however few log lines there are. A worker's own span lasts as long as
/// its process: it is for log lines, and no part of any trace.
fn is_sent(of: &Metadata<'_>) -> bool {
    let level = if of.is_span() { Level::DEBUG } else { Level::INFO };
    of.target().starts_with("stocktake") && *of.level() <= level && !(of.is_span() && of.name() == "worker")
}
