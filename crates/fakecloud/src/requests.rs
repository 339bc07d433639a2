//! What was asked of the cloud: counters a test can look at. Knows nothing of answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// Counted since the start, or since the counters were reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Requests {
    /// Requests by method and path pattern: `GET /compute/v2.1/servers/{id}`.
    pub by_pattern: BTreeMap<String, u64>,
    /// Answers by status; a connection that was cut counts as 0.
    pub by_status: BTreeMap<u16, u64>,
    pub total: u64,
    /// `POST /v3/auth/tokens`.
    pub logins: u64,
    pub in_flight: u64,
    /// The most requests that were in flight at once, whatever the service.
    pub in_flight_max: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Log(Mutex<Requests>);

/// One request in flight; dropping it ends it.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a Log);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.with(|r| r.in_flight -= 1);
    }
}

impl Log {
    fn with<T>(&self, look: impl FnOnce(&mut Requests) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn begin(&self, method: &str, path: &str) -> InFlight<'_> {
        let pattern = format!("{method} {}", pattern_of(path));
        self.with(|r| {
            r.total += 1;
            r.logins += u64::from(pattern == "POST /identity/v3/auth/tokens");
            *r.by_pattern.entry(pattern).or_default() += 1;
            r.in_flight += 1;
            r.in_flight_max = r.in_flight_max.max(r.in_flight);
        });
        InFlight(self)
    }

    pub(crate) fn answered(&self, status: u16) {
        self.with(|r| *r.by_status.entry(status).or_default() += 1);
    }

    pub(crate) fn read(&self) -> Requests {
        self.with(|r| r.clone())
    }

    /// Forgets the counts; what is in flight stays in flight.
    pub(crate) fn reset(&self) {
        self.with(|r| *r = Requests { in_flight: r.in_flight, in_flight_max: r.in_flight, ..Requests::default() });
    }
}

/// Ids become `{id}`, so that the number of patterns stays small whatever the size of the cloud.
fn pattern_of(path: &str) -> String {
    let is_id = |s: &str| {
        let digits = s.chars().filter(char::is_ascii_hexdigit).count();
        let plain = s.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        plain && (digits == 32 || s.chars().all(|c| c.is_ascii_digit()))
    };
    let segments = path.split('/').filter(|s| !s.is_empty());
    segments.flat_map(|s| ["/", if is_id(s) { "{id}" } else { s }]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_pattern_and_at_once() {
        let log = Log::default();
        let a = log.begin("GET", "/compute/v2.1/servers/115478be-cba5-4efe-9c36-3a7980159528");
        let b = log.begin("GET", "/volume/v3/74360fcc6ad64351a8f92817197304e7/volumes/detail");
        drop((a, b));
        drop(log.begin("POST", "/identity/v3/auth/tokens"));
        let seen = log.read();
        assert_eq!((seen.total, seen.logins, seen.in_flight, seen.in_flight_max), (3, 1, 0, 2));
        let patterns: Vec<_> = seen.by_pattern.keys().map(String::as_str).collect();
        assert_eq!(
            patterns,
            ["GET /compute/v2.1/servers/{id}", "GET /volume/v3/{id}/volumes/detail", "POST /identity/v3/auth/tokens"]
        );
    }
}
