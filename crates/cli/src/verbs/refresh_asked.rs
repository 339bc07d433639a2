//! `stocktake refresh` where a server works: it is asked, and waited for.

use anyhow::anyhow;
use serde_json::{Value, json};
use stocktake_model::{Scope, Target};
use stocktake_queue::{Debounce, JobRecord, Queue, State};
use stocktake_refresh::requests::{self, Ask};
use stocktake_store::Store;
use stocktake_store::registry::{self, ProviderRecord, RunFilter, RunRecord, RunState};

use super::now;
use super::outcome::in_words;
use super::runs::{short_id, took};
use crate::app::App;
use crate::exit::Exit;
use crate::interrupt::Stop;
use crate::output::human::counted;
use crate::output::out::say;
use crate::output::paint::tone_of;
use crate::waiting::{REFRESH, Waited, wait};

/// What became of a wish: for people it has been printed already.
pub(crate) struct Answer {
    pub(crate) exit: Exit,
    pub(crate) data: Value,
}

/// Asks the server that looks after a provider, and waits for the run that serves it.
pub(crate) async fn ask(
    app: &mut App,
    store: &Store,
    record: &ProviderRecord,
    scope: &Scope,
    waits: bool,
    quiet: bool,
    stop: &Stop,
) -> anyhow::Result<Answer> {
    let queue = Queue::new(store.clone());
    let asks = asks(scope);
    // A person waits; who does not may be one of many, whose wishes are gathered.
    let settings = &app.settings()?.refresh;
    let gathered = Debounce { quiet: settings.debounce, at_most: settings.debounce_max };
    let debounce = if waits { requests::AT_ONCE } else { gathered };
    let put = requests::ask(&queue, record.id, &asks, "cli", debounce).await?;
    queue.flush().await;
    let name = &record.name;
    if !waits {
        app.remark(format!("asked for; `stocktake status` shows how it goes, `stocktake queue show {}` the job", put.id()));
        return Ok(Answer { exit: Exit::Ok, data: json!({"provider": name, "state": "asked", "job": put.id()}) });
    }
    if !record.enabled {
        app.remark(format!("{name} is paused: this is kept until `stocktake provider resume {name}`"));
        return Ok(Answer { exit: Exit::Ok, data: json!({"provider": name, "state": "held", "job": put.id()}) });
    }
    if record.credentials.stops_workers() {
        let why = record.credentials.message.as_deref().unwrap_or("they are not taken");
        let state = record.credentials.state.name();
        return Err(anyhow!(
            "nobody works on {name}: its credentials are {state} ({why}); correct them with `stocktake provider edit {name}`, \
             and it is refreshed"
        ));
    }
    match wait(app, store, &queue, put.id(), record, REFRESH, stop).await? {
        Waited::Interrupted => {
            say(format!("not waiting any more; the server goes on with job {}", put.id()));
            Ok(Answer { exit: Exit::Failed, data: json!({"provider": name, "state": "interrupted", "job": put.id()}) })
        }
        Waited::Ended(job) => ended(app, store, record, &job, quiet).await,
    }
}

fn asks(scope: &Scope) -> Vec<Ask> {
    let whole = |target: &Target| target.is_whole().then(|| Ask::Collection(target.collection.clone()));
    let ask = |target: &Target| whole(target).unwrap_or_else(|| Ask::Target(target.clone()));
    match scope {
        Scope::Full => vec![Ask::Everything],
        Scope::Targets(targets) => targets.iter().map(ask).collect(),
    }
}

async fn ended(
    app: &mut App,
    store: &Store,
    record: &ProviderRecord,
    job: &JobRecord,
    quiet: bool,
) -> anyhow::Result<Answer> {
    match job.state {
        State::Done => {}
        State::Cancelled => return Err(anyhow!("somebody cancelled the refresh of {} (job {})", record.name, job.id)),
        _ => {
            let error = job.error.as_deref().unwrap_or("it says nothing").replace('\n', ": ");
            let next = if job.state == State::Parked { "it is not tried again" } else { "the server tries again" };
            return Err(anyhow!("{error}; {next} (job {})", job.id));
        }
    }
    let run = if let Some(run) = job.result.as_ref().and_then(|result| result["run"].as_str()) {
        registry::find_run(store, run).await?
    } else {
        // Another job of the same provider had served it by then.
        let last = RunFilter { provider: Some(record.id), limit: Some(1), ..RunFilter::default() };
        let last = registry::list_runs(store, &last).await?.pop();
        last.ok_or_else(|| anyhow!("job {} is done and no run of {} is on record", job.id, record.name))?
    };
    if !quiet {
        print(app, &run)?;
    }
    let exit = match run.state {
        RunState::Ok => Exit::Ok,
        RunState::Partial => Exit::Partial,
        RunState::Running | RunState::Failed => Exit::Failed,
    };
    Ok(Answer { exit, data: json!({"provider": record.name, "run": run.id, "state": run.state, "report": run}) })
}

fn print(app: &mut App, run: &RunRecord) -> std::io::Result<()> {
    let (paint, counts) = (app.out.paint(), run.counts());
    let state = paint.tone(tone_of(run.state.name()), run.state.name());
    let calls = counted(run.usage.calls, "API call", "API calls");
    app.out.line(format!(
        "{}: {state} in {}: {}; {calls} {}",
        paint.strong(&run.provider),
        took(run, now()),
        in_words(&counts),
        paint.faint(&format!("(run {}, by {})", short_id(run), run.owner)),
    ))?;
    for note in &run.notes {
        app.out.line(format!("  {} {note}", paint.warn("!")))?;
    }
    if counts.held > 0 {
        app.out.line(format!("  let them go with: stocktake refresh --approve-deletes {}", short_id(run)))?;
    }
    Ok(())
}
