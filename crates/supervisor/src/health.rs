//! How the server is, for those who ask from outside: whether its loop turns and whether it reaches its database.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    turned: Option<Instant>,
    renewed: Option<Instant>,
    /// What went wrong since the last renewal.
    trouble: Option<String>,
}

impl Health {
    /// The loop has come round.
    pub(crate) fn turned(&self) {
        self.lock().turned = Some(Instant::now());
    }

    /// The lease was prolonged.
    pub(crate) fn renewed(&self) {
        let mut known = self.lock();
        known.renewed = Some(Instant::now());
        if let Some(trouble) = known.trouble.take() {
            tracing::info!(trouble, "going on as usual");
        }
    }

    /// Something is wrong with the database. Said once, not at each try.
    pub(crate) fn trouble(&self, what: &str) {
        let mut known = self.lock();
        if known.trouble.is_none() {
            tracing::warn!(error = what, "the database cannot be used; going on with what is known");
        }
        known.trouble = Some(what.to_owned());
    }

    /// How long ago the loop came round; None: it has not begun.
    pub fn turned_ago(&self) -> Option<Duration> {
        self.lock().turned.map(|at| at.elapsed())
    }

    /// How long ago the lease was prolonged; None: never yet.
    pub fn renewed_ago(&self) -> Option<Duration> {
        self.lock().renewed.map(|at| at.elapsed())
    }

    pub fn current_trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
