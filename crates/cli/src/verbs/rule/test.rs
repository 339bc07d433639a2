//! `stocktake rule test`: what rules would do with an event that is stored.

use std::io;
use std::path::PathBuf;

use clap::Args;
use stocktake_jobs::rules::{Tried, try_rules};
use stocktake_rules::{Consequence, WebhookAddress};

use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::format::{Simple, machine};
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::output::{Align, Out, Table, plain};
use crate::verbs::events::{about, shown};
use crate::verbs::show_event::meet;

/// Characters of a value that are shown.
const VALUE: usize = 200;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake rule test 4711
  stocktake rule test 4711 --rule 'production VM deleted'
  stocktake rule test 4711 --file new-rules.toml      before it is put in place
  stocktake rule test 4711 -o json

Routes, rules and inventory are those of now, which need not be those of when it happened. Nothing is done.")]
pub(crate) struct Test {
    /// Number of the event, see `stocktake events`
    event: String,
    /// Only this rule
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// These rules instead of those the settings name
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(super) async fn run(app: &mut App, verb: Test) -> Done {
    let rules = super::read(app.settings()?, &app.kinds, verb.file.as_deref())?.ok_or_else(super::no_rules)?;
    if let Some(name) = &verb.rule
        && rules.find(name).is_none()
    {
        let known: Vec<_> = rules.iter().map(|rule| rule.name.as_str()).collect();
        let meant = stocktake_settings::did_you_mean(name, known.iter().copied());
        let meant = meant.unwrap_or_else(|| format!("; there are {}", known.join(", ")));
        return Err(misuse(format!("there is no rule '{name}'{meant}")));
    }
    let store = app.store_to_read().await?;
    let menu = app.menu()?;
    let met = meet(app, &store, &verb.event).await?;
    let tried = try_rules(&store, &menu, &rules, &met.whose(), &met.event, verb.rule.as_deref()).await?;
    if machine(&mut app.out, verb.output, &tried)? {
        return Ok(Exit::Ok);
    }
    let e = &met.detail.event;
    let paint = app.out.paint();
    app.out.line(format!("event {} {} of {}  {}", e.id, paint.strong(&plain(&e.kind)), e.provider, plain(about(e))))?;
    if let Some(why) = &met.unrouted {
        app.remark(format!("its route is not known: {why}"));
    }
    if tried.is_empty() {
        app.remark("there are no rules");
    }
    for one in &tried {
        print(&mut app.out, one)?;
    }
    Ok(Exit::Ok)
}

fn print(out: &mut Out, tried: &Tried) -> io::Result<()> {
    let paint = out.paint();
    let verdict = match (tried.explained.applies, &tried.hindered) {
        (Some(true), None) => paint.good("applies"),
        (Some(true), Some(_)) => paint.warn("applies, but cannot be carried out"),
        (Some(false), _) => "does not apply".to_owned(),
        (None, _) => paint.warn("cannot be evaluated, and does nothing"),
    };
    out.line("")?;
    out.line(format!("{} (line {}) {verdict}", paint.strong(&tried.rule), tried.line))?;
    for why in tried.explained.unclear.iter().chain(&tried.hindered) {
        out.line(plain(format!("  {why}")))?;
    }
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]).indent(2).sentences();
    for term in &tried.explained.terms {
        let answer = match (term.holds, &term.unclear) {
            (Some(true), _) => Cell::from("true").tone(Tone::Good),
            (Some(false), _) => Cell::from("false").tone(Tone::Warn),
            (None, why) => Cell::from(why.as_deref().unwrap_or_default()).tone(Tone::Warn),
        };
        table.row(out, [Cell::from(term.text.as_str()), answer])?;
    }
    table.end(out, "")?;
    let mut table = Table::new([("", Align::Left), ("", Align::Left)]).indent(2).sentences();
    for (path, value) in &tried.explained.values {
        let value: String = value.to_string().chars().take(VALUE).collect();
        table.row(out, [Cell::from(path.as_str()).tone(Tone::Faint), value.into()])?;
    }
    table.end(out, "")?;
    for consequence in &tried.consequences {
        out.line(would(consequence, &tried.asks))?;
    }
    Ok(())
}

/// One line.
fn would(consequence: &Consequence, asks: &[String]) -> String {
    let what = match consequence {
        Consequence::Refresh(_) if asks.is_empty() => "refresh nothing: the event has no targets".to_owned(),
        Consequence::Refresh(_) => format!("refresh {}", asks.join(", ")),
        Consequence::Note(text) => format!("note: {text}"),
        Consequence::Webhook(webhook) => {
            let to = match &webhook.address {
                WebhookAddress::Url(url) => url.clone(),
                WebhookAddress::File(file) => format!("the address in {}", file.display()),
            };
            let signed =
                webhook.secret_file.as_ref().map_or("unsigned".to_owned(), |file| format!("signed with {}", file.display()));
            format!("send to {to}, {signed}")
        }
        Consequence::Command { arguments, .. } => format!("run {}", shown(arguments)),
    };
    plain(format!("  would {what}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn names_of_objects_cannot_speak_to_the_terminal() {
        let escape = "web\u{1b}]0;x\u{7}\u{9b}2J\n".to_owned();
        let command = Consequence::Command { arguments: vec![escape.clone()], timeout: Duration::ZERO };
        let refresh = Consequence::Refresh(stocktake_rules::Targets::OfEvent);
        for one in [Consequence::Note(escape.clone()), command, refresh] {
            let line = would(&one, std::slice::from_ref(&escape));
            assert!(line.contains("web") && !line.contains(char::is_control), "{line:?}");
        }
    }
}
