//! The small tables around the inventory: providers with their settings and secrets, runs with what they met, and the
//! settings of the installation. Knows no provider type: what a setting means is the provider's business.

mod change;
mod credentials;
mod event_sources;
mod key;
pub mod moment;
mod providers;
mod recency;
mod removal;
mod run_list;
mod run_purge;
mod runs;
mod seal;
mod settings;
mod standing;
mod totals;
mod vault;

pub use change::{ProviderChange, change, pause, resume, set_schedule, set_status};
pub use credentials::note_credentials;
pub(crate) use credentials::standing;
pub use event_sources::{Aside, AsideFilter, EventSourceRecord, SourceState, event_source, event_sources, events_aside};
pub use key::{KeyError, Keys};
pub use providers::{NewProvider, ProviderRecord, ProviderStatus, add, find, get, list};
pub use recency::{Recency, recency};
pub use removal::{Removal, remove};
pub use run_list::{
    Freshness, RunFilter, RunIssue, RunRecord, fail_abandoned, find_run, issues_of, latest_per_collection, list_runs,
};
pub use run_purge::purge_runs;
pub use runs::{
    CollectionRun, KEPT_ISSUES, NewRun, RunEnd, RunId, RunState, Usage, approve_deletes, begin_run, complete_run, end_run,
    unresolved_links,
};
pub use seal::OpenError;
pub use settings::{seed, setting, settings};
pub use standing::{CredentialState, Finding, Standing};
pub use totals::{RunTotals, count_run, run_totals};
pub use vault::{Vault, VaultError};

use crate::error::StoreError;

/// What can be wrong with a wish about the small tables.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("there is no provider '{name}'; {known}")]
    NoProvider { name: String, known: String },
    #[error("there is a provider '{name}' already; choose another name, or change it with `stocktake provider edit {name}`")]
    NameTaken { name: String },
    #[error("'{name}' cannot be a provider's name: {why}")]
    BadName { name: String, why: &'static str },
    #[error("there is no run '{id}'; `stocktake runs` lists them")]
    NoRun { id: String },
    #[error("more than one run begins with '{id}'; give more of its id")]
    AmbiguousRun { id: String },
    #[error("run {id} holds no deletions back, so there is nothing to approve")]
    NothingHeld { id: String },
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub type Result<T, E = RegistryError> = std::result::Result<T, E>;
