//! Patience with a busy or broken server: how often to ask again, how long to wait, when to give up and why.
//!
//! Pure but for the dice; it does not sleep itself.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// Limits of the patience with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is made at most, the first time included.
    pub attempts: u32,
    /// First wait; each further one doubles, up to `longest`, and is cut by up to half at random.
    pub first: Duration,
    pub longest: Duration,
    /// All waits of one request together.
    pub total: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first: Duration::from_millis(500),
            longest: Duration::from_secs(8),
            total: Duration::from_secs(30),
        }
    }
}

/// The patience left for one request.
#[derive(Debug)]
pub(crate) struct Patience {
    policy: RetryPolicy,
    made: u32,
    waited: Duration,
}

impl RetryPolicy {
    pub(crate) fn begin(self) -> Patience {
        Patience { policy: self, made: 0, waited: Duration::ZERO }
    }
}

impl Patience {
    /// After a failed attempt: how long to wait before the next, or why there is none.
    /// `asked` is what the server asked to wait, `at_most` how many attempts this kind of failure deserves.
    pub(crate) fn next(&mut self, asked: Option<Duration>, at_most: u32) -> Result<Duration, String> {
        self.made += 1;
        if self.made >= self.policy.attempts.min(at_most) {
            return Err(if self.made == 1 { String::new() } else { format!("given up after {} attempts", self.made) });
        }
        let wait = asked.unwrap_or_else(|| self.backoff());
        let left = self.policy.total.saturating_sub(self.waited);
        if wait > left {
            let (total, wait) = (self.policy.total.as_secs(), wait.as_secs());
            return Err(match asked {
                Some(_) => format!("it asks to wait {wait} s, more than is left of the {total} s we wait for a request"),
                None => format!("given up after {} attempts, having waited {total} s", self.made),
            });
        }
        self.waited += wait;
        Ok(wait)
    }

    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    fn backoff(&self) -> Duration {
        let doubled = self.policy.first.saturating_mul(1 << (self.made - 1).min(16));
        let wait = doubled.min(self.policy.longest);
        // A fresh RandomState is a fresh random number, and saves a dependency for what needs no quality.
        let dice = f64::from(RandomState::new().hash_one(self.made) as u32) / f64::from(u32::MAX);
        wait.mul_f64(1.0 - dice / 2.0)
    }
}

/// What the server asks to wait: seconds or an HTTP date. A date is measured by the server's own clock where the answer
/// tells it, so that a wrong clock here does not matter.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = http_date(text)?;
    let now = headers.get(DATE).and_then(|d| http_date(d.to_str().ok()?)).or_else(|| Timestamp::try_from(now).ok())?;
    Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
}

fn http_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 4,
        first: Duration::from_secs(1),
        longest: Duration::from_secs(3),
        total: Duration::from_secs(30),
    };

    #[test]
    fn waits_double_within_bounds_and_end() {
        let mut patience = POLICY.begin();
        for (least, most) in [(500, 1000), (1000, 2000), (1500, 3000)] {
            let wait = patience.next(None, u32::MAX).expect("patience is left").as_millis();
            assert!((least..=most).contains(&wait), "{wait} ms is not in {least}..={most}");
        }
        assert_eq!(patience.next(None, u32::MAX), Err("given up after 4 attempts".to_owned()));
    }

    #[test]
    fn the_servers_wish_counts_up_to_the_total() {
        let mut patience = POLICY.begin();
        assert_eq!(patience.next(Some(Duration::from_secs(20)), u32::MAX), Ok(Duration::from_secs(20)));
        let refused = patience.next(Some(Duration::from_secs(20)), u32::MAX);
        assert!(refused.is_err_and(|why| why.contains("asks to wait 20 s") && why.contains("30 s")));
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().expect("a name"), v.parse().expect("a value"))).collect()
    }

    #[test]
    fn retry_after_is_read_as_seconds_and_as_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let after = |pairs| retry_after(&headers(pairs), now);
        assert_eq!(after(&[("retry-after", "120")]), Some(Duration::from_mins(2)));
        // 1994-11-06T08:49:37Z is second 784111777.
        assert_eq!(after(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")]), Some(Duration::from_secs(10)));
        assert_eq!(after(&[("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT")]), Some(Duration::ZERO));
        let skewed = [("retry-after", "Sun, 06 Nov 1994 10:00:05 GMT"), ("date", "Sun, 06 Nov 1994 10:00:00 GMT")];
        assert_eq!(after(&skewed), Some(Duration::from_secs(5)));
        assert_eq!(after(&[("retry-after", "soon")]), None);
        assert_eq!(after(&[]), None);
    }
}
