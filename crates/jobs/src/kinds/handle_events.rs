//! Handles a batch of caught events: stored, told apart, and what they make worth a refresh is asked for.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stocktake_events::handle::forget_batch;
use stocktake_queue::Lane;
use stocktake_store::ProviderId;
use stocktake_store::registry::ProviderStatus;
use stocktake_worker::{Doing, Ended};

use super::{again, provider};
use crate::context::Context;
use crate::job::Job;

/// How soon it is tried again with routes that could not be read: a person must mend them.
const UNREADABLE: Duration = Duration::from_secs(30);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HandleEvents {
    pub provider: ProviderId,
    pub batch: i64,
}

impl Job for HandleEvents {
    const KIND: &'static str = stocktake_events::HANDLE;
    /// Whatever it meets passes, or a person must look.
    const MAX_ATTEMPTS: u16 = 10;

    fn lane(&self) -> Lane {
        Lane::shared(stocktake_events::LANE)
    }

    fn merge_key(&self) -> Option<String> {
        None
    }

    async fn run(self, context: &Context, doing: &Doing) -> Ended {
        let record = match provider(context, self.provider).await {
            Ok(record) => record,
            Err(ended) => return forgotten(context, self.provider, self.batch, ended).await,
        };
        if record.status == ProviderStatus::Removing {
            let ended = Ended::DoneAndGone(json!({"left out": "the provider is being removed"}));
            return forgotten(context, self.provider, self.batch, ended).await;
        }
        let handler = match context.event_handler(&record) {
            Ok(handler) => handler,
            // Nothing is wrong with the events: they wait, and lose no attempt.
            Err(error) => return Ended::HandBack { why: format!("{error:#}"), after: UNREADABLE },
        };
        doing.report.doing(format!("handling events of {}", record.name));
        match handler.handle(self.batch).await {
            Ok(Some(handled)) => {
                doing.report.tick();
                if handled.aside > 0 {
                    tracing::warn!(
                        provider = record.name,
                        aside = handled.aside,
                        "events that could not be read are set aside"
                    );
                }
                // Many in a second: their rows would be most of the queue.
                Ended::DoneAndGone(json!(handled))
            }
            Ok(None) => Ended::DoneAndGone(json!({"left out": "another handled the batch"})),
            Err(error) => again(&error.into()),
        }
    }
}

async fn forgotten(context: &Context, provider: ProviderId, batch: i64, ended: Ended) -> Ended {
    match forget_batch(&context.store, provider, batch).await {
        Ok(()) => ended,
        Err(error) => again(&error.into()),
    }
}
