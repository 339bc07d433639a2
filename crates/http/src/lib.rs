//! How providers speak HTTP: one client, a bounded number of requests in flight, patience with busy servers, errors in
//! words a person can act on, counters, and a recording of what was said.
//!
//! This crate knows no provider: no service, no path, no way to sign in. It does not look into answers further than to
//! see that they are whole, and keeps nothing between calls but counters.
//!
//! Nobody else builds a client; `clippy.toml` refuses it.

mod answer;
mod call;
mod client;
mod failure;
mod gate;
mod http;
mod paging;
mod redact;
mod retry;
mod span;
mod tape;
#[cfg(feature = "testing")]
pub mod testing;
mod usage;

pub use answer::{Answer, error_text};
pub use call::Call;
pub use client::{ClientError, Options, client, tls_client};
pub use failure::{classify, first_line};
pub use gate::Gate;
pub use http::Http;
pub use paging::{BrokenPaging, Paging};
pub use redact::{REDACTED, redact_json, redact_text, redact_value};
pub use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
pub use reqwest::{Client, Method, Response};
pub use retry::{RetryPolicy, retry_after};
pub use url::Url;
