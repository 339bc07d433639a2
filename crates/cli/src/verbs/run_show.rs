//! `stocktake run show`: one past refresh in full.

use std::io;

use clap::{Args, Subcommand};
use serde_json::json;
use stocktake_model::Listed;
use stocktake_store::registry::{self, RunIssue, RunRecord};

use super::{now, runs};
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::human::{ago, bytes, counted, millis, moment, thousands};
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Subcommand)]
pub(crate) enum Run {
    /// What a refresh saw, changed, met, and how long it took
    Show(RunShow),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake run show last
  stocktake run show 9c41f0a2b7de          the end or the beginning of an id is enough
  stocktake run show last --issues
  stocktake run show last -o json")]
pub(crate) struct RunShow {
    /// Id of the run, its beginning or end, or 'last'
    #[arg(default_value = "last")]
    id: String,
    /// Every issue that was kept, not only the first ones
    #[arg(long)]
    issues: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

/// Issues shown without being asked for.
const FEW: usize = 10;

pub(crate) async fn run(app: &mut App, Run::Show(verb): Run) -> Done {
    let store = app.store_to_read().await?;
    let record = registry::find_run(&store, &verb.id).await?;
    let issues = registry::issues_of(&store, record.id).await?;
    let mut all = json!(record);
    if let Some(map) = all.as_object_mut() {
        map.insert("kept_issues".to_owned(), json!(issues));
    }
    if machine(&mut app.out, verb.output, &all)? {
        return Ok(Exit::Ok);
    }
    head(&mut app.out, &record)?;
    collections(&mut app.out, &record)?;
    listings(&mut app.out, &record)?;
    notes(&mut app.out, &record)?;
    issue_list(&mut app.out, &record, &issues, if verb.issues { usize::MAX } else { FEW })?;
    Ok(Exit::Ok)
}

fn head(out: &mut Out, run: &RunRecord) -> io::Result<()> {
    let (paint, now) = (out.paint(), now());
    let state = paint.tone(tone_of(run.state.name()), run.state.name());
    out.line(format!("{} {} refresh of {}: {state}", paint.faint("run"), run.mode, paint.strong(&run.provider)))?;
    let mut table = Table::of(&["", ""]).indent(2).sentences();
    let mut line = |name: &str, value: String| {
        if value.is_empty() { Ok(()) } else { table.row(out, [Cell::from(name).tone(Tone::Faint), value.into()]) }
    };
    line("id", run.id.to_string())?;
    line("error", run.error.clone().unwrap_or_default())?;
    line("targets", run.targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))?;
    line("started", format!("{}  ({})", moment(run.started_on), ago(run.started_on, now)))?;
    line("took", runs::took(run, now))?;
    let phases: Vec<_> = run.phases.iter().map(|(name, took)| format!("{name} {}", millis(*took))).collect();
    line("of that", phases.join(", "))?;
    line("asked by", format!("{}, worked on by {}", run.trigger, run.owner))?;
    let usage = run.usage;
    let retries = if usage.retries > 0 { format!(", {} retried", thousands(usage.retries)) } else { String::new() };
    let throttled = if usage.throttled > 0 { format!(", {} throttled", thousands(usage.throttled)) } else { String::new() };
    line("api", format!("{}, {}{retries}{throttled}", counted(usage.calls, "call", "calls"), bytes(usage.bytes)))?;
    line("approves", run.approves.clone().unwrap_or_default())?;
    line("approved", run.approved_on.map(|on| ago(on, now)).unwrap_or_default())?;
    line("trace", run.trace_id.clone().unwrap_or_default())?;
    table.end(out, "")
}

fn collections(out: &mut Out, run: &RunRecord) -> io::Result<()> {
    if run.collections.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let titles = ["COLLECTION", "FETCHED", "NEW", "CHANGED", "SAME", "ARCHIVED", "DELETED", "HELD", "SEEN"];
    let mut table = Table::of(&titles).right(&[1, 2, 3, 4, 5, 6, 7]).indent(2).compact();
    for (name, collection) in &run.collections {
        let c = collection.counts;
        let number = |count: u64| Cell::from(if count == 0 { String::new() } else { thousands(count) });
        let seen = collection.listed.as_ref().map_or(Cell::from(""), |l| Cell::from(l.name()).tone(tone_of(l.name())));
        let cells = [
            Cell::from(name.as_str()),
            number(c.fetched),
            number(c.created),
            number(c.updated),
            number(c.unchanged),
            number(c.archived),
            number(c.deleted),
            number(c.held).tone(Tone::Warn),
            seen,
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}

/// Those that did not go well, and those that see less than everything.
fn listings(out: &mut Out, run: &RunRecord) -> io::Result<()> {
    let text = |value: &serde_json::Value, key: &str| value.get(key).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let number =
        |value: &serde_json::Value, key: &str| value.get(key).and_then(serde_json::Value::as_u64).unwrap_or_default();
    let all = run.listings.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut table = Table::of(&["LISTING", "RECORDS", "PAGES", "TOOK", "REACH", "HOW IT WENT"])
        .right(&[1, 2, 3])
        .indent(2)
        .sentences()
        .compact();
    for listing in all {
        let listed: Option<Listed> = listing.get("listed").and_then(|l| serde_json::from_value(l.clone()).ok());
        let went = listed.map_or(Cell::from(""), |listed| match listed {
            Listed::Complete => Cell::from("complete").tone(Tone::Good),
            other => Cell::from(format!("{}: {}", other.name(), other.errors().join("; "))).tone(tone_of(other.name())),
        });
        let cells: [Cell; 6] = [
            text(listing, "listing").into(),
            thousands(number(listing, "records")).into(),
            thousands(number(listing, "pages")).into(),
            millis(number(listing, "millis")).into(),
            text(listing, "reach").into(),
            went,
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}

fn notes(out: &mut Out, run: &RunRecord) -> io::Result<()> {
    if run.notes.is_empty() {
        return Ok(());
    }
    let paint = out.paint();
    out.line("")?;
    for note in &run.notes {
        out.line(format!("  {} {note}", paint.warn("!")))?;
    }
    Ok(())
}

fn issue_list(out: &mut Out, run: &RunRecord, issues: &[RunIssue], most: usize) -> io::Result<()> {
    let total: u64 = run.issues.values().sum();
    if total == 0 {
        return Ok(());
    }
    let kinds: Vec<_> =
        run.issues.iter().map(|(kind, count)| format!("{} {}", thousands(*count), kind.replace('_', " "))).collect();
    out.line("")?;
    out.line(format!("{}: {}", out.paint().strong(&counted(total, "issue", "issues")), kinds.join(", ")))?;
    let mut table = Table::of(&["KIND", "COLLECTION", "REF", "FIELD", "WHAT"]).indent(2).sentences().compact();
    for issue in issues.iter().take(most) {
        let field = issue.field.as_deref().unwrap_or_default();
        let kind = issue.kind.replace('_', " ");
        table.row(out, [kind.as_str(), &issue.collection, &issue.reference, field, &issue.message])?;
    }
    table.end(out, "; `-o json` has everything")?;
    let shown = issues.len().min(most) as u64;
    if shown < total {
        let how = if (issues.len() as u64) < total && shown == issues.len() as u64 {
            "the others were not kept"
        } else {
            "`--issues` shows more"
        };
        out.remark(format!("  {} of {}; {how}", thousands(shown), thousands(total)))?;
    }
    Ok(())
}
