//! How long a failed job waits for its next attempt.

use std::time::Duration;

use crate::job::JobId;

/// Doubles with each attempt. Jobs that failed together come back apart: each waits between three quarters and all of its
/// span, by its id, so that what happens can be foretold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first failure.
    pub first: Duration,
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(5), most: Duration::from_mins(15) }
    }
}

impl Backoff {
    /// After the failure of attempt number `attempt`, counted from 1.
    pub fn after(&self, attempt: u16, id: JobId) -> Duration {
        let doubled = 1_u32.checked_shl(u32::from(attempt.saturating_sub(1))).unwrap_or(u32::MAX);
        let span = self.first.saturating_mul(doubled).min(self.most);
        // A multiplicative hash: neighbouring ids land far apart.
        let part = (id.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
        span.mul_f64(1.0 - part as f64 / 4096.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_double_up_to_a_limit_and_differ_by_job() {
        let backoff = Backoff { first: Duration::from_secs(4), most: Duration::from_mins(1) };
        for id in (1..500).map(JobId) {
            for (attempt, whole) in [(1, 4), (2, 8), (3, 16), (5, 60), (40, 60), (u16::MAX, 60)] {
                let span = backoff.after(attempt, id);
                assert!(span <= Duration::from_secs(whole) && span >= Duration::from_secs(whole) * 3 / 4, "{id} {span:?}");
                assert_eq!(span, backoff.after(attempt, id));
            }
        }
        let spans: std::collections::BTreeSet<_> = (1..101).map(|id| backoff.after(1, JobId(id))).collect();
        assert!(spans.len() > 80, "{}", spans.len());
    }
}
