//! The command line: one command tree, one file a verb, tables and machine formats.
//!
//! Knows no concrete provider: the binary hands in the kinds there are. Decides nothing about refreshing or saving and
//! writes no SQL; it asks, shows, and says what to do next.

mod app;
mod args;
mod children;
mod exit;
mod format;
mod interrupt;
mod kind;
mod logging;
mod output;
mod progress;
mod recording;
mod reload;
mod traces;
mod verbs;
mod waiting;

use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches};

pub use kind::{Import, Imported, Kind};

use stocktake_settings::Address;
use tracing::{Instrument as _, Span};

use app::App;
use args::Cli;

/// Runs the command line of this process.
pub async fn run(kinds: Vec<Kind>) -> ExitCode {
    if std::env::args_os().len() < 2 {
        // Who types the bare name wants to know what there is; a variable that is set does not change that.
        let _ = args::command().print_help();
        return ExitCode::from(2);
    }
    let matches = match args::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => return exit::usage(&error),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return exit::usage(&error.format(&mut Cli::command())),
    };
    let typed = matches.value_source("database") == Some(ValueSource::CommandLine);
    let mut app = App::new(cli.global, kinds, typed);
    let is_service = cli.command.is_service();
    let mut span = Span::none();
    if !is_service {
        let traced = traces::verb(&cli.command);
        let sent = traced.and_then(|_| traces::for_people(&mut app));
        let begins = traced.filter(|_| sent.is_some());
        logging::for_people(&app.global, sent);
        span = begins.map_or_else(Span::none, traces::of_verb);
    }
    if typed && app.global.database.as_ref().is_some_and(|url| Address::new(url).has_password()) {
        app.remark(
            "warning: a password on the command line is seen by everybody on this machine; set STOCKTAKE_DATABASE instead",
        );
    }
    let done = Box::pin(verbs::run(&mut app, cli.command).instrument(span)).await;
    traces::end().await;
    let flushed = app.out.flush();
    exit::code(done.and_then(|exit| Ok(flushed.map(|()| exit)?)), &app)
}
