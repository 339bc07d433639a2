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

/// The role of servers that refresh providers of their zone, and of those that remove them, wherever they are.
pub(crate) const REFRESH: &str = "refresh";
pub(crate) const GENERIC: &str = "generic";

/// Whether a server works that has the role for this provider.
pub(crate) async fn is_served(store: &Store, record: &ProviderRecord, role: &str) -> anyhow::Result<bool> {
    let servers = fleet::servers(store, false).await?;
    let near = |zone: &str| role == GENERIC || zone == record.zone;
    Ok(servers.iter().any(|s| s.works() && near(&s.zone) && s.roles.iter().any(|has| has == role)))
}

pub(crate) async fn wait(
    app: &App,
    store: &Store,
    queue: &Queue,
    job: JobId,
    provider: &ProviderRecord,
    role: &str,
    stop: &Stop,
) -> anyhow::Result<Waited> {
    let bars = Bars::new(app, &provider.name);
    let waited = tokio::select! {
        waited = look(store, queue, job, &bars, stop) => waited,
        deserted = deserted(store, provider, role) => deserted.map(|()| Waited::Interrupted),
    };
    bars.end();
    waited
}

/// Returns when no server works any more that could do it.
async fn deserted(store: &Store, provider: &ProviderRecord, role: &str) -> anyhow::Result<()> {
    loop {
        tokio::time::sleep(LOOK * 8).await;
        if !is_served(store, provider, role).await? {
            anyhow::bail!("the server has gone; `stocktake server` starts one, which does what is asked");
        }
    }
}

async fn look(store: &Store, queue: &Queue, job: JobId, bars: &Bars, stop: &Stop) -> anyhow::Result<Waited> {
    loop {
        let record = queue.get(job).await?;
        match record.state {
            // It did not fail: its worker did, and another takes it up at once.
            State::Retrying if record.run_after <= crate::verbs::now() => bars.count("waiting for another worker"),
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
