//! `stocktake provider …`: register and look after the systems that are read.

mod add;
mod ask;
pub(crate) mod credentials;
mod edit;
mod list;
mod pause;
mod remove;
mod settings;
mod show;
pub(crate) mod test;
mod types;

use clap::Subcommand;

use crate::app::App;
use crate::exit::Done;

#[derive(Debug, Subcommand)]
pub(crate) enum Provider {
    /// Register one
    Add(add::Add),
    /// Those that are registered
    List(list::List),
    /// One with its settings
    Show(show::Show),
    /// Try whether it can be read: network, sign-in, services, permissions
    Test(test::Test),
    /// Change its name, settings, secrets or schedule
    Edit(edit::Edit),
    /// Let nobody work on it for now; what is asked for waits
    Pause(pause::Pause),
    /// Go on with one that was paused
    Resume(pause::Resume),
    /// Forget it and everything known of it
    Remove(remove::Remove),
    /// Kinds there are, and what they need to be told
    Types(types::Types),
}

pub(crate) use add::{event_source, register};

pub(crate) async fn run(app: &mut App, verb: Provider) -> Done {
    match verb {
        Provider::Add(verb) => add::run(app, verb).await,
        Provider::List(verb) => list::run(app, verb).await,
        Provider::Show(verb) => show::run(app, verb).await,
        Provider::Test(verb) => test::run(app, verb).await,
        Provider::Edit(verb) => edit::run(app, verb).await,
        Provider::Pause(verb) => pause::pause(app, verb).await,
        Provider::Resume(verb) => pause::resume(app, verb).await,
        Provider::Remove(verb) => remove::run(app, verb).await,
        Provider::Types(verb) => types::run(app, verb),
    }
}
