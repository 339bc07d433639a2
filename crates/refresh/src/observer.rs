//! Whoever waits for a refresh can watch it.

use stocktake_provider::Progress;

/// The steps of a refresh, as people see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Reading keys and digests of what is stored.
    Reading,
    /// Asking the provider, parsing and comparing as answers come.
    Collecting,
    Planning,
    Saving,
}

impl Phase {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Collecting => "collecting",
            Self::Planning => "planning",
            Self::Saving => "saving",
        }
    }
}

pub trait Observer: Send + Sync {
    fn phase(&self, phase: Phase);
    fn progress(&self, progress: &Progress);
}

/// Watches nothing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet;

impl Observer for Quiet {
    fn phase(&self, _: Phase) {}
    fn progress(&self, _: &Progress) {}
}
