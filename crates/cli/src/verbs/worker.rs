//! `stocktake worker`: one worker process. A server starts these; a person does to look closely at one.

use std::sync::{Arc, LazyLock};

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use stocktake_jobs::workers::{self, Does};
use stocktake_jobs::{Context, Jobs};
use stocktake_queue::Queue;
use stocktake_store::fleet::WorkerId;
use stocktake_store::registry;
use stocktake_worker::{Life, Reporter, Stop, live, reside};
use tracing::Instrument as _;

use super::refresh::{host, owner};
use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::logging;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake worker refresh --provider cloud1      serves what is asked of cloud1
  stocktake worker event_catcher --provider cloud1
  stocktake worker generic

A server starts its workers itself. One started by hand works beside them: jobs are claimed, so none runs twice. It tells
how it is on standard output, a line of JSON at a time, and stops at Ctrl-C.")]
pub(crate) struct Worker {
    /// What it works on
    kind: Kind,
    /// For which provider, where it works for one
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Its server is at the other end of standard input: stop when that ends
    #[arg(long, hide = true)]
    supervised: bool,
    /// Its row in the database
    #[arg(long, hide = true, value_name = "UUID")]
    id: Option<WorkerId>,
    /// The settings it was started with
    #[arg(long, hide = true, value_name = "N", default_value_t = 0)]
    generation: i64,
}

/// Those of the one list, so that what a server starts is what can be started.
#[derive(Debug, Clone, Copy)]
struct Kind(&'static workers::WorkerKind);

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        static ALL: LazyLock<Vec<Kind>> = LazyLock::new(|| workers::ALL.iter().map(Kind).collect());
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.name).help(self.0.doc))
    }
}

pub(crate) async fn run(app: &mut App, verb: Worker) -> Done {
    let kind = verb.kind.0;
    logging::for_service(app, &format!("worker {}", kind.name))?;
    let stop = Stop::default().on_signals();
    let stop = if verb.supervised { stop.on_retirement().on_end_of_input() } else { stop };
    let report = Reporter::default();
    let settings = app.settings()?;
    let telling = {
        let (report, heartbeat) = (report.clone(), settings.workers.heartbeat);
        tokio::spawn(async move { report.tell(heartbeat).await })
    };
    // Of the highest level, so that a filter of errors alone still tells whose they are.
    let span = tracing::error_span!(
        "worker",
        kind = kind.name,
        id = verb.id.map(tracing::field::display),
        provider = verb.provider
    );
    let done = work(app, kind, &verb, &report, stop).instrument(span).await;
    telling.abort();
    if let Err(error) = &done {
        report.failed(crate::exit::text(error));
    }
    report.tell_now();
    done
}

async fn work(app: &App, kind: &workers::WorkerKind, verb: &Worker, report: &Reporter, stop: Stop) -> Done {
    let settings = app.settings()?;
    let store = app.store().await?;
    let provider = match (kind.filled.is_of_provider(), &verb.provider) {
        (true, Some(name)) => Some(registry::find(&store, name).await?.id),
        (true, None) => {
            return Err(misuse(format!("a {} worker works for one provider; name it with --provider", kind.name)));
        }
        (false, None) => None,
        (false, Some(_)) => {
            return Err(misuse(format!("a {} worker works for no provider of its own; leave --provider out", kind.name)));
        }
    };
    let queue = Queue::new(store.clone());
    let (lease, poll) = (settings.queue.lease, settings.queue.poll);
    let types = app.kinds.iter().map(|kind| Arc::clone(&kind.provider)).collect();
    let context = Context::new(store.clone(), queue.clone(), app.vault(&store)?, settings.clone(), types);
    let context = Arc::new(context);
    match (kind.does, provider) {
        (Does::Resident(work), Some(provider)) => {
            reside(work(context, provider, report.clone(), stop.clone()), report, &stop).await?;
        }
        (does, provider) => {
            let owner = verb.id.map_or_else(owner, |id| id.holder(&host(), std::process::id()));
            let life = Life { queue, lanes: does.lanes(provider), owner, lease, poll };
            live(life, Arc::new(Jobs { context }), report.clone(), stop).await?;
        }
    }
    Ok(Exit::Ok)
}
