//! `stocktake provider show`: settings, never secrets.

use clap::Args;
use serde::Serialize;
use stocktake_store::registry::{self, EventSourceRecord, ProviderRecord};

use super::credentials;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::Table;
use crate::output::human::{ago, moment};
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;
use crate::verbs::{event_sources, now};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider show cloud1
  stocktake provider show cloud1 -o yaml")]
pub(crate) struct Show {
    name: String,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

/// As machines read it.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    provider: &'a ProviderRecord,
    /// None: nobody ever caught any.
    events: Option<&'a EventSourceRecord>,
}

pub(crate) async fn run(app: &mut App, verb: Show) -> Done {
    let store = app.store_to_read().await?;
    let p = registry::find(&store, &verb.name).await?;
    // What is known of a source that it has no more is over.
    let events = registry::event_source(&store, p.id).await?.filter(|_| p.event_source.is_some());
    if machine(&mut app.out, verb.output, &Shown { provider: &p, events: events.as_ref() })? {
        return Ok(Exit::Ok);
    }
    let (paint, now) = (app.out.paint(), now());
    let off = if p.enabled { "" } else { " (paused)" };
    app.out.line(format!("{} {}{off}", paint.strong(&p.name), p.kind))?;
    let schedule = match &p.refresh_schedule {
        Some(own) => own.clone(),
        None => format!("{}, as the settings say", app.settings()?.refresh.schedule),
    };
    let mut table = Table::of(&["", ""]).indent(2).sentences();
    let mut line = |name: &str, value: Cell| table.row(&mut app.out, [Cell::from(name).tone(Tone::Faint), value]);
    let status = p.status_message.as_deref().map_or(p.status.name().to_owned(), |m| format!("{}: {m}", p.status.name()));
    line("status", Cell::from(status).tone(tone_of(p.status.name())))?;
    let known = credentials::words(&p, now);
    line("credentials", Cell::from(known).tone(tone_of(p.credentials.state.name())))?;
    line("zone", p.zone.as_str().into())?;
    let refreshed = p.last_refresh_on.map_or("not yet".to_owned(), |on| format!("{}  ({})", moment(on), ago(on, now)));
    line("refreshed", refreshed.into())?;
    line("schedule", schedule.into())?;
    match (&p.event_source, &events) {
        (None, _) => line("events", "none: no source of them is set".into())?,
        (Some(source), None) => line("events", format!("{source}: nobody caught any yet").into())?,
        (Some(source), Some(seen)) => {
            let words = format!("{source}, {}", event_sources::words(seen));
            line("events", Cell::from(words).tone(event_sources::tone(seen)))?;
            line("", event_sources::received(seen).into())?;
            if let Some(gaps) = event_sources::gaps(seen) {
                line("gaps", Cell::from(gaps).tone(Tone::Warn))?;
            }
            if let Some(aside) = event_sources::aside(seen) {
                line("kept aside", Cell::from(aside).tone(Tone::Warn))?;
            }
        }
    }
    line("registered", format!("{}  ({})", moment(p.created_on), ago(p.created_on, now)).into())?;
    line("generation", p.generation.to_string().into())?;
    for (name, value) in &p.settings {
        line(name, value.as_str().into())?;
    }
    for name in &p.secrets {
        line(name, Cell::from("stored, encrypted").tone(Tone::Faint))?;
    }
    table.end(&mut app.out, "")?;
    Ok(Exit::Ok)
}
