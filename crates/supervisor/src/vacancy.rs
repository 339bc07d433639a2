//! How soon a place is filled again after its worker ended by itself. Pure.

use std::time::{Duration, Instant};

/// A worker that lived so long is no sign of a crash loop.
const STABLE: Duration = Duration::from_mins(2);

/// What the settings say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BackOff {
    pub(crate) first: Duration,
    pub(crate) most: Duration,
    /// So many early ends in a row are a crash loop.
    pub(crate) crash_loop: u32,
}

/// A place's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Vacancy {
    /// Ends in a row that nobody asked for.
    pub(crate) failures: u32,
    /// How often the place was filled again.
    pub(crate) restarts: u32,
    pub(crate) not_before: Option<Instant>,
}

impl Vacancy {
    /// A worker that was asked to stop has stopped.
    pub(crate) fn left(&mut self) {
        (self.failures, self.not_before) = (0, None);
        self.restarts += 1;
    }

    /// A worker ended by itself, or was killed, after it lived so long.
    pub(crate) fn failed(&mut self, lived: Duration, now: Instant, back_off: &BackOff) {
        self.failures = if lived >= STABLE { 1 } else { self.failures + 1 };
        self.restarts += 1;
        let doubled = back_off.first.saturating_mul(1 << (self.failures - 1).min(20));
        self.not_before = Some(now + doubled.min(back_off.most));
    }

    pub(crate) fn loops(&self, back_off: &BackOff) -> bool {
        self.failures >= back_off.crash_loop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK_OFF: BackOff = BackOff { first: Duration::from_secs(1), most: Duration::from_secs(20), crash_loop: 3 };

    #[test]
    fn waits_double_up_to_a_limit_and_are_forgotten() {
        let now = Instant::now();
        let mut vacancy = Vacancy::default();
        let waits: Vec<_> = (0..7)
            .map(|_| {
                vacancy.failed(Duration::from_secs(1), now, &BACK_OFF);
                vacancy.not_before.map(|at| (at - now).as_secs())
            })
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 20, 20].map(Some));
        assert!(vacancy.loops(&BACK_OFF));
        vacancy.failed(STABLE, now, &BACK_OFF);
        assert_eq!((vacancy.failures, vacancy.loops(&BACK_OFF)), (1, false), "it worked for a while");
        vacancy.left();
        assert_eq!((vacancy.failures, vacancy.not_before, vacancy.restarts), (0, None, 9));
    }
}
