//! How many requests may be in flight at once. One gate for all services of a system: it is the system that must not be
//! overrun, whichever door is knocked at.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

#[derive(Debug, Clone)]
pub struct Gate(Arc<Semaphore>);

impl Gate {
    /// At least one.
    pub fn new(in_flight: usize) -> Self {
        Self(Arc::new(Semaphore::new(in_flight.clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// Waits for a turn, first come first served; it ends when the value is dropped.
    pub async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed, so there is always a permit; none would only mean no limit.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}
