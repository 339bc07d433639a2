//! Why a refresh saved nothing.

use stocktake_provider::ProviderError;
use stocktake_store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The provider could not be asked at all.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The database refused, or another refresher has taken over.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Rows could not be put aside, or not be taken up again.
    #[error(transparent)]
    Spill(#[from] stocktake_saver::SpillError),
    /// Strict mode: a run that met any issue is refused.
    #[error("strict mode: {} issues, the first: {} {}: {}", .0.len(), .0[0].collection, .0[0].reference, .0[0].message)]
    Strict(Vec<stocktake_model::Issue>),
    #[error("interrupted; nothing was saved")]
    Interrupted,
    #[error("{0} cannot be a target of this provider; targets are {1}")]
    Target(String, String),
}
