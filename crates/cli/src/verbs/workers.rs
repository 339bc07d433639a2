//! `stocktake workers`: the worker processes there are, and what each does.

use clap::Args;
use stocktake_store::fleet::{self, WorkerFilter, WorkerRecord};
use stocktake_store::registry;

use super::now;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::human::{ago, bytes, millis};
use crate::output::paint::tone_of;
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake workers
  stocktake workers --provider cloud1
  stocktake workers --all -n 50         also those that have ended, and why")]
pub(crate) struct Workers {
    /// Of this provider only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Also those that have ended
    #[arg(long)]
    all: bool,
    /// So many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 100)]
    limit: u32,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(crate) async fn run(app: &mut App, verb: Workers) -> Done {
    let store = app.store_to_read().await?;
    fleet::settle_lost_servers(&store).await?;
    let provider = match &verb.provider {
        Some(name) => Some(registry::find(&store, name).await?.id),
        None => None,
    };
    let filter = WorkerFilter { ended: verb.all, provider, limit: Some(verb.limit), ..WorkerFilter::default() };
    let workers = fleet::workers(&store, &filter).await?;
    if machine(&mut app.out, verb.output, &workers)? {
        return Ok(Exit::Ok);
    }
    if workers.is_empty() {
        app.remark("no worker runs; `stocktake server` starts them, `--all` shows those that have ended");
        return Ok(Exit::Ok);
    }
    print(&mut app.out, &workers)?;
    Ok(Exit::Ok)
}

pub(crate) fn print(out: &mut Out, workers: &[WorkerRecord]) -> std::io::Result<()> {
    let now = now();
    let titles = [
        "WORKER", "PROVIDER", "STATE", "PID", "STARTED", "HEARD", "JOB", "DOING", "MEMORY", "CPU", "RESTARTS", "SERVER",
        "END",
    ];
    let mut table = Table::of(&titles).right(&[3, 6, 8, 9, 10]).compact();
    for worker in workers {
        let name = match worker.slot {
            1 => worker.kind.clone(),
            slot => format!("{} {slot}", worker.kind),
        };
        let moment = |at: Option<i64>| at.map(|at| ago(at, now)).unwrap_or_default();
        let cells: [Cell; 13] = [
            name.into(),
            worker.provider.as_deref().unwrap_or_default().into(),
            Cell::from(worker.state.name()).tone(tone_of(worker.state.name())),
            worker.pid.map(|pid| pid.to_string()).unwrap_or_default().into(),
            moment(Some(worker.created_on)).into(),
            moment(worker.ended_on.or(worker.heartbeat_on)).into(),
            worker.job.map(|job| job.to_string()).unwrap_or_default().into(),
            doing(worker).into(),
            worker.rss_bytes.map(|rss| bytes(rss as u64)).unwrap_or_default().into(),
            worker.cpu_millis.map(|cpu| millis(cpu as u64)).unwrap_or_default().into(),
            if worker.restarts == 0 { String::new() } else { worker.restarts.to_string() }.into(),
            worker.server.as_str().into(),
            worker.end_reason.as_deref().unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}

/// In words, with how far it is.
pub(crate) fn doing(worker: &WorkerRecord) -> String {
    if worker.ended_on.is_some() {
        return String::new();
    }
    let counts = worker.progress.as_ref().and_then(|progress| progress.as_object());
    let total: u64 = counts.map_or(0, |counts| counts.values().filter_map(serde_json::Value::as_u64).sum());
    match (&worker.doing, total) {
        (None, _) if worker.job.is_none() => "idle".to_owned(),
        (None, _) => String::new(),
        (Some(doing), 0) => doing.clone(),
        (Some(doing), total) => format!("{doing} ({})", crate::output::human::thousands(total)),
    }
}
