//! How long and how large a worker may be.

use std::time::Duration;

/// Limits of one kind of worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// From the start of its process to its first word.
    pub(crate) start: Duration,
    /// From being asked to stop to its end.
    pub(crate) stop: Duration,
    /// Without a word.
    pub(crate) silence: Duration,
    /// With a job and without getting anywhere.
    pub(crate) standstill: Duration,
    /// Resident memory in bytes above which it is replaced.
    pub(crate) memory: u64,
    /// Resident memory in bytes above which it is killed.
    pub(crate) memory_kill: u64,
}
