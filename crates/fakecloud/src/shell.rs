//! Between the socket and the services: one handler for every path.
//!
//! It reads the request, lets the service answer and sends that. Must not know what is answered.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderValue, Response, StatusCode};

use crate::auth::Tokens;
use crate::requests::Log;
use crate::services::{self, Context};
use crate::wire::{Reply, Request, Service};
use crate::world::World;

/// Everything a running cloud consists of.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub world: World,
    pub tokens: Tokens,
    pub log: Log,
}

/// Bodies of requests are small: credentials, or a change asked of the control.
const BODY_MAX: usize = 1 << 20;

pub(crate) async fn handle(
    State(cloud): State<Arc<Cloud>>,
    request: axum::extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return send(Reply::new(413, Vec::new()));
    };
    let query = parts.uri.query().unwrap_or_default();
    let request = Request::new(parts.method, parts.uri.path(), query, parts.headers, body);
    let first = request.segments().first().copied().unwrap_or_default();
    let _in_flight = cloud.log.begin(request.method.as_str(), &request.path);
    let reply = match Service::of_root(first) {
        Some(service) => answer(&cloud, service, &request),
        None => Reply::new(404, b"{}".to_vec()),
    };
    cloud.log.answered(reply.status);
    send(reply)
}

pub(crate) fn answer(cloud: &Cloud, service: Service, request: &Request) -> Reply {
    let context = Context {
        view: cloud.world.view(),
        tokens: &cloud.tokens,
        now: cloud.world.clock.now(),
    };
    services::answer(&context, service, request)
}

pub(crate) fn send(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(reply.content_type));
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (
            name.parse::<axum::http::HeaderName>(),
            HeaderValue::from_str(&value),
        ) {
            headers.insert(name, value);
        }
    }
    response
}
