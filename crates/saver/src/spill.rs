//! Room outside of memory for rows that a run will write. The saver does no I/O: whoever drives it gives such room, or
//! none, and then all rows stay in memory.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// Bytes in the order in which they were written. One planner writes; its plan reads.
pub trait Spill: Debug + Send + Sync {
    /// Writes behind what was written before; returns where it begins.
    fn append(&self, bytes: &[u8]) -> io::Result<u64>;

    /// Fills `into` with what was written at `at` and behind it.
    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()>;

    /// Where that is, as a person would look for it.
    fn place(&self) -> String;
}

/// Rows could not be put aside, or not be taken up again. Nothing was saved: the plan is void.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot {doing} the temporary file in {place} that takes rows for which memory is too small; {advice}")]
pub struct SpillError {
    doing: &'static str,
    place: String,
    advice: &'static str,
    source: Arc<io::Error>,
}

impl SpillError {
    pub(crate) fn writing(spill: &dyn Spill, error: io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room there, or name another folder by TMPDIR",
            _ => "see that files can be made there, or name another folder by TMPDIR",
        };
        Self { doing: "write to", place: spill.place(), advice, source: Arc::new(error) }
    }

    pub(crate) fn reading(spill: &dyn Spill, error: io::Error) -> Self {
        let advice = "check the disk, or name another folder by TMPDIR";
        Self { doing: "read from", place: spill.place(), advice, source: Arc::new(error) }
    }
}
