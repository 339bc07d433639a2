//! What was told lately, so that the overlap of one question with the next repeats nothing.
//!
//! Two rounds are remembered: what an overlap can bring again was in the last round, or is newer. After a restart nothing
//! is remembered; then the same keys go out again, and are dropped where events are kept.

use std::collections::HashSet;

#[derive(Debug, Default)]
pub(super) struct Told {
    before: HashSet<u64>,
    now: HashSet<u64>,
}

impl Told {
    /// Whether it is new. Remembered either way.
    pub(super) fn is_news(&mut self, key: &str) -> bool {
        let digest = xxhash_rust::xxh3::xxh3_64(key.as_bytes());
        self.now.insert(digest) && !self.before.contains(&digest)
    }

    /// A question was answered to its end; what it did not bring again need not be remembered for longer.
    pub(super) fn turn(&mut self) {
        self.before = std::mem::take(&mut self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_again_round_after_round_is_news_once() {
        let mut told = Told::default();
        assert!(told.is_news("a"));
        for _ in 0..3 {
            told.turn();
            assert!(!told.is_news("a") && !told.is_news("a"));
        }
        told.turn();
        assert!(told.is_news("b"));
        told.turn();
        assert!(told.is_news("a"), "forgotten after a round without it");
    }
}
