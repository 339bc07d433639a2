//! Why a server cannot go on.

use stocktake_queue::QueueError;
use stocktake_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl SupervisorError {
    /// Whether the database is only away for a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Queue(error) => error.is_transient(),
        }
    }
}
