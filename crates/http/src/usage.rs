//! Counters of what was asked, shared by all who ask.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use stocktake_provider::ApiUsage;

#[derive(Debug, Default)]
pub(crate) struct Usage {
    calls: AtomicU64,
    retries: AtomicU64,
    throttled: AtomicU64,
    bytes: AtomicU64,
}

impl Usage {
    pub(crate) fn call(&self) {
        self.calls.fetch_add(1, Relaxed);
    }

    pub(crate) fn retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub(crate) fn throttled(&self) {
        self.throttled.fetch_add(1, Relaxed);
    }

    pub(crate) fn bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn read(&self) -> ApiUsage {
        ApiUsage {
            calls: self.calls.load(Relaxed),
            retries: self.retries.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
        }
    }
}
