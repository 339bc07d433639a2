//! The verbs, a file each.

pub(crate) mod collections;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
mod effective;
pub(crate) mod event_sources;
pub(crate) mod events;
pub(crate) mod fakecloud;
pub(crate) mod get;
mod happened;
pub(crate) mod migrate;
mod outcome;
pub(crate) mod plan;
pub(crate) mod provider;
pub(crate) mod queue;
pub(crate) mod refresh;
mod refresh_asked;
pub(crate) mod rule;
pub(crate) mod run_show;
pub(crate) mod runs;
pub(crate) mod server;
pub(crate) mod servers;
pub(crate) mod show;
mod show_event;
pub(crate) mod status;
pub(crate) mod summary;
pub(crate) mod worker;
pub(crate) mod workers;

use crate::app::App;
use crate::args::Command;
use crate::exit::Done;

pub(crate) async fn run(app: &mut App, command: Command) -> Done {
    match command {
        Command::Demo(verb) => demo::run(app, verb).await,
        Command::Provider(verb) => provider::run(app, verb).await,
        Command::Refresh(verb) => refresh::run(app, verb).await,
        Command::Plan(verb) => plan::run(app, verb).await,
        Command::Summary(verb) => summary::run(app, verb).await,
        Command::Get(verb) => get::run(app, verb).await,
        Command::Show(verb) => show::run(app, verb).await,
        Command::Events(verb) => events::run(app, verb).await,
        Command::Rule(verb) => rule::run(app, verb).await,
        Command::Collections(verb) => collections::run(app, verb),
        Command::Runs(verb) => runs::run(app, verb).await,
        Command::Run(verb) => run_show::run(app, verb).await,
        Command::Server(verb) => server::run(app, verb).await,
        Command::Status(verb) => status::run(app, verb).await,
        Command::Workers(verb) => workers::run(app, verb).await,
        Command::Servers(verb) => servers::run(app, verb).await,
        Command::Worker(verb) => worker::run(app, verb).await,
        Command::Queue(verb) => queue::run(app, verb).await,
        Command::Migrate(verb) => migrate::run(app, verb).await,
        Command::Doctor(verb) => doctor::run(app, verb).await,
        Command::Fakecloud(verb) => fakecloud::run(app, verb).await,
        Command::Completions(verb) => completions::run(app, verb),
    }
}

/// This moment, in microseconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
