//! Errors of the world outside, in words a person can act on.

use serde::{Deserialize, Serialize};

/// What went wrong, by what a person would do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The host's name is not known.
    Dns,
    /// Nobody answers at that address and port.
    Connect,
    /// The certificate is not trusted, or TLS failed otherwise.
    Tls,
    Timeout,
    /// 401: wrong, expired or revoked credentials.
    Unauthorized,
    /// 403: signed in, but the role is missing.
    Forbidden,
    /// 404 for one object: it does not exist. For a listing: the service has no such call.
    NotFound,
    /// 429 beyond the retries.
    Throttled,
    /// 5xx beyond the retries.
    Server,
    /// The answer is not what the API promises: cut off, not JSON, a page that repeats.
    BadAnswer,
    /// The service is not in the catalogue.
    NoService,
    /// The settings are wrong or incomplete.
    Configuration,
}

/// A call that failed. The text says which call, why, and what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{call}: {message}{}", hint.as_ref().map(|h| format!("; {h}")).unwrap_or_default())]
pub struct ProviderError {
    pub kind: ErrorKind,
    /// `GET compute /servers/detail`
    pub call: String,
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The settings cannot make a provider.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{field}: {message}")]
pub struct ConnectError {
    pub field: String,
    pub message: String,
}
