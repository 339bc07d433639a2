//! `stocktake queue …`: what there is to do, and what people do about it.

mod cancel;
mod ls;
mod retry;
mod show;
mod states;

use clap::Subcommand;
use stocktake_queue::{Queue as Jobs, QueueError};

use crate::app::App;
use crate::exit::{Done, Exit};
use crate::output::out::say;

#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// Jobs that wait, run, are parked or have ended, the newest first
    Ls(ls::Ls),
    /// One job in full: payload, lease, the last failure with all its causes
    Show(show::Show),
    /// Run parked or cancelled jobs after all, or those that wait for their next attempt now
    Retry(retry::Retry),
    /// End jobs; a running one is told to stop
    Cancel(cancel::Cancel),
}

pub(crate) async fn run(app: &mut App, verb: Queue) -> Done {
    let queue = Jobs::new(app.store_to_read().await?);
    match verb {
        Queue::Ls(verb) => ls::run(app, &queue, verb).await,
        Queue::Show(verb) => show::run(app, &queue, verb).await,
        Queue::Retry(verb) => retry::run(app, &queue, verb).await,
        Queue::Cancel(verb) => cancel::run(app, &queue, verb).await,
    }
}

/// Of several jobs one could not be helped: it is said, and the others go on. What else is wrong ends the verb.
fn refused(app: &mut App, error: QueueError) -> Result<Exit, QueueError> {
    match error {
        QueueError::Unknown { .. } | QueueError::NotNow { .. } => {
            let text = format!("{} {error}", app.out.paint().bad("error:"));
            let _ = app.out.flush();
            say(text);
            Ok(Exit::Failed)
        }
        error => Err(error),
    }
}

fn in_part(exit: Exit, done: usize) -> Exit {
    if exit == Exit::Failed && done > 0 { Exit::Partial } else { exit }
}
