//! Asks once more for what events were about, when its time has come: some states settle late.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stocktake_queue::{Lane, Priority};
use stocktake_refresh::later;
use stocktake_store::ProviderId;
use stocktake_worker::{Doing, Ended};

use super::{again, provider};
use crate::context::Context;
use crate::job::Job;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshLater {
    pub provider: ProviderId,
    pub wait_millis: u64,
}

impl Job for RefreshLater {
    const KIND: &'static str = later::KIND;
    const PRIORITY: Priority = Priority::HIGH;
    const MAX_ATTEMPTS: u16 = later::ATTEMPTS;

    fn lane(&self) -> Lane {
        Lane::shared(later::LANE)
    }

    fn merge_key(&self) -> Option<String> {
        Some(later::merge_key(self.provider, Duration::from_millis(self.wait_millis)))
    }

    async fn run(self, context: &Context, doing: &Doing) -> Ended {
        let record = match provider(context, self.provider).await {
            Ok(record) => record,
            // What it would ask for went with it.
            Err(ended) => return ended,
        };
        doing.report.doing(format!("looking again at what settles late in {}", record.name));
        let wait = Duration::from_millis(self.wait_millis);
        match later::ask_due(&context.queue, record.id, wait, context.event_debounce()).await {
            Ok(asked) => Ended::DoneAndGone(json!({"asked": asked.asked, "more": asked.more})),
            Err(error) => again(&error.into()),
        }
    }
}
