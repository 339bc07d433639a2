//! A request and a reply as the services see them: plain values, no sockets, no framework.
//!
//! So a service is a function from request to reply, and the faults can spoil a reply before it is sent.

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use url::form_urlencoded;

use crate::json::{Obj, document};

/// Which API a request goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    Identity,
    Compute,
    Network,
    Image,
    Volume,
    Orchestration,
}

impl Service {
    /// The first segment of the service's paths.
    pub fn root(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Compute => "compute",
            Self::Network => "network",
            Self::Image => "image",
            Self::Volume => "volume",
            Self::Orchestration => "orchestration",
        }
    }

    pub fn all() -> [Self; 6] {
        [Self::Identity, Self::Compute, Self::Network, Self::Image, Self::Volume, Self::Orchestration]
    }

    pub fn of_root(root: &str) -> Option<Self> {
        Self::all().into_iter().find(|s| s.root() == root)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub method: Method,
    /// The whole path, as asked for.
    pub path: String,
    /// Decoded, in the order given.
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    pub(crate) fn new(method: Method, path: &str, query: &str, headers: HeaderMap, body: Bytes) -> Self {
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { method, path: path.to_owned(), query, headers, body }
    }

    /// The path's segments, without empty ones (a slash too many is forgiven, as the real services do).
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|s| !s.is_empty()).collect()
    }

    pub(crate) fn query(&self, key: &str) -> Option<&str> {
        self.query.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    /// A flag in the query, in any of the ways OpenStack reads one.
    pub(crate) fn flag(&self, key: &str) -> bool {
        self.query(key).is_some_and(|v| matches!(v.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on" | "t" | "y"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// This request's query with `marker` replaced; nova and cinder sort the keys, neutron keeps their order.
    pub(crate) fn next_query(&self, marker: &str, sorted: bool) -> String {
        let mut pairs: Vec<_> = self.query.iter().filter(|(k, _)| k != "marker" && k != "page_reverse").collect();
        if sorted {
            pairs.sort();
        }
        let mut out = form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(pairs);
        out.append_pair("marker", marker);
        out.finish()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

pub(crate) const JSON: &str = "application/json";

impl Reply {
    pub(crate) fn new(status: u16, body: Vec<u8>) -> Self {
        Self { status, content_type: JSON, headers: Vec::new(), body }
    }

    pub(crate) fn ok(fill: impl FnOnce(&mut Obj<'_>)) -> Self {
        Self::new(200, document(fill))
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// How nova, cinder and heat say no: one object named after the fault.
    pub(crate) fn fault(status: u16, name: &str, message: &str) -> Self {
        Self::new(
            status,
            document(|o| {
                o.obj(name, |o| {
                    o.put("code", u32::from(status)).put("message", message);
                });
            }),
        )
    }

    /// How keystone, and the token filter in front of every service, say no.
    pub(crate) fn keystone(status: u16, title: &str, message: &str) -> Self {
        Self::new(
            status,
            document(|o| {
                o.obj("error", |o| {
                    o.put("code", u32::from(status)).put("message", message).put("title", title);
                });
            }),
        )
    }

    /// How neutron says no.
    pub(crate) fn neutron(status: u16, kind: &str, message: &str) -> Self {
        Self::new(
            status,
            document(|o| {
                o.obj("NeutronError", |o| {
                    o.put("type", kind).put("message", message).put("detail", "");
                });
            }),
        )
    }

    /// How glance says no.
    pub(crate) fn glance(status: u16, title: &str, message: &str) -> Self {
        Self::new(
            status,
            document(|o| {
                o.put("message", format!("{message}<br /><br />\n\n\n"));
                o.put("code", format!("{status} {title}")).put("title", title);
            }),
        )
    }

    pub(crate) fn unauthorized(identity_url: &str) -> Self {
        Self::keystone(401, "Unauthorized", "The request you have made requires authentication.")
            .with("WWW-Authenticate", format!("Keystone uri=\"{identity_url}\""))
    }
}
