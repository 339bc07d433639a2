//! `stocktake provider test`: names what works and what does not.

use std::io;

use clap::Args;
use stocktake_provider::{CheckStatus, TestReport, Traffic};
use stocktake_refresh::findings;
use stocktake_store::registry::{self, ProviderStatus};

use super::credentials;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::interrupt;
use crate::output::human::millis;
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider test cloud1
  stocktake provider test cloud1 -o json

Exit codes: 0 everything can be read, 3 a part of it, 1 nothing.")]
pub(crate) struct Test {
    name: String,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(crate) async fn run(app: &mut App, verb: Test) -> Done {
    let store = app.store_to_read().await?;
    let record = registry::find(&store, &verb.name).await?;
    let configuration = app.configuration(&store, &record).await?;
    let provider = match app.kind(&record.kind)?.provider.connect(&configuration, Traffic::Live) {
        Ok(provider) => provider,
        Err(error) => {
            credentials::note(app, &store, &record, &findings::of_settings(&error)).await?;
            return Err(error.into());
        }
    };
    let report = tokio::select! {
        report = provider.test() => report,
        () = interrupt::asked() => anyhow::bail!("interrupted"),
    };
    let (status, message, exit) = match (report.passed(), complete(&report)) {
        (false, _) => (ProviderStatus::Failed, Some(failure(&report)), Exit::Failed),
        (true, false) => (record.status, record.status_message.clone(), Exit::Partial),
        (true, true) if record.status == ProviderStatus::Failed => (ProviderStatus::Ok, None, Exit::Ok),
        (true, true) => (record.status, record.status_message.clone(), Exit::Ok),
    };
    registry::set_status(&store, record.id, status, message.as_deref()).await?;
    credentials::note(app, &store, &record, &findings::of_test(&report)).await?;
    if !machine(&mut app.out, verb.output, &report)? {
        print(&mut app.out, &report)?;
    }
    Ok(exit)
}

fn complete(report: &TestReport) -> bool {
    report.checks.iter().all(|c| c.status != CheckStatus::Warning) && report.access.iter().all(|a| a.readable || a.absent)
}

/// The first check that failed, in words.
pub(crate) fn failure(report: &TestReport) -> String {
    let failed = report.checks.iter().find(|c| c.status == CheckStatus::Failed);
    failed.map_or_else(|| "unknown".to_owned(), |c| format!("{}: {}", c.name, c.message))
}

pub(super) fn warnings(app: &mut App, report: &TestReport) {
    for check in report.checks.iter().filter(|c| c.status == CheckStatus::Warning) {
        app.remark(format!("warning: {}: {}", check.name, check.message));
    }
    for access in report.access.iter().filter(|a| !a.readable && !a.absent) {
        let why = access.message.as_deref().unwrap_or("the credential may not");
        let needs = access.needs.as_ref().map(|n| format!("; it needs {n}")).unwrap_or_default();
        app.remark(format!("warning: {} cannot be read: {why}{needs}", access.collection));
    }
}

pub(crate) fn print(out: &mut Out, report: &TestReport) -> io::Result<()> {
    let mut table = Table::of(&["", "CHECK", "TOOK", "FOUND"]).right(&[2]).sentences();
    for check in &report.checks {
        let (sign, tone) = match check.status {
            CheckStatus::Ok => ("✓", Tone::Good),
            CheckStatus::Warning => ("!", Tone::Warn),
            CheckStatus::Failed => ("✗", Tone::Bad),
            CheckStatus::Skipped => ("·", Tone::Faint),
        };
        let took = if check.status == CheckStatus::Skipped { String::new() } else { millis(check.millis) };
        table.row(
            out,
            [Cell::from(sign).tone(tone), check.name.as_str().into(), took.into(), check.message.as_str().into()],
        )?;
    }
    table.end(out, "")?;
    if report.access.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let mut table = Table::of(&["", "COLLECTION", "REACH", "NEEDS", "REMARK"]).sentences().compact();
    for access in &report.access {
        let (sign, tone) = match (access.readable, access.absent) {
            (true, _) => ("✓", Tone::Good),
            (false, true) => ("·", Tone::Faint),
            (false, false) => ("✗", Tone::Bad),
        };
        let text = |value: &Option<String>| Cell::from(value.as_deref().unwrap_or_default());
        let cells = [
            Cell::from(sign).tone(tone),
            access.collection.as_str().into(),
            text(&access.reach),
            text(&access.needs),
            text(&access.message),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}
