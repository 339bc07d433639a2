//! One refresher per provider: the lease is kept while the refresh works, and a refresh that lost it stops.

use std::time::Duration;

use stocktake_store::{Lease, Store, StoreError};

/// How long a lease outlives a refresher that died, unless the settings say otherwise.
pub(crate) const TTL: Duration = Duration::from_secs(25);

/// A provider's lease, and for how long each renewal prolongs it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) lease: Lease,
    pub(crate) ttl: Duration,
}

/// Renews until it fails; never returns otherwise.
pub(crate) async fn keep(store: &Store, held: &Held) -> StoreError {
    loop {
        tokio::time::sleep(held.ttl / 3).await;
        match store.renew_lease(&held.lease, held.ttl).await {
            Ok(()) => {}
            // The database is away for a moment: the lease is judged again at the save.
            Err(error) if error.is_transient() => tracing::warn!(%error, "lease could not be renewed; trying again"),
            Err(error) => return error,
        }
    }
}
