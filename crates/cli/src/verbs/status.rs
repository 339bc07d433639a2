//! `stocktake status`: one screen about everything that works, and what it works on; live with `--watch`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use stocktake_queue::{Depth, Queue, State};
use stocktake_refresh::requests;
use stocktake_store::fleet::{self, ServerRecord, WorkerFilter, WorkerRecord};
use stocktake_store::registry::{self, EventSourceRecord, ProviderRecord, RunFilter, RunRecord};
use stocktake_store::{ProviderId, Store};

use super::event_sources;
use super::now;
use super::runs::{mode, short_id, took};
use super::workers::doing;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::interrupt::Stop;
use crate::output::human::{ago, bytes, counted, seconds, thousands};
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake status
  stocktake status --watch              anew every two seconds
  stocktake status -o json")]
pub(crate) struct Status {
    /// Show it anew every so many seconds, until Ctrl-C
    #[arg(long, short, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", conflicts_with = "output",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    watch: Option<u64>,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

/// Everything at one moment.
#[derive(Debug, Serialize)]
struct Picture {
    providers: Vec<Standing>,
    servers: Vec<ServerRecord>,
    workers: Vec<WorkerRecord>,
    queue: Vec<Depth>,
    runs: Vec<RunRecord>,
    events: Vec<EventSourceRecord>,
}

/// How a provider stands.
#[derive(Debug, Serialize)]
struct Standing {
    #[serde(flatten)]
    provider: ProviderRecord,
    /// Collections that the last full refresh saw whole, and all it spoke of.
    complete: usize,
    collections: usize,
    /// Since when nothing can have been missed: the collection that was last seen whole the longest ago. In microseconds
    /// since 1970; none: one of them was never seen whole.
    verified_on: Option<i64>,
    /// What is asked for and not served yet.
    pending: u64,
}

const RUNS: u64 = 5;

pub(crate) async fn run(app: &mut App, verb: Status) -> Done {
    let store = app.store_to_read().await?;
    let queue = Queue::new(store.clone());
    let Some(every) = verb.watch else {
        let picture = look(&store, &queue).await?;
        if !machine(&mut app.out, verb.output, &picture)? {
            print(&mut app.out, &picture)?;
        }
        return Ok(Exit::Ok);
    };
    let (stop, term) = (Stop::listen(), console::Term::stdout());
    while !stop.was_asked() && !app.out.is_closed() {
        let picture = look(&store, &queue).await?;
        if console::user_attended() {
            term.clear_screen()?;
        }
        print(&mut app.out, &picture)?;
        app.out.remark("")?;
        app.out.remark(app.out.paint().faint(&format!("every {every} s; Ctrl-C ends it")))?;
        app.out.flush()?;
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(every)) => {}
            () = stop.asked() => {}
        }
    }
    Ok(Exit::Ok)
}

async fn look(store: &Store, queue: &Queue) -> anyhow::Result<Picture> {
    fleet::settle_lost_servers(store).await?;
    let mut seen: BTreeMap<ProviderId, (usize, usize, Option<i64>)> = BTreeMap::new();
    for one in registry::latest_per_collection(store).await? {
        let (complete, all, oldest) = seen.entry(one.provider_id).or_insert((0, 0, Some(i64::MAX)));
        *complete += usize::from(one.listed.is_complete());
        *all += 1;
        *oldest = oldest.zip(one.complete_on).map(|(oldest, seen)| oldest.min(seen));
    }
    let pending = requests::pending(store).await?;
    let standing = |provider: ProviderRecord| {
        let (complete, collections, verified) = seen.get(&provider.id).copied().unwrap_or_default();
        let pending = pending.get(&provider.id).copied().unwrap_or(0);
        Standing { complete, collections, verified_on: verified.filter(|at| *at < i64::MAX), pending, provider }
    };
    Ok(Picture {
        providers: registry::list(store).await?.into_iter().map(standing).collect(),
        servers: fleet::servers(store, false).await?,
        workers: fleet::workers(store, &WorkerFilter::default()).await?,
        queue: queue.depths().await?,
        runs: registry::list_runs(store, &RunFilter { limit: Some(RUNS), ..RunFilter::default() }).await?,
        events: registry::event_sources(store).await?,
    })
}

fn print(out: &mut Out, picture: &Picture) -> std::io::Result<()> {
    servers(out, &picture.servers)?;
    providers(out, &picture.providers)?;
    events(out, &picture.events)?;
    workers(out, &picture.workers)?;
    queue(out, &picture.queue)?;
    runs(out, &picture.runs)
}

fn head(out: &mut Out, title: &str) -> std::io::Result<()> {
    out.line("")?;
    out.line(out.paint().strong(title))
}

fn servers(out: &mut Out, servers: &[ServerRecord]) -> std::io::Result<()> {
    if servers.is_empty() {
        return out.line(out.paint().warn("no server runs: nothing is refreshed by itself; `stocktake server` starts one"));
    }
    for server in servers {
        let now = now();
        let state = out.paint().tone(tone_of(server.state.name()), server.state.name());
        let memory = server.rss_bytes.map(|rss| format!(", {}", bytes(rss as u64))).unwrap_or_default();
        let name = out.paint().strong(&server.name);
        out.line(format!("server {name} is {state} since {}{memory}, zone {}", ago(server.started_on, now), server.zone))?;
    }
    Ok(())
}

fn providers(out: &mut Out, providers: &[Standing]) -> std::io::Result<()> {
    head(out, "Providers")?;
    if providers.is_empty() {
        return out.remark("  none; `stocktake provider add` registers one");
    }
    let now = now();
    let titles = ["NAME", "STATE", "CREDENTIALS", "REFRESHED", "VERIFIED", "COMPLETE", "ASKED", "MESSAGE"];
    let mut table = Table::of(&titles).right(&[6]).indent(2).compact();
    for Standing { provider, complete, collections, verified_on, pending } in providers {
        let state = if provider.enabled { provider.status.name() } else { "paused" };
        let whole = format!("{complete} of {collections}");
        let cells: [Cell; 8] = [
            Cell::from(provider.name.as_str()).tone(Tone::Strong),
            Cell::from(state).tone(tone_of(state)),
            Cell::from(provider.credentials.state.name()).tone(tone_of(provider.credentials.state.name())),
            provider.last_refresh_on.map_or_else(|| "never".to_owned(), |at| ago(at, now)).into(),
            verified_on.map(|at| ago(at, now)).unwrap_or_default().into(),
            match *collections {
                0 => Cell::default(),
                all => Cell::from(whole).tone(if *complete == all { Tone::Plain } else { Tone::Warn }),
            },
            if *pending == 0 { String::new() } else { thousands(*pending) }.into(),
            provider.status_message.as_deref().or(provider.credentials.message.as_deref()).unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "")
}

fn events(out: &mut Out, sources: &[EventSourceRecord]) -> std::io::Result<()> {
    if sources.is_empty() {
        return Ok(());
    }
    head(out, "Events")?;
    event_sources::table(out, sources)
}

fn workers(out: &mut Out, workers: &[WorkerRecord]) -> std::io::Result<()> {
    if workers.is_empty() {
        return Ok(());
    }
    head(out, "Workers")?;
    let mut table =
        Table::of(&["WORKER", "PROVIDER", "STATE", "DOING", "MEMORY", "RESTARTS"]).right(&[4, 5]).indent(2).compact();
    for worker in workers {
        let cells: [Cell; 6] = [
            worker.kind.as_str().into(),
            worker.provider.as_deref().unwrap_or_default().into(),
            Cell::from(worker.state.name()).tone(tone_of(worker.state.name())),
            doing(worker).into(),
            worker.rss_bytes.map(|rss| bytes(rss as u64)).unwrap_or_default().into(),
            if worker.restarts == 0 { String::new() } else { worker.restarts.to_string() }.into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; see `stocktake workers`")
}

fn queue(out: &mut Out, depths: &[Depth]) -> std::io::Result<()> {
    head(out, "Queue")?;
    if depths.is_empty() {
        return out.line("  empty");
    }
    let mut lanes: BTreeMap<&str, BTreeMap<&str, &Depth>> = BTreeMap::new();
    for depth in depths {
        lanes.entry(&depth.lane).or_default().insert(depth.state.name(), depth);
    }
    let states = [State::Waiting, State::Running, State::Retrying, State::Parked];
    let mut table = Table::of(&["LANE", "WAITING", "RUNNING", "RETRYING", "PARKED", "WAITS FOR"])
        .right(&[1, 2, 3, 4, 5])
        .indent(2)
        .compact();
    for (lane, of) in lanes {
        let jobs = |state: State| of.get(state.name()).map(|depth| thousands(depth.jobs)).unwrap_or_default();
        let oldest = of.values().filter_map(|depth| depth.oldest_due).max().map(|age| age.as_secs() as i64);
        let mut cells: Vec<Cell> = vec![lane.into()];
        cells.extend(
            states.map(|state| Cell::from(jobs(state)).tone(if state == State::Parked { Tone::Bad } else { Tone::Plain })),
        );
        cells.push(oldest.filter(|age| *age > 0).map(seconds).unwrap_or_default().into());
        table.row(out, cells)?;
    }
    table.end(out, "")?;
    let parked: u64 = depths.iter().filter(|depth| depth.state == State::Parked).map(|depth| depth.jobs).sum();
    if parked > 0 {
        let what = counted(parked, "job is", "jobs are");
        out.line(format!("  {what} parked: `stocktake queue ls --state parked` says why"))?;
    }
    Ok(())
}

fn runs(out: &mut Out, runs: &[RunRecord]) -> std::io::Result<()> {
    if runs.is_empty() {
        return Ok(());
    }
    head(out, "Last runs")?;
    let now = now();
    let titles = ["RUN", "PROVIDER", "STARTED", "STATE", "MODE", "TRIGGER", "TOOK", "NEW", "CHANGED", "GONE", "ERROR"];
    let mut table = Table::of(&titles).right(&[6, 7, 8, 9]).indent(2).compact();
    for run in runs {
        let counts = run.counts();
        let number = |count: u64| if count == 0 { String::new() } else { thousands(count) };
        let cells: [Cell; 11] = [
            short_id(run).into(),
            run.provider.as_str().into(),
            ago(run.started_on, now).into(),
            Cell::from(run.state.name()).tone(tone_of(run.state.name())),
            mode(run).into(),
            run.trigger.as_str().into(),
            took(run, now).into(),
            number(counts.created).into(),
            number(counts.updated).into(),
            number(counts.archived + counts.deleted).into(),
            run.error.as_deref().unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "")
}
