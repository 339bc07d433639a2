//! Making a call: wait for a turn, ask, judge, ask again where that may help, count, record.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::BytesMut;
use reqwest::header::{ACCEPT, HeaderValue};
use stocktake_provider::{ApiUsage, ErrorKind, ProviderError, Secret, Traffic};
use tokio::sync::broadcast;
use url::Url;

use crate::answer::Answer;
use crate::call::Call;
use crate::client::{ClientError, Options, client};
use crate::failure::{classify, first_line};
use crate::gate::Gate;
use crate::retry::retry_after;
use crate::span;
use crate::tape::Tape;
use crate::usage::Usage;

/// The way to one external system: client, budget, patience, counters, tape. Cheap to clone; clones share all of it.
#[derive(Debug, Clone)]
pub struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    options: Options,
    gate: Gate,
    usage: Usage,
    tape: Tape,
    notices: broadcast::Sender<String>,
}

/// An attempt that failed but may be made again.
struct Setback {
    error: ProviderError,
    /// What the server asks to wait.
    asked: Option<Duration>,
    /// Attempts this kind of failure deserves.
    at_most: u32,
}

impl Http {
    pub fn new(options: Options, traffic: Traffic) -> Result<Self, ClientError> {
        let client = client(&options)?;
        let gate = Gate::new(options.in_flight);
        let (notices, _) = broadcast::channel(64);
        Ok(Self(Arc::new(Inner { client, options, gate, usage: Usage::default(), tape: Tape::new(traffic), notices })))
    }

    pub fn usage(&self) -> ApiUsage {
        self.0.usage.read()
    }

    /// Keeps a secret out of recordings, wherever an answer may quote it.
    pub fn hide(&self, secret: &Secret) {
        self.0.tape.hide(secret);
    }

    /// Whether answers come from a recording: clocks and lifetimes in them are history.
    pub fn is_replay(&self) -> bool {
        self.0.tape.is_replay()
    }

    /// What a waiting person would want to know: `compute answers 429, waiting 2 s`.
    pub fn notices(&self) -> broadcast::Receiver<String> {
        self.0.notices.subscribe()
    }

    /// Makes a call. 2xx answers are whole JSON (or empty with 204); 429 and the 5xx that pass are asked again and end as
    /// errors; any other status is an answer, for the caller to judge.
    ///
    /// May be dropped at any time: the request is abandoned and its turn given back.
    pub async fn send(&self, call: &Call) -> Result<Answer, ProviderError> {
        let inner = &*self.0;
        if let Some(outcome) = inner.tape.replay(call) {
            inner.usage.call();
            inner.usage.bytes(outcome.as_ref().map_or(0, |a| a.body.len()));
            return outcome;
        }
        let outcome = span::around(call, inner.patiently(call)).await;
        inner.tape.record(call, &outcome);
        outcome
    }
}

impl Inner {
    async fn patiently(&self, call: &Call) -> Result<Answer, ProviderError> {
        let mut patience = self.options.retry.begin();
        loop {
            let setback = match self.attempt(call).await {
                Ok(answer) => return Ok(answer),
                Err(setback) => setback,
            };
            let at_most = if call.repeatable { setback.at_most } else { 1 };
            match patience.next(setback.asked, at_most) {
                Ok(wait) => {
                    self.tell(call, &setback.error, wait, patience.made());
                    tokio::time::sleep(wait).await;
                    self.usage.retry();
                    span::asked_again(patience.made());
                }
                Err(why) if why.is_empty() => return Err(setback.error),
                Err(why) => {
                    let message = format!("{}; {why}", setback.error.message);
                    return Err(ProviderError { message, ..setback.error });
                }
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, Setback> {
        const ALWAYS: u32 = u32::MAX;
        let _turn = self.gate.enter().await;
        self.usage.call();
        let answer = self.exchange(call).await.map_err(|error| {
            let at_most = match error.kind {
                ErrorKind::Tls | ErrorKind::Configuration => 1,
                // Each costs the whole time-out.
                ErrorKind::Timeout => 2,
                _ => ALWAYS,
            };
            Setback { error, asked: None, at_most }
        })?;
        match answer.status {
            429 | 500 | 502 | 503 | 504 => {
                if answer.status == 429 {
                    self.usage.throttled();
                }
                let asked = retry_after(&answer.headers, SystemTime::now());
                match answer.ok(&call.name) {
                    Ok(answer) => Ok(answer),
                    Err(error) => Err(Setback { error, asked, at_most: ALWAYS }),
                }
            }
            204 => Ok(answer),
            200..=299 => whole_json(call, answer),
            _ => Ok(answer),
        }
    }

    /// One request over the wire, its body read to the end.
    async fn exchange(&self, call: &Call) -> Result<Answer, ProviderError> {
        let host = host_and_port(&call.url);
        let classify = |e: reqwest::Error| classify(&e, &call.name, &host, &self.options);
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .header(ACCEPT, HeaderValue::from_static("application/json"))
            .headers(call.selecting.clone())
            .headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await.map_err(classify)?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let expected = response.content_length().unwrap_or(0) as usize;
        let mut body = BytesMut::with_capacity(expected.min(self.options.largest_body));
        while let Some(chunk) = response.chunk().await.map_err(classify)? {
            self.usage.bytes(chunk.len());
            if body.len() + chunk.len() > self.options.largest_body {
                let most = self.options.largest_body >> 20;
                return Err(call.failed(ErrorKind::BadAnswer, format!("the answer is larger than {most} MiB")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body: body.freeze() })
    }

    fn tell(&self, call: &Call, error: &ProviderError, wait: Duration, attempt: u32) {
        tracing::debug!(call = %call.name, error = %error.message, ?wait, attempt, "asking again");
        let wait = wait.as_secs_f64();
        // Nobody listening is fine.
        let _ = self.notices.send(format!("{}: {}, waiting {wait:.1} s", call.asked, error.message));
    }
}

/// A good answer is JSON from its first to its last byte. Full syntax is for whoever reads it; the ends suffice to know a
/// login page or a body that a proxy cut off.
fn whole_json(call: &Call, answer: Answer) -> Result<Answer, Setback> {
    let body = answer.body.trim_ascii();
    let ends = (body.first(), body.last());
    if matches!(ends, (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))) && body.len() > 1 {
        return Ok(answer);
    }
    let status = answer.status;
    let (message, at_most) = match ends.0 {
        None => (format!("answered {status} with an empty body"), u32::MAX),
        Some(b'{' | b'[') => (format!("answered {status} but the JSON is cut off after {} bytes", body.len()), u32::MAX),
        Some(_) => {
            let kind = answer.header("content-type").unwrap_or("no content type").to_owned();
            let start = first_line(&String::from_utf8_lossy(&body[..body.len().min(120)]));
            (format!("answered {status} with {kind} instead of JSON: {start}"), 1)
        }
    };
    let hint = (at_most == 1).then(|| "check that the address is the API's and not a web page's".to_owned());
    Err(Setback { error: ProviderError { hint, ..call.failed(ErrorKind::BadAnswer, message) }, asked: None, at_most })
}

fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or("?");
    url.port_or_known_default().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
