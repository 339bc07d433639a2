//! `stocktake rule check`: the files of routes and rules, before anything happens.

use std::path::PathBuf;

use clap::Args;
use stocktake_settings::Settings;

use crate::app::App;
use crate::exit::{Done, Exit, text};
use crate::kind::Kind;
use crate::output::human::counted;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake rule check
  stocktake rule check --file new-rules.toml      before it is put in place

The server says the same when it starts, and `stocktake doctor` when asked.")]
pub(crate) struct Check {
    /// These rules instead of those the settings name
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
}

/// What is known of one file.
pub(crate) struct Checked {
    pub(crate) what: &'static str,
    /// What it holds, or what is wrong.
    pub(crate) found: anyhow::Result<String>,
}

/// Both files; of the types of providers that have events.
pub(crate) fn checked(settings: &Settings, kinds: &[Kind], rules: Option<&PathBuf>) -> Vec<Checked> {
    let mut all = Vec::new();
    if !settings.events.routes.is_empty() {
        let mut found = Ok(format!("{}, nobody has events to read", settings.events.routes));
        for kind in kinds.iter().filter(|kind| kind.provider.event_reader().is_some()) {
            found = stocktake_jobs::routes(settings, kind.provider.as_ref()).map(|routes| {
                let own = routes.all().iter().filter(|route| route.file == settings.events.routes).count() as u64;
                format!("{}, {}", settings.events.routes, counted(own, "route", "routes"))
            });
            if found.is_err() {
                break;
            }
        }
        all.push(Checked { what: "routes", found });
    }
    if rules.is_some() || !settings.events.rules.is_empty() {
        let name = rules.map_or_else(|| settings.events.rules.clone(), |path| path.display().to_string());
        let found = super::read(settings, kinds, rules.map(PathBuf::as_path));
        let found = found.map(|rules| {
            let rules = rules.map_or(0, |rules| rules.len() as u64);
            format!("{name}, {}", counted(rules, "rule", "rules"))
        });
        all.push(Checked { what: "rules", found });
    }
    all
}

pub(super) fn run(app: &mut App, verb: Check) -> Done {
    let all = checked(app.settings()?, &app.kinds, verb.file.as_ref());
    if all.is_empty() {
        app.remark("neither events.routes nor events.rules of the settings names a file, so there is nothing to check");
        return Ok(Exit::Ok);
    }
    let mut exit = Exit::Ok;
    for Checked { what, found } in all {
        let paint = app.out.paint();
        match found {
            Ok(good) => app.out.line(format!("{} {what}: {good}", paint.good("✓")))?,
            Err(error) => {
                exit = Exit::Failed;
                app.out.line(format!("{} {what}: {}", paint.bad("✗"), text(&error)))?;
            }
        }
    }
    Ok(exit)
}
