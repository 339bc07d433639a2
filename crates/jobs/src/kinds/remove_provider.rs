//! Removes a provider with all that is known of it: waits until nobody works for it any more, then deletes in steps.
//! Broken off, it goes on where it stopped.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stocktake_queue::{Lane, Priority};
use stocktake_refresh::requests;
use stocktake_store::fleet::{self, WorkerFilter};
use stocktake_store::registry::{self, ProviderStatus};
use stocktake_store::{Lease, ProviderId, Store, StoreError};
use stocktake_worker::{Doing, Ended};

use super::{BUSY, again, provider};
use crate::context::Context;
use crate::job::Job;
use crate::lanes;

/// How soon it looks again whether its provider's workers have stopped.
const WORKERS: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveProvider {
    pub provider: ProviderId,
}

impl Job for RemoveProvider {
    const KIND: &'static str = "remove_provider";
    const PRIORITY: Priority = Priority::HIGH;
    /// Whatever it meets passes, or a person must look.
    const MAX_ATTEMPTS: u16 = 10;

    fn lane(&self) -> Lane {
        Lane::exclusive(lanes::BULK)
    }

    fn merge_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.provider))
    }

    async fn run(self, context: &Context, doing: &Doing) -> Ended {
        let record = match provider(context, self.provider).await {
            Ok(record) => record,
            // Broken off after its last step.
            Err(ended) => return withdrawn(context, self.provider, ended).await,
        };
        let (store, id) = (&context.store, record.id);
        if record.status != ProviderStatus::Removing
            && let Err(error) = registry::set_status(store, id, ProviderStatus::Removing, None).await
        {
            return again(&error.into());
        }
        let working = WorkerFilter { provider: Some(id), ..WorkerFilter::default() };
        match fleet::workers(store, &working).await {
            Ok(workers) if workers.is_empty() => {}
            Ok(workers) => {
                let why = format!("{} workers of {} have not stopped yet", workers.len(), record.name);
                return Ended::HandBack { why, after: WORKERS };
            }
            Err(error) => return again(&error.into()),
        }
        // While it deletes nobody else may write.
        let ttl = context.settings.refresh.lease;
        let lease = match store.acquire_lease(id, &doing.owner, ttl).await {
            Ok(lease) => lease,
            Err(StoreError::Held { holder, .. }) => {
                return Ended::HandBack {
                    why: format!("{} is still being refreshed by {holder}", record.name),
                    after: BUSY,
                };
            }
            Err(error) => return again(&error.into()),
        };
        doing.report.doing(format!("removing {}", record.name));
        let removal = registry::remove(store, id, |removal| {
            doing.report.doing(format!("removing {} of {}", removal.collection, record.name));
            doing.report.progress(json!({"deleted": removal.deleted}));
        });
        let ended = tokio::select! {
            removed = removal => match removed {
                Ok(rows) => Ok(rows),
                Err(error) => Err(again(&error.into())),
            },
            lost = kept(store, &lease, ttl) => Err(again(&lost.into())),
            () = doing.stop.asked() => {
                // What a broken-off step has not committed is undone; the next one begins with it.
                let why = "it was interrupted; it goes on where it stopped".to_owned();
                Err(Ended::HandBack { why, after: Duration::ZERO })
            }
        };
        match ended {
            Ok(rows) => withdrawn(context, id, Ended::Done(Some(json!({"provider": record.name, "rows": rows})))).await,
            Err(ended) => {
                // Else the next attempt would find the provider held, by this very process.
                if let Err(error) = store.release_lease(&lease).await {
                    tracing::warn!(%error, "the lease is not given back; it runs out by itself");
                }
                ended
            }
        }
    }
}

/// Prolongs the lease until that fails for good.
async fn kept(store: &Store, lease: &Lease, ttl: Duration) -> StoreError {
    loop {
        tokio::time::sleep(ttl / 3).await;
        match store.renew_lease(lease, ttl).await {
            Err(error) if !error.is_transient() => return error,
            Err(error) => tracing::warn!(%error, "the lease could not be prolonged; trying again"),
            Ok(()) => {}
        }
    }
}

/// Only now: before the provider was gone, anybody could ask for a refresh again.
async fn withdrawn(context: &Context, provider: ProviderId, ended: Ended) -> Ended {
    match requests::withdraw(&context.queue, provider).await {
        Ok(_) => ended,
        Err(error) => again(&error.into()),
    }
}
