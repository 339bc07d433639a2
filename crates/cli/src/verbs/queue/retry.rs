//! `stocktake queue retry`: jobs that ended without success are run after all.

use clap::Args;
use stocktake_queue::{JobId, Queue};

use crate::app::App;
use crate::exit::{Done, Exit};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake queue retry 4711
  stocktake queue retry 4711 4712
  stocktake queue ls --state parked         shows which there are

A parked or cancelled job gets all its attempts anew; one that waits for its next attempt has it now.")]
pub(crate) struct Retry {
    /// Numbers of the jobs
    #[arg(required = true, value_name = "ID")]
    ids: Vec<i64>,
}

pub(super) async fn run(app: &mut App, queue: &Queue, verb: Retry) -> Done {
    let (mut done, mut exit) = (0, Exit::Ok);
    for id in verb.ids.into_iter().map(JobId) {
        match queue.retry(id).await {
            Ok(()) => {
                done += 1;
                app.out.remark(format!("job {id} is run again"))?;
            }
            Err(error) => exit = exit.and(super::refused(app, error)?),
        }
    }
    if !queue.flush().await {
        app.remark("workers could not be told; they will find it when they next look");
    }
    Ok(super::in_part(exit, done))
}
