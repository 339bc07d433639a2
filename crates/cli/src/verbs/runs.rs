//! `stocktake runs`: past refreshes, the newest first.

use clap::{Args, ValueEnum};
use stocktake_store::registry::{self, RunFilter, RunRecord, RunState};

use super::now;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::human::{ago, millis, thousands};
use crate::output::paint::tone_of;
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake runs
  stocktake runs --provider cloud1 --state failed
  stocktake runs -n 100 -o json")]
pub(crate) struct Runs {
    /// Of this provider only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only those that ended so
    #[arg(long, value_enum)]
    state: Option<State>,
    /// So many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: u64,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum State {
    Running,
    Ok,
    Partial,
    Failed,
}

pub(crate) async fn run(app: &mut App, verb: Runs) -> Done {
    let store = app.store_to_read().await?;
    let provider = match &verb.provider {
        Some(name) => Some(registry::find(&store, name).await?.id),
        None => None,
    };
    let state = verb.state.map(|state| match state {
        State::Running => RunState::Running,
        State::Ok => RunState::Ok,
        State::Partial => RunState::Partial,
        State::Failed => RunState::Failed,
    });
    let runs = registry::list_runs(&store, &RunFilter { provider, state, limit: Some(verb.limit) }).await?;
    if machine(&mut app.out, verb.output, &runs)? {
        return Ok(Exit::Ok);
    }
    if runs.is_empty() {
        app.remark("no runs yet; `stocktake refresh PROVIDER` makes one");
        return Ok(Exit::Ok);
    }
    print(&mut app.out, &runs)?;
    app.out.remark("")?;
    app.out.remark(
        app.out.paint().faint("`stocktake run show ID` has the whole story; the last part of an id is enough, or 'last'"),
    )?;
    Ok(Exit::Ok)
}

fn print(out: &mut Out, runs: &[RunRecord]) -> std::io::Result<()> {
    let now = now();
    let titles =
        ["RUN", "PROVIDER", "STARTED", "STATE", "MODE", "TOOK", "NEW", "CHANGED", "GONE", "HELD", "ISSUES", "ERROR"];
    let mut table = Table::of(&titles).right(&[5, 6, 7, 8, 9, 10]).compact();
    for run in runs {
        let counts = run.counts();
        let number = |count: u64| if count == 0 { String::new() } else { thousands(count) };
        let cells: [Cell; 12] = [
            short_id(run).into(),
            run.provider.as_str().into(),
            ago(run.started_on, now).into(),
            Cell::from(run.state.name()).tone(tone_of(run.state.name())),
            mode(run).into(),
            took(run, now).into(),
            number(counts.created).into(),
            number(counts.updated).into(),
            number(counts.archived + counts.deleted).into(),
            number(counts.held).into(),
            number(run.issues.values().sum()).into(),
            run.error.as_deref().unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}

/// The last part: the first one is the time and alike for runs of one day.
pub(crate) fn short_id(run: &RunRecord) -> String {
    let id = run.id.to_string();
    id.rsplit('-').next().unwrap_or(&id).to_owned()
}

pub(crate) fn mode(run: &RunRecord) -> String {
    match run.targets.as_slice() {
        [] => run.mode.clone(),
        [one] => format!("{} {}", run.mode, one.collection),
        many => format!("{} ({})", run.mode, many.len()),
    }
}

pub(crate) fn took(run: &RunRecord, now: i64) -> String {
    millis((run.ended_on.unwrap_or(now) - run.started_on).max(0) as u64 / 1000)
}
