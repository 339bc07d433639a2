//! A call's part of a trace: what was asked of whom, how often, and what came of it. No headers, no query and no body: that is
//! where secrets are.

use std::future::Future;

use stocktake_provider::ProviderError;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use url::Url;

use crate::answer::Answer;
use crate::call::Call;

/// Makes a call as a span of its own; names are those of OpenTelemetry's conventions for HTTP clients.
pub(crate) async fn around(
    call: &Call,
    made: impl Future<Output = Result<Answer, ProviderError>>,
) -> Result<Answer, ProviderError> {
    let span = of(call);
    let outcome = made.instrument(span.clone()).await;
    match &outcome {
        Ok(answer) => {
            span.record("http.response.status_code", answer.status);
            if answer.status >= 400 {
                span.record("otel.status_code", "ERROR");
            }
        }
        Err(error) => {
            span.record("otel.status_code", "ERROR").record("error.type", tracing::field::debug(error.kind));
        }
    }
    outcome
}

/// Notes in the current call's span how often it was made before this time.
pub(crate) fn asked_again(made: u32) {
    Span::current().record("http.request.resend_count", made);
}

fn of(call: &Call) -> Span {
    let span = tracing::debug_span!(
        "call",
        otel.name = Empty,
        otel.kind = "client",
        otel.status_code = Empty,
        peer.service = call.asked,
        http.request.method = call.method.as_str(),
        http.request.resend_count = Empty,
        http.response.status_code = Empty,
        server.address = call.url.host_str(),
        server.port = call.url.port_or_known_default(),
        url.template = Empty,
        url.path = call.url.path(),
        error.type = Empty,
    );
    if !span.is_disabled() {
        let template = template(&call.url);
        span.record("otel.name", format!("{} {} {template}", call.method, call.asked));
        span.record("url.template", template);
    }
    span
}

/// A path with its ids taken out, so that calls for many objects have one name. What people name themselves stays: only its
/// provider could tell it from the rest.
fn template(url: &Url) -> String {
    let segments = url.path().split('/').map(|segment| if is_id(segment) { "{id}" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// A number, or a UUID with or without its dashes.
fn is_id(segment: &str) -> bool {
    let of_uuid = |b: u8| b.is_ascii_hexdigit() || b == b'-';
    let is_number = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
    is_number || matches!(segment.len(), 32 | 36) && segment.bytes().all(of_uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_no_part_of_a_name() {
        for (path, named) in [
            ("/v2.1/servers/detail?limit=1000&marker=x", "/v2.1/servers/detail"),
            ("/v2.1/servers/5f7d0a52-9d5c-4b0e-8b3a-0f5b1a2c3d4e", "/v2.1/servers/{id}"),
            ("/v3/0123456789abcdef0123456789abcdef/volumes/detail", "/v3/{id}/volumes/detail"),
            ("/v2.1/os-hypervisors/17", "/v2.1/os-hypervisors/{id}"),
            ("/v1/stacks/web/", "/v1/stacks/web/"),
        ] {
            let url = Url::parse(&format!("http://cloud{path}")).expect("a URL");
            assert_eq!(template(&url), named);
        }
    }
}
