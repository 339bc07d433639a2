//! `stocktake queue ls`: jobs, the newest first.

use std::collections::BTreeSet;

use clap::Args;
use stocktake_queue::{Filter, JobRecord, Queue, State};

use super::states::{Wanted, tone};
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::human::{ago, millis};
use crate::output::table::Cell;
use crate::output::{Out, Table};
use crate::verbs::now;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake queue ls
  stocktake queue ls --state parked
  stocktake queue ls --state open --lane generic --lane bulk
  stocktake queue ls --kind refresh_provider -n 100 -o json")]
pub(crate) struct Ls {
    /// Only in these states; 'open' is all that have not ended
    #[arg(long, value_enum)]
    state: Vec<Wanted>,
    /// Only of these lanes
    #[arg(long, value_name = "LANE")]
    lane: Vec<String>,
    /// Only of these kinds
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// So many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: u32,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(super) async fn run(app: &mut App, queue: &Queue, verb: Ls) -> Done {
    let states: BTreeSet<State> = verb.state.iter().flat_map(|wanted| wanted.states()).collect();
    let filter = Filter { lanes: verb.lane, kinds: verb.kind, states: states.into_iter().collect(), limit: verb.limit };
    let jobs = queue.list(&filter).await?;
    if machine(&mut app.out, verb.output, &jobs)? {
        return Ok(Exit::Ok);
    }
    if jobs.is_empty() {
        app.remark("there are no such jobs");
        return Ok(Exit::Ok);
    }
    print(&mut app.out, &jobs, now())?;
    app.out.remark("")?;
    app.out.remark(app.out.paint().faint("`stocktake queue show ID` has the whole story"))?;
    Ok(Exit::Ok)
}

fn print(out: &mut Out, jobs: &[JobRecord], now: i64) -> std::io::Result<()> {
    let titles = ["JOB", "KIND", "LANE", "STATE", "AGE", "ATTEMPTS", "NEXT TRY", "TOOK", "ERROR"];
    let mut table = Table::of(&titles).right(&[0, 5]).compact();
    for job in jobs {
        let cells: [Cell; 9] = [
            job.id.to_string().into(),
            job.kind.as_str().into(),
            job.lane.as_str().into(),
            Cell::from(job.state.name()).tone(tone(job.state)),
            ago(job.created_on, now).into(),
            attempts(job).into(),
            next_try(job, now).into(),
            took(job, now).into(),
            job.error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}

pub(super) fn attempts(job: &JobRecord) -> String {
    if job.attempts == 0 { String::new() } else { format!("{} of {}", job.attempts, job.max_attempts) }
}

pub(super) fn next_try(job: &JobRecord, now: i64) -> String {
    match job.state {
        State::Waiting | State::Retrying if job.run_after <= now => "now".to_owned(),
        State::Waiting | State::Retrying => ago(job.run_after, now),
        _ => String::new(),
    }
}

pub(super) fn took(job: &JobRecord, now: i64) -> String {
    let end = if job.state == State::Running { Some(now) } else { job.ended_on };
    match (job.started_on, end) {
        (Some(start), Some(end)) => millis((end - start).max(0) as u64 / 1000),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::tests::failed;
    use super::*;

    #[test]
    fn when_and_how_often() {
        let mut job = failed();
        let now = job.created_on + 60_000_000;
        assert_eq!((attempts(&job).as_str(), next_try(&job, now).as_str()), ("2 of 5", "in 10 s"));
        assert_eq!(next_try(&job, job.run_after), "now");
        assert_eq!(took(&job, now), "", "it has not ended");
        job.state = State::Running;
        assert_eq!((next_try(&job, now).as_str(), took(&job, now).as_str()), ("", "20.0 s"));
        job.attempts = 0;
        assert_eq!(attempts(&job), "");
    }
}
