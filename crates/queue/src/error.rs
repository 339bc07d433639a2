//! What can go wrong with a job.

use stocktake_store::StoreError;

use crate::job::{JobId, State};

#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Whoever gets it stops working on the job: it belongs to somebody else now, or has ended.
    #[error(
        "job {id} is no longer held by {owner}: its lease ran out and it was taken over, or it was ended; nothing was changed"
    )]
    Lost { id: JobId, owner: String },
    #[error("job {id} does not exist; `stocktake queue ls` shows those that do")]
    Unknown { id: JobId },
    #[error("job {id} is {state}: {advice}")]
    NotNow { id: JobId, state: State, advice: &'static str },
    /// Only [`crate::Queue::put`] and [`crate::Queue::put_all`] say so; the others exist to avoid it.
    #[error("another job with the merge key of this one waits already; nothing was put")]
    Waiting,
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub type Result<T, E = QueueError> = std::result::Result<T, E>;

impl QueueError {
    /// Whether the same call may succeed if it is simply made again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }
}
