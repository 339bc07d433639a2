//! `stocktake queue show`: one job in full.

use std::io;

use clap::Args;
use stocktake_queue::{JobId, JobRecord, Queue, State};

use super::ls::{attempts, next_try, took};
use super::states::tone;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::human::{ago, moment};
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::output::{Out, Table};
use crate::verbs::now;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake queue show 4711
  stocktake queue show 4711 -o yaml")]
pub(crate) struct Show {
    /// Number of the job
    id: i64,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(super) async fn run(app: &mut App, queue: &Queue, verb: Show) -> Done {
    let job = queue.get(JobId(verb.id)).await?;
    if machine(&mut app.out, verb.output, &job)? {
        return Ok(Exit::Ok);
    }
    print(&mut app.out, &job, now())?;
    Ok(Exit::Ok)
}

fn print(out: &mut Out, job: &JobRecord, now: i64) -> io::Result<()> {
    let paint = out.paint();
    let state = paint.tone(tone(job.state), job.state.name());
    out.line(format!("{} {} {}: {state}", paint.faint("job"), job.id, paint.strong(&job.kind)))?;
    let mut table = Table::of(&["", ""]).indent(2).sentences();
    let mut line = |name: &str, value: String| {
        if value.is_empty() { Ok(()) } else { table.row(out, [Cell::from(name).tone(Tone::Faint), value.into()]) }
    };
    let when = |on: Option<i64>| on.map(|on| format!("{}  ({})", moment(on), ago(on, now))).unwrap_or_default();
    let exclusive = if job.exclusive { ", where one runs at a time" } else { "" };
    line("lane", format!("{}{exclusive}", job.lane))?;
    line("priority", job.priority.0.to_string())?;
    line("put", when(Some(job.created_on)))?;
    line("merge key", job.merge_key.clone().unwrap_or_default())?;
    line("merged", if job.merged > 0 { format!("{} later wishes", job.merged) } else { String::new() })?;
    line("attempts", attempts(job))?;
    line("next try", next_try(job, now))?;
    line("expires", when(job.expires_on))?;
    line("started", when(job.started_on))?;
    line(if job.state == State::Running { "run by" } else { "last run by" }, job.owner.clone().unwrap_or_default())?;
    line("lease until", when(job.lease_until))?;
    line("ended", when(job.ended_on))?;
    line("took", took(job, now))?;
    let told = if job.cancel_asked && job.state == State::Running { "asked for" } else { "" };
    line("cancelling", told.to_owned())?;
    line("trace", job.trace_context.clone().unwrap_or_default())?;
    table.end(out, "")?;
    part(out, "payload", &pretty(&job.payload))?;
    part(out, "result", &job.result.as_ref().map(pretty).unwrap_or_default())?;
    part(out, "error", job.error.as_deref().unwrap_or_default())
}

fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string())
}

fn part(out: &mut Out, name: &str, text: &str) -> io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    out.line("")?;
    out.line(format!("  {}", out.paint().faint(name)))?;
    text.lines().try_for_each(|line| out.line(format!("    {line}")))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;
    use stocktake_queue::Priority;

    use super::*;

    /// Its second attempt failed 20 s after it began, 30 s before the moment of which tests speak.
    pub(crate) fn failed() -> JobRecord {
        let second = |n: i64| 1_800_000_000_000_000 + n * 1_000_000;
        JobRecord {
            id: JobId(4711),
            kind: "refresh_provider".to_owned(),
            lane: "refresh:1".to_owned(),
            exclusive: true,
            priority: Priority::NORMAL,
            state: State::Retrying,
            run_after: second(70),
            expires_on: None,
            attempts: 2,
            max_attempts: 5,
            merge_key: Some("refresh:1".to_owned()),
            merged: 3,
            payload: json!({"provider": 1}),
            trace_context: None,
            owner: Some("refresh-1@host".to_owned()),
            lease_token: 2,
            lease_until: None,
            cancel_asked: false,
            result: None,
            error: Some("cannot refresh cloud1\nlist servers\n503 from https://nova".to_owned()),
            created_on: second(0),
            started_on: Some(second(40)),
            ended_on: None,
        }
    }
}
