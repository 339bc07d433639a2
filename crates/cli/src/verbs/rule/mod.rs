//! `stocktake rule …`: what is done when something happens, and whether it is written well.

mod check;
mod test;

use std::path::Path;

use clap::Subcommand;
use stocktake_jobs::rules;
use stocktake_rules::Rules;
use stocktake_settings::Settings;

use crate::app::App;
use crate::exit::{Done, misuse};
use crate::kind::{Kind, menu_of};

pub(crate) use check::{Checked, checked};

#[derive(Debug, Subcommand)]
pub(crate) enum Rule {
    /// Read the files of routes and rules, and say all that is wrong with them
    Check(check::Check),
    /// Show what rules would do with an event, and why not; nothing is done
    Test(test::Test),
}

pub(crate) async fn run(app: &mut App, verb: Rule) -> Done {
    match verb {
        Rule::Check(verb) => check::run(app, verb),
        Rule::Test(verb) => test::run(app, verb).await,
    }
}

/// Of the named file, else of the one the settings name.
fn read(settings: &Settings, kinds: &[Kind], file: Option<&Path>) -> anyhow::Result<Option<Rules>> {
    let menu = menu_of(kinds)?;
    match file {
        Some(file) => rules::load(file, "--file", &menu).map(Some),
        None => rules::read(settings, &menu),
    }
}

fn no_rules() -> anyhow::Error {
    misuse("no rules file is named; write events.rules in the settings, or --file PATH")
}
