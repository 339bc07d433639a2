//! What goes over the wire, counted, and where asked for recorded or replayed.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Counters since the provider was connected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiUsage {
    pub calls: u64,
    /// Calls made again after 429, 5xx or a broken connection.
    pub retries: u64,
    /// 429 answers among them.
    pub throttled: u64,
    /// Bytes of bodies as received, before decompression where known.
    pub bytes: u64,
}

impl ApiUsage {
    pub fn add(&mut self, other: Self) {
        self.calls += other.calls;
        self.retries += other.retries;
        self.throttled += other.throttled;
        self.bytes += other.bytes;
    }

    /// What was added since an earlier reading of the same counters.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            calls: self.calls.saturating_sub(earlier.calls),
            retries: self.retries.saturating_sub(earlier.retries),
            throttled: self.throttled.saturating_sub(earlier.throttled),
            bytes: self.bytes.saturating_sub(earlier.bytes),
        }
    }
}

/// One request and its answer, redacted: no token, no password, no secret header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub method: String,
    /// Path and query; the host is left out so that a recording can be replayed anywhere.
    pub url: String,
    /// The headers that select an answer (microversions).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_headers: Vec<(String, String)>,
    pub status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// How a provider reaches its system.
#[derive(Debug, Clone, Default)]
pub enum Traffic {
    #[default]
    Live,
    /// Live, and every exchange is appended here.
    Record(Arc<Mutex<Vec<Exchange>>>),
    /// No network: answers come from these exchanges.
    Replay(Arc<Vec<Exchange>>),
}

impl Traffic {
    pub fn recorder() -> (Self, Arc<Mutex<Vec<Exchange>>>) {
        let kept = Arc::default();
        (Self::Record(Arc::clone(&kept)), kept)
    }

    pub fn record(&self, exchange: impl FnOnce() -> Exchange) {
        if let Self::Record(kept) = self {
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(exchange());
        }
    }
}
