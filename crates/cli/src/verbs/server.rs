//! `stocktake server`: keeps every provider's inventory fresh, until asked to stop.

use clap::Args;
use stocktake_queue::Queue;
use stocktake_supervisor::{Health, Identity, Options, Program, serve};
use stocktake_worker::Stop;

use super::refresh::host;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::logging;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake server                                    with what the settings say
  stocktake server --name blue                        under another name than the host's
  STOCKTAKE_DATABASE=postgres://u@db/x stocktake server   on any number of hosts

It starts a refresh worker for each enabled provider and generic workers, watches and replaces them, and takes what is on
the queue. `stocktake status` shows how it does. Ctrl-C or SIGTERM stops it with its workers.")]
pub(crate) struct Server {
    /// What it is called in lists [default: the host's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(crate) async fn run(app: &mut App, verb: Server) -> Done {
    logging::for_service(app)?;
    let settings = app.settings()?;
    let store = app.store().await?;
    let host = host();
    let identity =
        Identity { name: verb.name.unwrap_or_else(|| host.clone()), host, version: env!("CARGO_PKG_VERSION").to_owned() };
    let program = Program::this(app.for_children()?);
    let options = Options::new(settings, identity, program);
    let stop = Stop::default().on_signals();
    let place = store.place().to_owned();
    app.remark(format!("serving {place}; `stocktake status` shows how it does, Ctrl-C stops it"));
    serve(options, store.clone(), Queue::new(store), Health::default(), stop).await?;
    Ok(Exit::Ok)
}
