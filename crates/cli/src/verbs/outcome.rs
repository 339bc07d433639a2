//! How a refresh went, for people and for programs. The whole story is in the run's record.

use serde_json::json;
use stocktake_refresh::{Finished, Outcome};
use stocktake_saver::Counts;

use crate::app::App;
use crate::exit::Exit;
use crate::output::Table;
use crate::output::human::{counted, millis, thousands};
use crate::output::out::say;
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;

pub(crate) fn exit_of(finished: &Finished) -> Exit {
    match (&finished.error, finished.report.outcome) {
        (Some(_), _) | (None, Outcome::Failed) => Exit::Failed,
        (None, Outcome::Partial) => Exit::Partial,
        (None, Outcome::Ok) => Exit::Ok,
    }
}

fn state(finished: &Finished) -> &'static str {
    match exit_of(finished) {
        Exit::Ok => "ok",
        Exit::Partial => "partial",
        Exit::Failed => "failed",
    }
}

/// `3,721 seen, 2 new, 1 changed`
pub(crate) fn in_words(counts: &Counts) -> String {
    let mut parts = vec![format!("{} seen", thousands(counts.fetched))];
    let named = [
        (counts.created, "new"),
        (counts.updated, "changed"),
        (counts.archived, "archived"),
        (counts.deleted, "deleted"),
        (counts.held, "held"),
    ];
    parts.extend(named.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", thousands(*n))));
    if counts.written() == 0 {
        parts.push("nothing to write".to_owned());
    }
    parts.join(", ")
}

/// What changed, and what a person should know; the rest is in the run's record.
pub(crate) fn print(app: &mut App, provider: &str, finished: &Finished) -> std::io::Result<()> {
    let (report, paint) = (&finished.report, app.out.paint());
    let id = finished.run.to_string();
    let id = id.rsplit('-').next().unwrap_or(&id);
    if let Some(error) = &finished.error {
        app.out.flush()?;
        let paint = crate::output::Paint::new(app.global.color_err());
        say(format!("{} {provider}: {error}; nothing was changed (run {id})", paint.bad("error:")));
        return Ok(());
    }
    let (counts, phases) = (report.counts(), report.phases);
    let took = millis(phases.read + phases.collect + phases.plan + phases.save);
    let shown = paint.tone(tone_of(state(finished)), state(finished));
    let issues = if report.issues.is_empty() {
        String::new()
    } else {
        format!(", {}", counted(report.issues.len() as u64, "issue", "issues"))
    };
    let calls = counted(report.usage.calls, "API call", "API calls");
    app.out.line(format!(
        "{}: {shown} in {took}: {}{issues}; {calls} {}",
        paint.strong(provider),
        in_words(&counts),
        paint.faint(&format!("(run {id})")),
    ))?;
    for note in &report.notes {
        app.out.line(format!("  {} {note}", paint.warn("!")))?;
    }
    if counts.held > 0 {
        app.out.line(format!("  let them go with: stocktake refresh --approve-deletes {id}"))?;
    }
    if app.global.quiet || counts.written() + counts.held == 0 {
        return Ok(());
    }
    let mut table = Table::of(&["COLLECTION", "SEEN", "NEW", "CHANGED", "ARCHIVED", "DELETED", "HELD"])
        .right(&[1, 2, 3, 4, 5, 6])
        .indent(2)
        .compact();
    let number = |count: u64| Cell::from(if count == 0 { String::new() } else { thousands(count) });
    for c in report.collections.iter().filter(|c| c.counts.written() + c.counts.held > 0) {
        let n = c.counts;
        let cells = [
            Cell::from(c.collection.as_str()),
            number(n.fetched),
            number(n.created),
            number(n.updated),
            number(n.archived),
            number(n.deleted),
            number(n.held).tone(Tone::Warn),
        ];
        table.row(&mut app.out, cells)?;
    }
    table.end(&mut app.out, "")
}

pub(crate) fn as_data(provider: &str, finished: &Finished) -> serde_json::Value {
    json!({
        "provider": provider,
        "run": finished.run,
        "state": state(finished),
        "error": finished.error.as_ref().map(ToString::to_string),
        "report": finished.report,
    })
}
