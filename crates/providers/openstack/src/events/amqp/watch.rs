//! Whether something is lost while we are connected: a queue that is full drops its oldest messages, and the broker tells
//! nobody. It is looked at now and then; what is filled and emptied between two looks is not seen.

use std::time::{Duration, Instant};

/// A queue is looked at no more often.
const LOOKS: Duration = Duration::from_secs(2);

/// Of one that stays full it is told again after so long: each time everything is asked for.
const AGAIN: Duration = Duration::from_mins(1);

/// What is known of how full a queue is.
#[derive(Debug)]
pub(super) struct Fullness {
    length: u32,
    /// When everything was asked for: what was lost before is made up for.
    told: Option<Instant>,
    looked: Option<Instant>,
    full: bool,
}

impl Fullness {
    pub(super) const fn new(length: u32, told: Option<Instant>) -> Self {
        Self { length, told, looked: None, full: false }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.looked.is_none_or(|looked| now - looked >= LOOKS)
    }

    /// When it was looked at last.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    /// Whether messages were lost of which nobody was told yet. Nearly full counts as full: it was, a moment before or after.
    pub(super) fn lost(&mut self, waiting: u32, now: Instant) -> bool {
        self.looked = Some(now);
        let was_full = std::mem::replace(&mut self.full, waiting >= self.length - self.length / 10);
        if self.full { self.told.is_none_or(|told| now - told >= AGAIN) } else { was_full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_is_told_at_once_again_each_minute_and_when_it_is_over() {
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        let mut resumed = Fullness::new(1_000, None);
        assert!(resumed.is_due(begun));
        assert!(!resumed.lost(899, begun));
        assert!(!resumed.is_due(after(1)) && resumed.is_due(after(2)));
        assert!(resumed.lost(900, after(2)));

        let mut told = Fullness::new(1_000, Some(begun));
        assert!(!told.lost(1_000, after(2)), "just told");
        assert!(told.lost(500, after(4)), "it was full after that, and is not any more");

        let mut lasting = Fullness::new(1_000, Some(begun));
        assert!(!lasting.lost(1_000, after(59)));
        assert!(lasting.lost(1_000, after(60)));
    }
}
