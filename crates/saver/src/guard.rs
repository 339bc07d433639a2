//! The delete guard: a complete listing may still be wrong (a cloud restored from an old backup, a role that lost its
//! reach without an error). When a run would take away suspiciously much, that part waits.

/// A collection's deletions are held when they are more than `rows` and more than `percent` of its live rows, or when
/// nothing at all is left of it: an empty answer is the weakest evidence there is. The latter does not count for
/// collections whose rows come inside their owner's record ([`stocktake_model::Collection::embedded`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuardPolicy {
    pub percent: u8,
    pub rows: usize,
    /// Whether a collection that would become empty is held, however small.
    pub emptied: bool,
}

impl Default for GuardPolicy {
    fn default() -> Self {
        Self { percent: 30, rows: 20, emptied: true }
    }
}

impl GuardPolicy {
    /// Never holds anything: for a run whose deletions a person approved.
    pub const OFF: Self = Self { percent: 100, rows: usize::MAX, emptied: false };

    pub(crate) fn holds(self, vanished: usize, live: usize) -> bool {
        vanished > self.rows && vanished * 100 > live * usize::from(self.percent)
    }
}

#[cfg(test)]
mod tests {
    use super::GuardPolicy;

    #[test]
    fn both_limits_must_be_passed() {
        let guard = GuardPolicy::default();
        assert!(!guard.holds(20, 20), "twenty rows are few");
        assert!(guard.holds(21, 69));
        assert!(!guard.holds(21, 70), "30 % is not more than 30 %");
        assert!(!GuardPolicy::OFF.holds(1_000_000, 1_000_000));
    }
}
