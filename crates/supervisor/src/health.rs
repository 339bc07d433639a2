//! How the server is, for those who ask from outside: whether its loop turns and whether it reaches its database.
//!
//! Whoever restarts a server that does not live must not do so for a database that is away: the loop goes on without one. So
//! that is no part of living, but of being ready.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The loop turns at least so often, so that limits are kept.
pub(crate) const TURN: Duration = Duration::from_millis(500);
/// A turn asks the database several times, and each may take until it gives up.
const SLACK: Duration = Duration::from_secs(30);

/// A loop that did not turn for so long counts as dead.
pub(crate) fn limit() -> Duration {
    TURN * 3 + SLACK
}

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Health {
    known: Arc<Mutex<Known>>,
}

#[derive(Debug, Default)]
struct Known {
    /// How long a renewal holds.
    lease: Duration,
    stopping: bool,
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

    pub(crate) fn leases_for(&self, lease: Duration) {
        self.lock().lease = lease;
    }

    pub(crate) fn stops(&self) {
        self.lock().stopping = true;
    }

    /// What went wrong since the last renewal.
    pub(crate) fn current_trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// Whether the loop turns; the error says why it counts as dead.
    pub fn live(&self) -> Result<(), String> {
        let limit = limit();
        match self.lock().turned.map(|at| at.elapsed()) {
            None => Err("it has not begun to work yet".to_owned()),
            Some(ago) if ago > limit => {
                Err(format!("its loop turned {} s ago; more than {} s is too long", ago.as_secs(), limit.as_secs()))
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether the others count on this server; the error says why not.
    pub fn ready(&self) -> Result<(), String> {
        self.live()?;
        let known = self.lock();
        let because = known.trouble.as_ref().map_or(String::new(), |trouble| format!(": {trouble}"));
        match known.renewed.map(|at| at.elapsed()) {
            _ if known.stopping => Err("it is stopping".to_owned()),
            None => Err(format!("it has not taken its lease yet{because}")),
            Some(ago) if ago > known.lease => {
                Err(format!("its lease of {} s was prolonged {} s ago{because}", known.lease.as_secs(), ago.as_secs()))
            }
            Some(_) => Ok(()),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(seconds: u64) -> Instant {
        Instant::now().checked_sub(Duration::from_secs(seconds)).expect("a machine that runs for a while")
    }

    #[test]
    fn each_reason_is_told() {
        let health = Health::default();
        health.leases_for(Duration::from_secs(15));
        let said = |health: &Health| (health.live().err(), health.ready().err());
        let yet = Some("it has not begun to work yet".to_owned());
        assert_eq!(said(&health), (yet.clone(), yet));
        health.turned();
        assert_eq!(said(&health), (None, Some("it has not taken its lease yet".to_owned())));
        health.renewed();
        assert_eq!(said(&health), (None, None));
        health.lock().renewed = Some(ago(16));
        health.trouble("connection refused");
        let late = "its lease of 15 s was prolonged 16 s ago: connection refused";
        assert_eq!(said(&health), (None, Some(late.to_owned())), "a database that is away kills no server");
        health.renewed();
        health.stops();
        assert_eq!(said(&health), (None, Some("it is stopping".to_owned())));
        health.lock().turned = Some(ago(40));
        let dead = Some("its loop turned 40 s ago; more than 31 s is too long".to_owned());
        assert_eq!(said(&health), (dead.clone(), dead));
    }
}
