//! Recording what was said, and answering from a recording instead of a network.
//!
//! A recording holds the outcome of each call, not its attempts: replaying does not wait. A call that failed without an
//! answer is kept with status 0 and the error as its body, so that a replay fails in the same way. What selects an answer
//! is the method, the path with its query, who was asked, and the selecting headers; never the host.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use stocktake_provider::{ErrorKind, Exchange, ProviderError, Secret, Traffic};

use crate::answer::Answer;
use crate::call::Call;
use crate::redact::{self, REDACTED};

/// Name under which a recording keeps who was asked: services of one system may share paths.
const ASKED: &str = "asked";

/// Headers that say nothing of the answer's meaning; the body is kept unpacked.
const DULL: [&str; 7] =
    ["date", "connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "server"];

#[derive(Debug)]
pub(crate) struct Tape {
    traffic: Traffic,
    /// For each request of the recording, its exchanges in order and how many of them were given.
    index: Mutex<HashMap<Request, (Vec<usize>, usize)>>,
    hidden: Mutex<Vec<Secret>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Request {
    method: String,
    url: String,
    selecting: Vec<(String, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Unanswered {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
}

impl Tape {
    pub(crate) fn new(traffic: Traffic) -> Self {
        let mut index: HashMap<Request, (Vec<usize>, usize)> = HashMap::new();
        if let Traffic::Replay(exchanges) = &traffic {
            for (i, e) in exchanges.iter().enumerate() {
                index.entry(request_of(&e.method, &e.url, e.request_headers.clone())).or_default().0.push(i);
            }
        }
        Self { traffic, index: Mutex::new(index), hidden: Mutex::default() }
    }

    pub(crate) fn is_replay(&self) -> bool {
        matches!(self.traffic, Traffic::Replay(_))
    }

    /// From now on this text does not appear in the recording, nor in what is looked up in one.
    pub(crate) fn hide(&self, secret: &Secret) {
        if !matches!(self.traffic, Traffic::Live) {
            self.hidden.lock().unwrap_or_else(PoisonError::into_inner).push(secret.clone());
        }
    }

    /// The recorded answer; none when there is a network to ask. Repeated requests get their answers in order, and the last
    /// one again when there are no more.
    pub(crate) fn replay(&self, call: &Call) -> Option<Result<Answer, ProviderError>> {
        let Traffic::Replay(exchanges) = &self.traffic else { return None };
        let request = request_of(call.method.as_str(), &self.clean(&path_and_query(call)), selecting(call));
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let found = index.get_mut(&request).and_then(|(at, given)| {
            let i = at.get(*given).or(at.last()).copied()?;
            *given += 1;
            exchanges.get(i)
        });
        Some(match found {
            Some(exchange) => played(exchange, call),
            None => Err(ProviderError {
                kind: ErrorKind::BadAnswer,
                call: call.name.clone(),
                message: format!("the recording holds no answer for {} {}", request.method, request.url),
                hint: Some("record again with the same settings and version".to_owned()),
            }),
        })
    }

    /// The text as a recording may hold it.
    fn clean(&self, text: &str) -> String {
        use secrecy::ExposeSecret as _;
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        redact::redact_text(&redact::redact_json(text), hidden.iter().map(Secret::expose_secret))
    }

    pub(crate) fn record(&self, call: &Call, outcome: &Result<Answer, ProviderError>) {
        self.traffic.record(|| {
            let clean = |text: &str| self.clean(text);
            let (status, headers, body) = match outcome {
                Ok(answer) => {
                    (answer.status, kept_headers(&answer.headers, clean), clean(&String::from_utf8_lossy(&answer.body)))
                }
                Err(e) => {
                    let said = Unanswered { kind: e.kind, message: e.message.clone(), hint: e.hint.clone() };
                    (0, Vec::new(), clean(&serde_json::to_string(&said).unwrap_or_default()))
                }
            };
            Exchange {
                method: call.method.to_string(),
                url: clean(&path_and_query(call)),
                request_headers: selecting(call),
                status,
                headers,
                body,
            }
        });
    }
}

fn played(exchange: &Exchange, call: &Call) -> Result<Answer, ProviderError> {
    if exchange.status == 0 {
        let call = call.name.clone();
        return Err(match serde_json::from_str::<Unanswered>(&exchange.body) {
            Ok(Unanswered { kind, message, hint }) => ProviderError { kind, call, message, hint },
            Err(e) => {
                let message = format!("the recording of this failed call cannot be read: {e}");
                ProviderError { kind: ErrorKind::BadAnswer, call, message, hint: None }
            }
        });
    }
    let header = |(k, v): &(String, String)| Some((k.parse::<HeaderName>().ok()?, v.parse::<HeaderValue>().ok()?));
    let headers = exchange.headers.iter().filter_map(header).collect();
    Ok(Answer { status: exchange.status, headers, body: Bytes::from(exchange.body.clone()) })
}

fn kept_headers(headers: &HeaderMap, clean: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(name, _)| !DULL.contains(&name.as_str()));
    kept.map(|(name, value)| {
        let value = if redact::is_secret_header(name.as_str()) {
            REDACTED.to_owned()
        } else {
            clean(&String::from_utf8_lossy(value.as_bytes()))
        };
        (name.to_string(), value)
    })
    .collect()
}

fn request_of(method: &str, url: &str, mut selecting: Vec<(String, String)>) -> Request {
    selecting.sort();
    Request { method: method.to_owned(), url: url.to_owned(), selecting }
}

fn selecting(call: &Call) -> Vec<(String, String)> {
    let asked = (ASKED.to_owned(), call.asked.to_owned());
    let headers = call.selecting.iter().map(|(k, v)| (k.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()));
    std::iter::once(asked).chain(headers).collect()
}

fn path_and_query(call: &Call) -> String {
    call.url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()
}
