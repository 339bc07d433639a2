//! A place that one worker process fills.

use stocktake_store::ProviderId;

/// Which worker: of what kind, for which provider, and which of several.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) kind: &'static str,
    pub(crate) provider: Option<ProviderId>,
    /// Counted from 1.
    pub(crate) slot: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.provider {
            Some(provider) => write!(f, "{} worker of provider {provider}", self.kind),
            None => write!(f, "{} worker {}", self.kind, self.slot),
        }
    }
}

/// Who should fill a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// That of the provider's settings it works with: one started with another is replaced.
    pub(crate) generation: i64,
    /// That of the installation's settings, in the same manner.
    pub(crate) settings: u64,
    /// The provider's name, as the worker is told.
    pub(crate) name: Option<String>,
}
