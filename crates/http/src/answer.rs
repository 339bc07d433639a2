//! An answer as it came: status, headers, body. Whether a status is good news is the caller's to say; [`Answer::ok`]
//! says what most callers want.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use stocktake_provider::{ErrorKind, ProviderError};

/// A whole answer; the body is complete and decompressed.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header's value, if it is there and text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The answer if its status is 2xx, else the error it stands for, in the server's own words where it gave any.
    ///
    /// `call` names the call for people: `GET compute /servers/detail`.
    pub fn ok(self, call: &str) -> Result<Self, ProviderError> {
        let (kind, hint) = match self.status {
            200..=299 => return Ok(self),
            401 => (ErrorKind::Unauthorized, Some("check the credentials")),
            403 => (ErrorKind::Forbidden, Some("the credential lacks a role for this call")),
            404 => (ErrorKind::NotFound, None),
            429 => (ErrorKind::Throttled, Some("ask again later, or with less in flight")),
            500..=599 => (ErrorKind::Server, Some("look into the service's log")),
            300..=399 => (ErrorKind::BadAnswer, Some("check the endpoint's address")),
            _ => (ErrorKind::BadAnswer, None),
        };
        let mut message = format!("answered {}", self.status);
        if let Some(place) = self.header("location").filter(|_| (300..400).contains(&self.status)) {
            message = format!("{message}, redirecting to {place}");
        }
        if let Some(text) = error_text(&self.body) {
            message = format!("{message}: {text}");
        }
        Err(ProviderError { kind, call: call.to_owned(), message, hint: hint.map(str::to_owned) })
    }
}

/// What a server says of an error: the first `message` at the top of its JSON or one level down, in one line.
pub fn error_text(body: &[u8]) -> Option<String> {
    const LONGEST: usize = 300;
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let top = json.as_object()?;
    let text = |v: &serde_json::Value| v.as_str().map(str::to_owned);
    let found = top
        .get("message")
        .and_then(text)
        .or_else(|| top.values().find_map(|v| v.get("message").and_then(text)))
        .or_else(|| top.values().find_map(text))?;
    let line = found.replace("<br />", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then(|| line.chars().take(LONGEST).collect())
}
