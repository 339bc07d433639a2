//! Events among others: as a table, as lines that go on for ever, in machine formats.

use std::borrow::Cow;
use std::io;

use stocktake_events::stream::{EventRecord, Linked};
use stocktake_store::query::singular;

use super::{Form, level_name};
use crate::format::csv_line;
use crate::output::human::{ago, moment};
use crate::output::paint::{Tone, tone_of};
use crate::output::table::{Cell, shorten};
use crate::output::{Out, Table, plain};
use crate::verbs::now;

pub(crate) fn table(out: &mut Out, events: &[EventRecord]) -> io::Result<()> {
    let now = now();
    let several = events.iter().any(|event| event.provider != events[0].provider);
    let mut table =
        Table::of(&["EVENT", "WHEN", "PROVIDER", "TYPE", "ABOUT", "LEVEL", "SEVERITY", "MESSAGE"]).right(&[0]).compact();
    for event in events {
        let level = level_name(event);
        let cells: [Cell; 8] = [
            event.id.to_string().into(),
            ago(event.at, now).into(),
            if several { event.provider.as_str() } else { "" }.into(),
            event.kind.as_str().into(),
            about(event).into(),
            Cell::from(if level == "info" { "" } else { level }).tone(tone_of(level)),
            severity(event),
            event.message.as_deref().unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o json` has everything")
}

/// A detail is not worth a word.
fn severity(event: &EventRecord) -> Cell {
    match event.severity.as_deref() {
        Some(severity @ ("critical" | "warning")) => {
            Cell::from(severity).tone(if severity == "critical" { Tone::Bad } else { Tone::Warn })
        }
        _ => Cell::from(""),
    }
}

/// `vm web-1`: what it is about, else what it names.
pub(crate) fn about(event: &EventRecord) -> String {
    // What has no name is told by the beginning of its ref, which is enough to ask for it.
    let begin = |reference: &str| {
        if reference.chars().count() > 13 {
            reference.chars().take(8).chain(['…']).collect()
        } else {
            reference.to_owned()
        }
    };
    let named = |linked: &Linked| linked.name.clone().unwrap_or_else(|| begin(&linked.reference));
    match (&event.collection, &event.about, &event.vm, &event.host) {
        (Some(collection), Some(about), ..) if !about.reference.is_empty() => {
            format!("{} {}", singular(collection), named(about))
        }
        (Some(collection), ..) => format!("{collection} (all)"),
        (None, _, Some(vm), _) => format!("vm {}", named(vm)),
        (None, _, None, Some(host)) => format!("host {}", named(host)),
        _ => String::new(),
    }
}

/// One line, at once: a table waits for more rows to know its widths.
pub(super) fn line(out: &mut Out, event: &EventRecord) -> io::Result<()> {
    let paint = out.paint();
    let level = level_name(event);
    let head = [moment(event.at), format!("{:<10}", event.provider), format!("{:<36}", event.kind)].join("  ");
    let said = [about(event), event.message.clone().unwrap_or_default()];
    let said: Vec<_> = said.into_iter().filter(|text| !text.is_empty()).collect();
    let text = plain(format!("{head}  {}", said.join("  ")));
    let text = out.width().map_or_else(|| text.trim_end().to_owned(), |width| shorten(text.trim_end(), width));
    out.line(if level == "info" { text } else { paint.tone(tone_of(level), &text) })?;
    out.flush()
}

/// Writes them in a machine format. `false`: the caller shows them to people.
pub(super) fn machine(out: &mut Out, form: Form, events: &[EventRecord]) -> io::Result<bool> {
    let simple = match form {
        Form::Table => return Ok(false),
        Form::Json => crate::format::Simple::Json,
        Form::Yaml => crate::format::Simple::Yaml,
        Form::Jsonl => {
            for event in events {
                out.line(serde_json::to_string(event).map_err(io::Error::other)?)?;
            }
            return Ok(true);
        }
        Form::Csv => {
            out.line(csv_line(TITLES.iter().map(|title| Cow::Borrowed(*title))))?;
            for event in events {
                out.line(csv(event))?;
            }
            return Ok(true);
        }
    };
    crate::format::machine(out, simple, &events)
}

pub(super) const TITLES: [&str; 18] = [
    "id",
    "provider",
    "type",
    "at",
    "received_on",
    "level",
    "group",
    "severity",
    "collection",
    "ref",
    "name",
    "vm",
    "host",
    "tenant",
    "user",
    "request",
    "source",
    "message",
];

pub(super) fn csv(event: &EventRecord) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let linked = |linked: &Option<Linked>| {
        linked.as_ref().map(|l| l.name.clone().unwrap_or_else(|| l.reference.clone())).unwrap_or_default()
    };
    let fields: [String; 18] = [
        event.id.to_string(),
        event.provider.clone(),
        event.kind.clone(),
        moment(event.at),
        moment(event.received_on),
        level_name(event).to_owned(),
        text(&event.group),
        text(&event.severity),
        text(&event.collection),
        event.about.as_ref().map(|about| about.reference.clone()).unwrap_or_default(),
        event.about.as_ref().and_then(|about| about.name.clone()).unwrap_or_default(),
        linked(&event.vm),
        linked(&event.host),
        linked(&event.tenant),
        text(&event.user),
        text(&event.request),
        text(&event.source),
        text(&event.message),
    ];
    csv_line(fields.into_iter().map(Cow::Owned))
}
