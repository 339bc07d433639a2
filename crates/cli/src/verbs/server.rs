//! `stocktake server`: keeps every provider's inventory fresh, until asked to stop.

use clap::Args;
use stocktake_queue::Queue;
use stocktake_store::Store;
use stocktake_store::registry::{self, ProviderChange};
use stocktake_supervisor::{Health, Identity, Options, Program, serve};
use stocktake_worker::Stop;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::provider;
use super::refresh::host;
use super::rule::{Checked, checked};
use crate::app::App;
use crate::children::Children;
use crate::exit::{Done, Exit, misuse, text};
use crate::logging;
use crate::reload::Reloader;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake server                                    with what the settings say
  stocktake server --name blue                        under another name than the host's
  STOCKTAKE_DATABASE=postgres://u@db/x stocktake server   on any number of hosts

It starts a refresh worker for each enabled provider, an event catcher for each that tells what happens, and generic workers,
watches and replaces them, and takes what is on the queue. `stocktake status` shows how it does. Ctrl-C or SIGTERM stops it with its workers. At SIGHUP, and when their file changes,
the settings are read again.")]
pub(crate) struct Server {
    /// What it is called in lists [default: the host's name]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

pub(crate) async fn run(app: &mut App, verb: Server) -> Done {
    let tuner = logging::for_service(app, "server")?;
    let settings = app.settings()?;
    // Before anything starts: its handlers could only wait for somebody to mend the files.
    for Checked { found, .. } in checked(settings, &app.kinds, None) {
        found.map_err(|error| misuse(text(&error)))?;
    }
    let store = app.store().await?;
    settle_event_sources(app, &store).await?;
    let host = host();
    let identity =
        Identity { name: verb.name.unwrap_or_else(|| host.clone()), host, version: env!("CARGO_PKG_VERSION").to_owned() };
    let children = Children::new(app)?;
    let program = Program::this(children.environment(settings));
    let options = Options::new(settings, identity, program);
    let stop = Stop::default().on_signals();
    let (options, told) = watch::channel(options);
    let reloader = Reloader {
        inputs: app.inputs(),
        settings: settings.clone(),
        file: app.loaded()?.file.clone(),
        kinds: app.kinds.clone(),
        options,
        children,
        tuner,
        filter_is_set: logging::typed(app)?.is_none(),
    };
    tokio::spawn(reloader.run(hangups(&stop)?));
    let place = store.place().to_owned();
    app.remark(format!("serving {place}; `stocktake status` shows how it does, Ctrl-C stops it"));
    serve(told, store.clone(), Queue::new(store), Health::default(), stop).await?;
    Ok(Exit::Ok)
}

/// Providers may have been registered by a program that knew fewer sources of events than this one.
async fn settle_event_sources(app: &App, store: &Store) -> anyhow::Result<()> {
    for record in registry::list(store).await? {
        let named = match (app.kind(&record.kind), app.configuration(store, &record).await) {
            (Ok(kind), Ok(configuration)) => provider::event_source(kind.provider.as_ref(), &configuration),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        match named {
            Ok(source) if source != record.event_source => {
                let change = ProviderChange { event_source: Some(source), ..ProviderChange::default() };
                registry::change(store, &app.vault(store)?, record.id, change).await?;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(provider = record.name, %error, "how its events come cannot be told"),
        }
    }
    Ok(())
}

/// Hangups: of a service they mean that the settings are to be read again; of a terminal that was closed, that nobody is
/// there any more.
fn hangups(stop: &Stop) -> std::io::Result<Signal> {
    let mut hangups = signal(SignalKind::hangup())?;
    if console::user_attended_stderr() {
        let stop = stop.clone();
        tokio::spawn(async move {
            hangups.recv().await;
            stop.ask("its terminal was closed (SIGHUP)");
        });
        // For the reader of settings, who may read them once more before the end.
        return signal(SignalKind::hangup());
    }
    Ok(hangups)
}
