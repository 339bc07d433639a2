//! One refresher per provider: the lease is kept while the refresh works, and a refresh that lost it stops.

use std::time::Duration;

use stocktake_store::{Lease, Store, StoreError};

/// How long a lease outlives a refresher that died.
pub(crate) const TTL: Duration = Duration::from_mins(1);

/// Renews until it fails; never returns otherwise.
pub(crate) async fn keep(store: &Store, lease: &Lease) -> StoreError {
    loop {
        tokio::time::sleep(TTL / 3).await;
        match store.renew_lease(lease, TTL).await {
            Ok(()) => {}
            // The database is away for a moment: the lease is judged again at the save.
            Err(error) if error.is_transient() => tracing::warn!(%error, "lease could not be renewed; trying again"),
            Err(error) => return error,
        }
    }
}
