//! Waiting for a job that a server's worker does, with something to look at.

use std::time::Duration;

use stocktake_queue::{JobId, JobRecord, Queue, State};
use stocktake_store::Store;
use stocktake_store::fleet::{self, WorkerFilter};
use stocktake_store::registry::ProviderRecord;

use crate::app::App;
use crate::interrupt::Stop;
use crate::progress::Bars;
use crate::verbs::workers::doing;

/// How often the job and its worker are looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How waiting ended.
pub(crate) enum Waited {
    /// The job has ended, or failed and is to be tried again.
    Ended(Box<JobRecord>),
    /// The person does not want to wait any more; the job goes on.
    Interrupted,
}

/// Whether a server works that looks after this provider.
pub(crate) async fn is_served(store: &Store, record: &ProviderRecord) -> anyhow::Result<bool> {
    let servers = fleet::servers(store, false).await?;
    Ok(servers.iter().any(|s| s.works() && s.zone == record.zone && s.roles.iter().any(|role| role == "refresh")))
}

pub(crate) async fn wait(
    app: &App,
    store: &Store,
    queue: &Queue,
    job: JobId,
    name: &str,
    stop: &Stop,
) -> anyhow::Result<Waited> {
    let bars = Bars::new(app, name);
    let waited = look(store, queue, job, &bars, stop).await;
    bars.end();
    waited
}

async fn look(store: &Store, queue: &Queue, job: JobId, bars: &Bars, stop: &Stop) -> anyhow::Result<Waited> {
    loop {
        let record = queue.get(job).await?;
        match record.state {
            State::Waiting => bars.count(record.error.as_deref().unwrap_or("waiting for its worker")),
            State::Running => {
                let workers = fleet::workers(store, &WorkerFilter::default()).await?;
                if let Some(worker) = workers.iter().find(|worker| worker.job == Some(job.0)) {
                    bars.count(&doing(worker));
                }
            }
            State::Retrying | State::Parked | State::Done | State::Cancelled => {
                return Ok(Waited::Ended(Box::new(record)));
            }
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.asked() => return Ok(Waited::Interrupted),
        }
    }
}
