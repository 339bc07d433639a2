//! Between the socket and the services: one handler for every path.
//!
//! It reads the request, lets the service answer, spoils the answer when a fault is due, and sends it. Must not know
//! what is answered.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::sync::watch;

use crate::auth::Tokens;
use crate::clock;
use crate::control::Control;
use crate::control_http;
use crate::fault::{Cut, Fault, Faults};
use crate::requests::Log;
use crate::services::{self, Context};
use crate::socket::Line;
use crate::spoil::{refusal, spoil};
use crate::wire::{Reply, Request, Service};
use crate::world::World;

/// Everything a running cloud consists of.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub world: World,
    pub tokens: Tokens,
    pub faults: Faults,
    pub log: Log,
    /// Turns true when the cloud stops, which ends requests that hang.
    pub stop: watch::Sender<bool>,
}

/// Bodies of requests are small: credentials, or a change asked of the control.
const BODY_MAX: usize = 1 << 20;

pub(crate) async fn handle(
    State(cloud): State<Arc<Cloud>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: axum::extract::Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MAX).await else {
        return send(Reply::new(413, Vec::new()));
    };
    let query = parts.uri.query().unwrap_or_default();
    let request = Request::new(parts.method, parts.uri.path(), query, parts.headers, body);
    let first = request.segments().first().copied().unwrap_or_default();
    if first == control_http::ROOT {
        return send(control_http::answer(&Control::new(cloud), &request));
    }
    let Some(service) = Service::of_root(first) else {
        return send(Reply::new(404, b"{}".to_vec()));
    };
    let in_flight = cloud.log.begin(request.method.as_str(), &request.path);
    let fault = cloud.faults.strike(service, &relative(&request));
    let mut response = respond(&cloud, service, &request, fault, &line).await;
    drop(in_flight);
    // The cloud's own time, whatever the machine's: clients that mistrust their clock go by it.
    if let Ok(now) = HeaderValue::try_from(clock::http(cloud.world.clock.now())) {
        response.headers_mut().insert("date", now);
    }
    response
}

async fn respond(cloud: &Cloud, service: Service, request: &Request, fault: Option<Fault>, line: &Line) -> Response<Body> {
    match fault {
        Some(Fault::Slow(milliseconds)) => cloud.pause(Some(Duration::from_millis(milliseconds))).await,
        Some(Fault::Hang) => cloud.pause(None).await,
        Some(Fault::TokensRevoked) => {
            cloud.tokens.revoke_all();
        }
        _ => {}
    }
    let identity = format!("{}/identity/v3", cloud.world.url);
    let reply = match fault.and_then(|f| refusal(f, service, &identity)) {
        Some(refusal) => refusal,
        None => answer(cloud, service, request),
    };
    let reply = match fault {
        Some(fault) => spoil(fault, request, &cloud.world.url, reply),
        None => reply,
    };
    match fault {
        Some(Fault::ConnectionReset | Fault::Hang) => {
            line.cut();
            cloud.log.answered(0);
            send(reply)
        }
        Some(Fault::TruncatedBody(Cut::Connection)) => {
            cloud.log.answered(0);
            send_half(reply)
        }
        _ => {
            cloud.log.answered(reply.status);
            send(reply)
        }
    }
}

impl Cloud {
    /// Waits, for ever when `None`, but not longer than the cloud runs.
    async fn pause(&self, how_long: Option<Duration>) {
        let mut stop = self.stop.subscribe();
        let stopped = stop.wait_for(|stop| *stop);
        match how_long {
            // Both outcomes mean: go on now.
            Some(time) => drop(tokio::time::timeout(time, stopped).await),
            None => drop(stopped.await),
        }
    }
}

pub(crate) fn answer(cloud: &Cloud, service: Service, request: &Request) -> Reply {
    let context = Context { view: cloud.world.view(), tokens: &cloud.tokens, now: cloud.world.clock.now() };
    services::answer(&context, service, request)
}

/// The path after the service's root, version and project.
fn relative(request: &Request) -> String {
    let mut segments = request.segments().into_iter().skip(1).peekable();
    let is_version = |s: &&str| s.starts_with('v') && s[1..].starts_with(|c: char| c.is_ascii_digit());
    let is_project = |s: &&str| s.len() == 32 && s.chars().all(|c| c.is_ascii_hexdigit());
    if segments.next_if(is_version).is_some() {
        segments.next_if(is_project);
    }
    segments.flat_map(|s| ["/", s]).collect()
}

fn head(reply: &Reply, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(reply.content_type));
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    response
}

fn send(mut reply: Reply) -> Response<Body> {
    let body = Body::from(std::mem::take(&mut reply.body));
    head(&reply, body)
}

/// Promises the whole length, sends half and breaks off.
fn send_half(mut reply: Reply) -> Response<Body> {
    let body = Bytes::from(std::mem::take(&mut reply.body));
    let length = body.len();
    let sent = stream::iter([Ok(body.slice(..length / 2))]);
    // A moment between the half and the break lets the half reach the client first.
    let broken = stream::once(async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    });
    let mut response = head(&reply, Body::from_stream(sent.chain(broken)));
    response.headers_mut().insert("content-length", HeaderValue::from(length));
    response
}
