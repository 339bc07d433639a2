//! `stocktake queue cancel`: jobs are not run, or told to stop.

use clap::Args;
use stocktake_queue::{JobId, Queue, State};

use crate::app::App;
use crate::exit::{Done, Exit};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake queue cancel 4711
  stocktake queue cancel 4711 4712

A job that runs stops when its worker next reports; what it has done by then stays done. A cancelled job can be retried.")]
pub(crate) struct Cancel {
    /// Numbers of the jobs
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
}

pub(super) async fn run(app: &mut App, queue: &Queue, verb: Cancel) -> Done {
    let (mut done, mut exit) = (0, Exit::Ok);
    for id in verb.ids.into_iter().map(JobId) {
        match queue.cancel(id).await {
            Ok(state) => {
                done += 1;
                let what = if state == State::Running { "runs and is told to stop" } else { "is cancelled" };
                app.out.remark(format!("job {id} {what}"))?;
            }
            Err(error) => exit = exit.and(super::refused(app, error)?),
        }
    }
    Ok(super::in_part(exit, done))
}
