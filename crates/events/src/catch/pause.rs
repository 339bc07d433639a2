//! How long a source that fails is left alone.

use std::time::Duration;

/// Twice as long each time, until something goes well.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Pauses {
    pub(super) fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first.min(most) }
    }

    pub(super) fn take(&mut self) -> Duration {
        let now = self.next;
        self.next = (now * 2).min(self.most);
        now
    }

    /// For what passes only when somebody mends it.
    pub(super) const fn longest(&self) -> Duration {
        self.most
    }

    /// It went well.
    pub(super) fn reset(&mut self) {
        self.next = self.first.min(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let seconds = Duration::from_secs;
        let mut pauses = Pauses::new(seconds(1), seconds(6));
        let taken: Vec<_> = std::iter::repeat_with(|| pauses.take().as_secs()).take(5).collect();
        assert_eq!(taken, [1, 2, 4, 6, 6]);
        pauses.reset();
        assert_eq!(pauses.take(), seconds(1));
        assert_eq!(Pauses::new(seconds(9), seconds(6)).take(), seconds(6));
    }
}
