//! Takes away what is kept for a time only: finished jobs, old runs, old events, rows of ended workers and servers. In
//! windows, so that nothing waits for it long. What lost the job that would take it away gets one again.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use stocktake_queue::{Lane, Priority};
use stocktake_store::{fleet, registry};
use stocktake_worker::{Doing, Ended};

use super::again;
use crate::context::Context;
use crate::job::Job;
use crate::lanes;

/// Rows of one step.
const WINDOW: u32 = 2_000;
/// Rows of ended workers and servers tell what happened lately.
const FLEET: Duration = Duration::from_hours(7 * 24);
/// A batch is stored with its job: one that has none after so long has lost it.
const FORGOTTEN: Duration = Duration::from_hours(1);

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Purge {}

impl Job for Purge {
    const KIND: &'static str = "purge";
    const PRIORITY: Priority = Priority::LOW;

    fn lane(&self) -> Lane {
        Lane::exclusive(lanes::BULK)
    }

    fn merge_key(&self) -> Option<String> {
        Some(Self::KIND.to_owned())
    }

    async fn run(self, context: &Context, doing: &Doing) -> Ended {
        match purge(context, doing).await {
            Ok(Some(result)) => Ended::Done(Some(result)),
            Ok(None) => Ended::HandBack { why: "it was interrupted".to_owned(), after: Duration::ZERO },
            Err(error) => again(&error),
        }
    }
}

async fn purge(context: &Context, doing: &Doing) -> anyhow::Result<Option<serde_json::Value>> {
    let (store, settings) = (&context.store, &context.settings);
    doing.report.doing("purging finished jobs");
    let mut jobs = 0;
    loop {
        let gone = context.queue.purge(settings.queue.keep_finished, WINDOW).await?;
        jobs += gone;
        doing.report.progress(json!({"jobs": jobs}));
        if gone < u64::from(WINDOW) {
            break;
        }
        if doing.stop.was_asked() {
            return Ok(None);
        }
    }
    doing.report.doing("purging old runs");
    let mut runs = 0;
    loop {
        let gone = registry::purge_runs(store, settings.runs.keep, WINDOW).await?;
        runs += gone;
        doing.report.progress(json!({"jobs": jobs, "runs": runs}));
        if gone < u64::from(WINDOW) {
            break;
        }
        if doing.stop.was_asked() {
            return Ok(None);
        }
    }
    doing.report.doing("purging old events");
    let mut events = 0;
    loop {
        let gone = stocktake_events::purge(store, settings.events.keep, WINDOW).await?
            + stocktake_events::purge_orphans(store, WINDOW).await?;
        events += gone;
        doing.report.progress(json!({"jobs": jobs, "runs": runs, "events": events}));
        if gone < u64::from(WINDOW) {
            break;
        }
        if doing.stop.was_asked() {
            return Ok(None);
        }
    }
    doing.report.doing("looking for batches of events that nobody handles");
    let mut taken_up = 0;
    loop {
        let put = stocktake_events::put_forgotten(&context.queue, FORGOTTEN, WINDOW).await?;
        taken_up += put;
        if put < WINDOW as usize {
            break;
        }
        if doing.stop.was_asked() {
            return Ok(None);
        }
    }
    if taken_up > 0 {
        tracing::warn!(batches = taken_up, "batches of events had no job any more; they have one again");
    }
    let workers = fleet::purge_workers(store, FLEET).await?;
    let servers = fleet::purge_servers(store, FLEET).await?;
    Ok(Some(json!({
        "jobs": jobs, "runs": runs, "events": events, "batches_taken_up": taken_up, "workers": workers, "servers": servers
    })))
}
