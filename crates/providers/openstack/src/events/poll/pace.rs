//! When the next round is due: some time after the last one ended, not always the same, so that many pollers that were
//! started together do not stay together.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

#[derive(Debug)]
pub(super) struct Pace {
    every: Duration,
    due: Instant,
}

impl Pace {
    /// The first round is due at once.
    pub(super) fn new(every: Duration) -> Self {
        Self { every, due: Instant::now() }
    }

    /// Nothing is lost when this is dropped: what is due stays due.
    pub(super) async fn wait(&self) {
        sleep_until(self.due).await;
    }

    /// A round has ended.
    pub(super) fn rest(&mut self) {
        // A fresh RandomState is a fresh random number, and saves a dependency for what needs no quality.
        let dice = f64::from(RandomState::new().hash_one(0) as u32) / f64::from(u32::MAX);
        self.due = Instant::now() + self.every.mul_f64(0.9 + dice / 5.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn rounds_keep_their_distance_and_a_wait_may_be_dropped() {
        let start = Instant::now();
        let mut pace = Pace::new(Duration::from_secs(10));
        pace.wait().await;
        assert_eq!(start.elapsed(), Duration::ZERO, "the first is due at once");
        for _ in 0..100 {
            pace.rest();
            let start = Instant::now();
            for _ in 0..5 {
                let _ = tokio::time::timeout(Duration::from_secs(1), pace.wait()).await;
            }
            pace.wait().await;
            let waited = start.elapsed();
            assert!(waited >= Duration::from_secs(9) && waited <= Duration::from_millis(11_010), "{waited:?}");
        }
    }
}
