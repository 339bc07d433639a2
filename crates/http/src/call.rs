//! A call, as data: what to ask, of whom, and what of it selects the answer.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use stocktake_provider::{ErrorKind, ProviderError};
use url::Url;

/// One request, to be made as often as patience allows.
#[derive(Debug, Clone)]
pub struct Call {
    /// For people: `GET compute /servers/detail`.
    pub name: String,
    /// Which part of the system is asked; tells its answers from those of others in a recording.
    pub asked: &'static str,
    pub method: Method,
    pub url: Url,
    /// Headers that choose between answers, e.g. microversions. They are recorded and compared on replay.
    pub selecting: HeaderMap,
    /// All other headers, secrets among them. Never recorded.
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
    /// Whether asking twice does no harm.
    pub repeatable: bool,
}

impl Call {
    pub fn get(asked: &'static str, url: Url) -> Self {
        Self {
            name: format!("GET {asked} {}", url.path()),
            asked,
            method: Method::GET,
            url,
            selecting: HeaderMap::new(),
            headers: HeaderMap::new(),
            body: None,
            repeatable: true,
        }
    }

    /// A POST whose answer is wanted and whose repetition does no harm, such as signing in.
    pub fn post_json(asked: &'static str, url: Url, body: impl Into<Bytes>) -> Self {
        let mut call = Self::get(asked, url);
        call.name = format!("POST {asked} {}", call.url.path());
        call.method = Method::POST;
        call.body = Some(body.into());
        call.with(CONTENT_TYPE, HeaderValue::from_static("application/json"))
    }

    /// Names the call for people in other words than its address.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub fn selecting(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.selecting.insert(name, value);
        self
    }

    pub(crate) fn failed(&self, kind: ErrorKind, message: impl Into<String>) -> ProviderError {
        ProviderError { kind, call: self.name.clone(), message: message.into(), hint: None }
    }
}
