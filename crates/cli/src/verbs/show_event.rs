//! `stocktake show event`: one event with all it said, where its route leads, and what it led to.

use std::io;

use serde_json::json;
use stocktake_events::handle::{NewEvent, Whose};
use stocktake_events::notes::{self, Note};
use stocktake_events::stream::{self, EventDetail, Linked};
use stocktake_jobs::rules::{Caused, jobs_of};
use stocktake_model::Target;
use stocktake_store::Store;
use stocktake_store::registry::{self, ProviderRecord, RunFilter, RunRecord};

use super::events::{about, level_name};
use super::now;
use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::format::{Simple, machine};
use crate::output::human::{ago, moment};
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;
use crate::output::{Align, Out, Table, plain};

/// Runs that are looked through for one that served an event.
const RUNS: u64 = 200;

/// A stored event, met with its provider and with the routes as they are now.
pub(crate) struct Met {
    pub(crate) detail: EventDetail,
    pub(crate) record: ProviderRecord,
    pub(crate) event: NewEvent,
    /// Why there are no routes.
    pub(crate) unrouted: Option<String>,
}

impl Met {
    pub(crate) fn whose(&self) -> Whose {
        Whose { id: self.record.id, name: self.record.name.clone(), kind: self.record.kind.clone() }
    }
}

pub(crate) async fn meet(app: &App, store: &Store, word: &str) -> anyhow::Result<Met> {
    let id: i64 = word
        .parse()
        .map_err(|_| misuse(format!("an event is named by its number, not '{word}'; see `stocktake events`")))?;
    let menu = app.menu()?;
    let detail = stream::get(store, &menu, id).await?;
    let detail = detail.ok_or_else(|| anyhow::anyhow!("there is no event {id}, or not any more; see `stocktake events`"))?;
    let record = registry::get(store, detail.event.provider_id).await?;
    let routes = stocktake_jobs::routes(app.settings()?, app.kind(&record.kind)?.provider.as_ref());
    let e = &detail.event;
    let (event, unrouted) = match routes {
        Ok(routes) => (NewEvent::routed(&e.key, &e.via, e.received_on, detail.event(), &routes), None),
        Err(error) => {
            let about = e.collection.as_ref().zip(e.about.as_ref());
            let targets = about
                .map(|(collection, about)| Target { collection: collection.clone(), reference: about.reference.clone() });
            let event = NewEvent {
                key: e.key.clone(),
                via: e.via.clone(),
                received_on: e.received_on,
                event: detail.event(),
                route: None,
                targets: targets.into_iter().collect(),
            };
            (event, Some(format!("{error:#}")))
        }
    };
    Ok(Met { detail, record, event, unrouted })
}

pub(crate) async fn run(app: &mut App, word: &str, form: Simple) -> Done {
    let store = app.store_to_read().await?;
    let met = meet(app, &store, word).await?;
    let e = &met.detail.event;
    let jobs = jobs_of(&store, e.provider_id, &e.key).await?;
    let notes = notes::of_event(&store, e.provider_id, e.id).await?;
    let run = served(&store, &met).await?;
    let route = met.event.route.as_ref();
    let all = json!({
        "event": met.detail,
        "route": route.map(|route| json!({
            "file": route.file,
            "line": route.line,
            "group": route.group,
            "severity": route.severity,
            "ignore": route.ignore,
            "targets": met.event.targets,
            "look_again_ms": route.look_again.iter().map(|wait| wait.as_millis() as u64).collect::<Vec<_>>(),
        })),
        "jobs": jobs,
        "notes": notes,
        "run": run.as_ref().map(|run| run.id),
    });
    if machine(&mut app.out, form, &all)? {
        return Ok(Exit::Ok);
    }
    print(&mut app.out, &met, &jobs, &notes, run.as_ref())?;
    Ok(Exit::Ok)
}

/// The first run that began after the event was stored and looked at what it is about.
async fn served(store: &Store, met: &Met) -> anyhow::Result<Option<RunRecord>> {
    let filter = RunFilter { provider: Some(met.record.id), limit: Some(RUNS), ..RunFilter::default() };
    let asked = met.event.asks_for();
    let saw = |run: &RunRecord| {
        let among = |target: &Target| {
            run.targets.iter().any(|seen| seen.collection == target.collection && (seen.is_whole() || *seen == *target))
        };
        run.started_on >= met.detail.event.stored_on && (run.targets.is_empty() || asked.iter().any(among))
    };
    let runs = registry::list_runs(store, &filter).await?;
    Ok(if asked.is_empty() { None } else { runs.into_iter().rev().find(saw) })
}

fn print(out: &mut Out, met: &Met, jobs: &[Caused], notes: &[Note], run: Option<&RunRecord>) -> io::Result<()> {
    let (e, paint, now) = (&met.detail.event, out.paint(), now());
    out.line(format!("event {} {} of {}", e.id, paint.strong(&plain(&e.kind)), e.provider))?;
    let mut table = fields();
    let mut line = |out: &mut Out, name: &str, text: String| -> io::Result<()> {
        if text.is_empty() { Ok(()) } else { table.row(out, [Cell::from(name).tone(Tone::Faint), text.into()]) }
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    line(out, "about", about(e))?;
    line(out, "message", text(&e.message))?;
    line(out, "at", format!("{}  ({}, by the source's clock)", moment(e.at), ago(e.at, now)))?;
    line(out, "received", format!("{}  (stored {})", moment(e.received_on), moment(e.stored_on)))?;
    line(out, "source", text(&e.source))?;
    line(out, "via", e.via.clone())?;
    line(out, "level", level_name(e).to_owned())?;
    let links =
        [("vm", &e.vm), ("host", &e.host), ("zone", &e.availability_zone), ("tenant", &e.tenant), ("flavor", &e.flavor)];
    for (name, linked) in links {
        line(out, name, linked.as_ref().map(link).unwrap_or_default())?;
    }
    line(out, "user", text(&e.user))?;
    line(out, "request", text(&e.request))?;
    line(out, "chain", text(&e.chain))?;
    line(out, "key", e.key.clone())?;
    table.end(out, "")?;
    out.line("")?;
    out.line(paint.strong("route"))?;
    route(out, met)?;
    out.line("")?;
    out.line(paint.strong("led to"))?;
    led_to(out, jobs, notes, run, now)?;
    out.line("")?;
    out.line(paint.strong("payload"))?;
    // JSON leaves some signs as they are that terminals obey.
    let payload = serde_json::to_string_pretty(&met.detail.payload).unwrap_or_default();
    payload.lines().try_for_each(|line| out.line(plain(line)))
}

fn link(linked: &Linked) -> String {
    match &linked.name {
        Some(name) if *name != linked.reference => format!("{name}  ({})", linked.reference),
        Some(name) => name.clone(),
        None => format!("{}  (not in the inventory)", linked.reference),
    }
}

fn route(out: &mut Out, met: &Met) -> io::Result<()> {
    let e = &met.detail.event;
    let group = [e.group.as_deref(), e.severity.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    if !group.is_empty() {
        out.line(format!("  stored as {group}"))?;
    }
    match (&met.event.route, &met.unrouted) {
        (Some(route), _) => {
            let types: Vec<_> = route.types.iter().map(stocktake_events::Glob::as_str).collect();
            out.line(format!("  {}, line {}, has it: {}", route.file, route.line, types.join(", ")))?;
            if route.ignore {
                out.line("  it is to be ignored: stored, and causes nothing")?;
            }
            for target in &met.event.targets {
                out.line(plain(format!("  asks for {target}")))?;
            }
            if met.event.targets.is_empty() {
                let why =
                    if route.has_targets() { "the payload has none of its refs" } else { "the route names no targets" };
                out.line(format!("  asks for nothing: {why}"))?;
            }
            for wait in &route.look_again {
                out.line(format!("  and again after {}", stocktake_settings::show_duration(*wait)))?;
            }
            Ok(())
        }
        (None, Some(why)) => out.line(format!("  where it would lead now is not known: {why}")),
        (None, None) => out.line("  no route has its type: it is stored and counted, and causes nothing else"),
    }
}

fn led_to(out: &mut Out, jobs: &[Caused], notes: &[Note], run: Option<&RunRecord>, now: i64) -> io::Result<()> {
    let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]).indent(2);
    for job in jobs {
        let what = format!("{} of rule {}", job.kind, job.rule);
        let state = Cell::from(job.state.name()).tone(tone_of(job.state.name()));
        table.row(out, [Cell::from(format!("job {}", job.id)), what.into(), state])?;
    }
    for note in notes {
        table.row(out, [Cell::from("note"), note.author.as_str().into(), note.body.as_str().into()])?;
    }
    if let Some(run) = run {
        let when = ago(run.started_on, now);
        let state = Cell::from(run.state.name()).tone(tone_of(run.state.name()));
        table.row(
            out,
            [
                Cell::from(format!("run {}", super::runs::short_id(run))),
                format!("{} refresh, {when}", run.mode).into(),
                state,
            ],
        )?;
    }
    if jobs.is_empty() && notes.is_empty() && run.is_none() {
        out.line("  nothing that is known (any more)")?;
    }
    table.end(out, "")
}

fn fields() -> Table {
    Table::new([("", Align::Left), ("", Align::Left)]).indent(2).sentences()
}
