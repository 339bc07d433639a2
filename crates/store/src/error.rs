//! What can go wrong between the program and its database: what happened, to which object, what to do next.

use crate::db::ProviderId;

/// The cause as the driver reports it.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("'{url}' is not a database address: {why}; use sqlite:PATH or postgres://user@host/name")]
    Address { url: String, why: String },
    #[error("cannot open the database {place}: {advice}")]
    Open { place: String, advice: String, source: Cause },
    #[error("the connection to the database {place} was lost; check the server and run the command again")]
    Lost { place: String, source: Cause },
    #[error(
        "the database {place} is at schema version {found}, this program knows versions up to {known}; \
         use the newer program that wrote it"
    )]
    TooNew { place: String, found: i64, known: i64 },
    #[error("the database {place} has no Stocktake tables of version {known} (found {found}); run `stocktake migrate`")]
    NotMigrated { place: String, found: i64, known: i64 },
    #[error("migration {name} failed and changed nothing")]
    Migration { name: &'static str, source: Cause },
    #[error("provider {provider} was taken over by another refresher while this one worked; nothing was written")]
    Fenced { provider: ProviderId },
    #[error("provider {provider} is being refreshed by {holder}; its lease ends in {seconds} s unless it is renewed")]
    Held { provider: ProviderId, holder: String, seconds: i64 },
    #[error("provider {provider} does not exist; `stocktake provider list` shows those that do")]
    UnknownProvider { provider: ProviderId },
    #[error("the database is locked by another process (waited {seconds} s); try again when it has finished")]
    Busy { seconds: u64 },
    /// Two transactions were in each other's way and this one was given up; nothing of it was kept.
    #[error("another program changed the same rows at the same moment; try again")]
    Collision { source: Cause },
    /// A rule of the schema refused the write; nothing of it was kept.
    #[error("the database refused to {doing}: {rule}")]
    Constraint { doing: String, rule: String, source: Cause },
    #[error("cannot {doing}")]
    Database { doing: String, source: Cause },
    /// Rows of the plan are out of reach; nothing of it was kept.
    #[error(transparent)]
    Spill(#[from] stocktake_saver::SpillError),
    /// A mistake in this program, not in the world.
    #[error("internal error in the store: {0}")]
    Bug(String),
}

pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl StoreError {
    /// Whether the same call may succeed if it is simply made again.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::Busy { .. } | Self::Held { .. } | Self::Collision { .. } => true,
            // A server that is being restarted refuses connections for a while.
            Self::Open { source, .. } => source.downcast_ref().is_some_and(crate::pg::is_away),
            _ => false,
        }
    }
}
