//! `stocktake provider list`

use clap::Args;
use stocktake_store::registry;

use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::Table;
use crate::output::human::{NOTHING, ago};
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;
use crate::verbs::now;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider list
  stocktake provider list -o json")]
pub(crate) struct List {
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(crate) async fn run(app: &mut App, verb: List) -> Done {
    let store = app.store_to_read().await?;
    let providers = registry::list(&store).await?;
    if machine(&mut app.out, verb.output, &providers)? {
        return Ok(Exit::Ok);
    }
    if providers.is_empty() {
        app.remark("no provider is registered yet; `stocktake provider add` registers one");
        return Ok(Exit::Ok);
    }
    let now = now();
    let usual = app.settings()?.refresh.schedule.to_string();
    let headings = ["NAME", "TYPE", "STATUS", "CREDENTIALS", "REFRESHED", "SCHEDULE", "ZONE", "MESSAGE"];
    let mut table = Table::of(&headings).compact();
    for p in &providers {
        let status = if p.enabled { p.status.name() } else { "paused" };
        let cells: [Cell; 8] = [
            p.name.as_str().into(),
            p.kind.as_str().into(),
            Cell::from(status).tone(tone_of(status)),
            Cell::from(p.credentials.state.name()).tone(tone_of(p.credentials.state.name())),
            p.last_refresh_on.map_or(NOTHING.to_owned(), |on| ago(on, now)).into(),
            p.refresh_schedule.as_deref().unwrap_or(&usual).into(),
            p.zone.as_str().into(),
            Cell::from(p.status_message.as_deref().or(p.credentials.message.as_deref()).unwrap_or_default())
                .tone(Tone::Faint),
        ];
        table.row(&mut app.out, cells)?;
    }
    table.end(&mut app.out, "; `-o json` has everything")?;
    Ok(Exit::Ok)
}
