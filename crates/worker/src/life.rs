//! From start to drain: one job at a time.

use std::sync::Arc;
use std::time::Duration;

use stocktake_queue::{Beat, Claim, Claimed, Queue, QueueError, trace};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::doing::{Doing, Ended, Work};
use crate::line::WorkerStage;
use crate::report::Reporter;
use crate::stop::Stop;

/// How long a worker waits after the database was away, at first and at most.
const AWAY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Why a job is asked to stop that somebody cancelled.
const CANCELLED: &str = "the job was cancelled";

#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// What a worker needs to live.
#[derive(Debug, Clone)]
pub struct Life {
    pub queue: Queue,
    /// Those it works, the preferred ones first.
    pub lanes: Vec<String>,
    /// The process, see [`stocktake_store::fleet::WorkerId::holder`].
    pub owner: String,
    /// How long a job stays this worker's without a beat.
    pub lease: Duration,
    /// How often it looks for jobs although nothing woke it.
    pub poll: Duration,
}

/// Works until asked to stop. What it was doing then is finished or handed back.
pub async fn live(life: Life, work: Arc<dyn Work>, report: Reporter, stop: Stop) -> Result<(), WorkerError> {
    // Before the first look: what is put between looking and listening is not missed.
    let mut wakes = life.queue.wakes(&life.lanes);
    let claim = Claim { lanes: life.lanes.clone(), owner: life.owner.clone(), ttl: life.lease, limit: 1 };
    report.stage(WorkerStage::Running);
    let draining = {
        let (report, stop) = (report.clone(), stop.clone());
        tokio::spawn(async move {
            stop.asked_at_once().await;
            report.stage(WorkerStage::Draining);
        })
    };
    let mut away = AWAY.0;
    while !stop.was_asked() {
        report.tick();
        let looked = match life.queue.claim(&claim).await.map(|mut claimed| claimed.pop()) {
            Ok(Some(job)) => {
                // Of the highest level, so that a filter of errors alone still tells whose they are.
                let span = tracing::error_span!("job", id = %job.id, kind = job.kind, trace_id = tracing::field::Empty);
                trace::follow(&span, job.trace_context.as_deref());
                one(&life, job, &work, &report, &stop).instrument(span).await;
                Ok(())
            }
            Ok(None) => tokio::select! {
                woken = wakes.wait(life.poll) => woken.map(drop),
                () = stop.asked() => Ok(()),
            },
            Err(error) => Err(error),
        };
        match looked {
            Ok(()) => away = AWAY.0,
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "cannot look for jobs; trying again");
                report.doing(format!("the database is away: {error}"));
                tokio::select! {
                    () = tokio::time::sleep(away) => {}
                    () = stop.asked() => {}
                }
                away = (away * 2).min(AWAY.1);
            }
            Err(error) => return Err(error.into()),
        }
    }
    report.stage(WorkerStage::Draining);
    draining.abort();
    tracing::info!(why = stop.why(), "drained");
    Ok(())
}

async fn one(life: &Life, job: Claimed, work: &Arc<dyn Work>, report: &Reporter, stop: &Stop) {
    tracing::info!(attempt = job.attempt, "job begins");
    report.job(Some(job.id.0));
    let stopped = Stop::default();
    let doing = Doing { job: job.clone(), owner: life.owner.clone(), report: report.clone(), stop: stopped.clone() };
    // A task of its own: a mistake in one job ends that job, not the worker.
    let mut task = tokio::spawn(work.run(doing).in_current_span());
    let ended = tokio::select! {
        ended = finished(&mut task) => Some(ended),
        () = beat(life, &job, &stopped) => None,
        () = pass_on(stop, &stopped) => None,
    };
    if let Some(ended) = ended {
        end(life, &job, ended).await;
    } else {
        // Lost to another worker, which begins anew: whatever this one still does must not go on beside it.
        task.abort();
        trace::failed("the job was lost to another worker");
        tracing::warn!("job was lost: its lease ran out and another worker may have it");
    }
    report.job(None);
}

async fn finished(task: &mut JoinHandle<Ended>) -> Ended {
    task.await.unwrap_or_else(|error| Ended::Again(format!("a mistake in the program: {error}")))
}

/// Keeps the job until it is lost. A cancelled one is asked to stop, and goes on until it does.
async fn beat(life: &Life, job: &Claimed, stopped: &Stop) {
    loop {
        tokio::time::sleep(life.lease / 3).await;
        match life.queue.beat(job, life.lease).await {
            Ok(Beat::Cancel) => stopped.ask(CANCELLED),
            Ok(Beat::Held) => {}
            Err(QueueError::Lost { .. }) => return,
            Err(error) => tracing::warn!(%error, "the job's lease could not be prolonged; trying again"),
        }
    }
}

/// Never resolves: the job itself decides how to end.
async fn pass_on(stop: &Stop, stopped: &Stop) {
    stop.asked_at_once().await;
    stopped.ask(&stop.why().unwrap_or_default());
    std::future::pending::<()>().await;
}

/// What goes into the log and to the collector of traces; the job keeps all. The lines after it are causes, or what a command
/// wrote: kilobytes, and nobody said that others may read them.
fn first_line(error: &str) -> &str {
    error.lines().next().unwrap_or_default()
}

/// Writes the end down, however long the database is away: a job that ended must not begin again if that can be helped.
async fn end(life: &Life, job: &Claimed, ended: Ended) {
    if let Ended::Again(error) | Ended::Never(error) = &ended {
        trace::failed(first_line(error));
    }
    let mut away = AWAY.0;
    loop {
        let written = match &ended {
            Ended::Done(result) => life.queue.done(job, result.as_ref()).await,
            Ended::DoneAndGone(result) => {
                tracing::debug!(%result, "job done; its row goes");
                life.queue.done_and_gone(job).await
            }
            Ended::Again(error) => life.queue.fail(job, error).await.map(|failed| {
                tracing::warn!(error = first_line(error), ?failed, "job failed");
            }),
            Ended::Never(error) => {
                tracing::error!(error = first_line(error), "job failed for good");
                life.queue.park(job, error).await.map(drop)
            }
            Ended::HandBack { why, after } => {
                tracing::info!(why, "job handed back");
                life.queue.hand_back_for(job, why, *after).await
            }
        };
        match written {
            Ok(()) => return,
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "the job's end cannot be written down; trying again");
                tokio::time::sleep(away).await;
                away = (away * 2).min(AWAY.1);
            }
            Err(error) => {
                tracing::warn!(%error, "the job's end was not written down");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn what_a_command_wrote_is_not_told_to_all() {
        assert_eq!(first_line("/usr/bin/page ended with code 1\nsecret-of-a-test"), "/usr/bin/page ended with code 1");
        assert_eq!(first_line(""), "");
    }
}
