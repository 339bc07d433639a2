//! `stocktake summary`: one look at everything.

use std::io;

use clap::Args;
use serde_json::json;
use stocktake_model::{Listed, Menu};
use stocktake_store::query::{self, Count};
use stocktake_store::registry::{self, Freshness, ProviderRecord, RunFilter, RunRecord};

use super::now;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::human::{ago, counted, millis, moment, thousands};
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake summary
  stocktake summary cloud1
  stocktake summary -o json")]
pub(crate) struct Summary {
    /// Of these providers only
    providers: Vec<String>,
    /// Empty collections, too
    #[arg(long)]
    all: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

/// What is known of one provider.
struct Known<'a> {
    provider: &'a ProviderRecord,
    last: Option<&'a RunRecord>,
    collections: Vec<Line<'a>>,
}

struct Line<'a> {
    name: &'static str,
    live: u64,
    archived: u64,
    fresh: Option<&'a Freshness>,
}

pub(crate) async fn run(app: &mut App, verb: Summary) -> Done {
    let menu = app.menu()?;
    let store = app.store_to_read().await?;
    let providers = match verb.providers.as_slice() {
        [] => registry::list(&store).await?,
        names => app.providers(&store, names).await?,
    };
    let counts = query::counts(&store, &menu).await?;
    let fresh = registry::latest_per_collection(&store).await?;
    let mut last = Vec::new();
    for provider in &providers {
        let filter = RunFilter { provider: Some(provider.id), limit: Some(1), ..RunFilter::default() };
        last.push(registry::list_runs(&store, &filter).await?.pop());
    }
    let known: Vec<_> =
        providers.iter().zip(&last).map(|(p, run)| of_provider(&menu, p, run.as_ref(), &counts, &fresh)).collect();
    if machine(&mut app.out, verb.output, &known.iter().map(as_data).collect::<Vec<_>>())? {
        return Ok(Exit::Ok);
    }
    if providers.is_empty() {
        app.out.line(
            "no provider is registered yet; `stocktake provider add` registers one, `stocktake demo` shows how it goes",
        )?;
    }
    for (n, known) in known.iter().enumerate() {
        if n > 0 {
            app.out.line("")?;
        }
        print(&mut app.out, known, verb.all)?;
    }
    Ok(Exit::Ok)
}

fn of_provider<'a>(
    menu: &Menu,
    provider: &'a ProviderRecord,
    last: Option<&'a RunRecord>,
    counts: &[Count],
    fresh: &'a [Freshness],
) -> Known<'a> {
    let line = |(ix, c): (_, &stocktake_model::Collection)| {
        let count = counts.iter().find(|count| count.provider == provider.id && count.collection == ix);
        let fresh = fresh.iter().find(|f| f.provider_id == provider.id && f.collection == c.name);
        let of_no_interest = c.link_only && count.is_none();
        let (live, archived) = count.map_or((0, 0), |count| (count.live, count.archived));
        (!of_no_interest).then_some(Line { name: c.name, live, archived, fresh })
    };
    Known { provider, last, collections: menu.iter().filter_map(line).collect() }
}

fn print(out: &mut Out, known: &Known<'_>, all: bool) -> io::Result<()> {
    let (paint, now, p) = (out.paint(), now(), known.provider);
    let status = paint.tone(tone_of(p.status.name()), p.status.name());
    let off = if p.enabled { "" } else { ", paused" };
    let refreshed = match (known.last, p.last_refresh_on) {
        (Some(run), Some(on)) if run.ended_on.is_some() && run.state != registry::RunState::Failed => {
            let took = (run.ended_on.unwrap_or(on) - run.started_on).max(0) as u64 / 1000;
            format!("refreshed {} in {}", ago(on, now), millis(took))
        }
        (_, Some(on)) => format!("refreshed {}", ago(on, now)),
        (_, None) => format!("not refreshed yet; run `stocktake refresh {}`", p.name),
    };
    out.line(format!("{}  {}{off}  {status}  {refreshed}", paint.strong(&p.name), p.kind))?;
    if let Some(message) = &p.status_message {
        out.line(format!("  {}", paint.tone(tone_of(p.status.name()), message)))?;
    }
    let interesting =
        |line: &&Line<'_>| all || line.live > 0 || line.archived > 0 || line.fresh.is_some_and(|f| !f.listed.is_complete());
    let shown: Vec<_> = known.collections.iter().filter(interesting).collect();
    if shown.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut table = Table::of(&["COLLECTION", "OBJECTS", "ARCHIVED", "SEEN"]).right(&[1, 2]).indent(2).sentences().compact();
    for line in &shown {
        let archived = if line.archived > 0 { thousands(line.archived) } else { String::new() };
        let cells = [line.name.into(), thousands(line.live).into(), Cell::from(archived).tone(Tone::Faint), seen(line, now)];
        table.row(out, cells)?;
    }
    table.end(out, "")?;
    let empty = known.collections.len() - shown.len();
    if empty > 0 {
        let many = counted(empty as u64, "collection is empty", "collections are empty");
        out.remark(paint.faint(&format!("  {many}; `--all` shows them")))?;
    }
    Ok(())
}

fn seen(line: &Line<'_>, now: i64) -> Cell {
    let Some(fresh) = line.fresh else { return Cell::from("") };
    let whole = |text: String| match fresh.complete_on {
        Some(on) => format!("{text}; all seen {}", ago(on, now)),
        None => text,
    };
    let errors = fresh.listed.errors().join("; ");
    match &fresh.listed {
        Listed::Complete => Cell::from(format!("all, {}", ago(fresh.seen_on, now))),
        Listed::Partial { .. } => Cell::from(whole(format!("partial: {errors}"))).tone(Tone::Warn),
        Listed::Failed { .. } => Cell::from(whole(format!("failed: {errors}"))).tone(Tone::Bad),
        Listed::NotAsked { .. } => Cell::from(whole(format!("not asked: {errors}"))).tone(Tone::Faint),
    }
}

fn as_data(known: &Known<'_>) -> serde_json::Value {
    let p = known.provider;
    json!({
        "provider": p.name,
        "type": p.kind,
        "status": p.status.name(),
        "status_message": p.status_message,
        "refreshed_on": p.last_refresh_on.map(moment),
        "last_run": known.last.map(|run| run.id.to_string()),
        "collections": known.collections.iter().map(|line| json!({
            "collection": line.name,
            "objects": line.live,
            "archived": line.archived,
            "listed": line.fresh.map(|f| &f.listed),
            "seen_on": line.fresh.map(|f| moment(f.seen_on)),
            "complete_on": line.fresh.and_then(|f| f.complete_on).map(moment),
        })).collect::<Vec<_>>(),
    })
}
