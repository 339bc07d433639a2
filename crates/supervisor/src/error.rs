//! Why a server cannot go on.

use std::net::SocketAddr;

use stocktake_queue::QueueError;
use stocktake_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(
        "cannot listen on {address} for /livez, /readyz and /metrics: {source}; set server.listen to another address, or to off"
    )]
    Listen { address: SocketAddr, source: std::io::Error },
}

impl SupervisorError {
    /// Whether the database is only away for a moment.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Queue(error) => error.is_transient(),
            Self::Listen { .. } => false,
        }
    }
}
