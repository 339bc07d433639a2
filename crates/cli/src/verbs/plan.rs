//! `stocktake plan`: what a refresh would do, field by field; nothing is written.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;
use stocktake_model::{Menu, Target, Unit, Value};
use stocktake_provider::Traffic;
use stocktake_refresh::{Change, ChangeKind, FieldChange, RunReport, describe};
use stocktake_store::query;
use stocktake_store::registry;
use unicode_width::UnicodeWidthStr;

use super::refresh;
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::cell_text;
use crate::interrupt;
use crate::output::human::thousands;
use crate::output::paint::Tone;
use crate::output::table::shorten;
use crate::output::{Out, Paint};
use crate::progress::Bars;
use crate::recording;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake plan cloud1
  stocktake plan cloud1 --all                      every change, however many
  stocktake plan cloud1 --target vm=web-1
  stocktake plan cloud1 -o jsonl | jq 'select(.change == \"delete\")'")]
pub(crate) struct Plan {
    /// Name of a registered provider
    provider: String,
    /// Only this object and what it owns, or without REF the whole collection; may be given several times
    #[arg(long = "target", value_name = "COLLECTION[=REF]")]
    targets: Vec<Target>,
    /// Every change, not only the first ones of each collection
    #[arg(long)]
    all: bool,
    /// The fields of new objects, too
    #[arg(long)]
    fields: bool,
    /// Answer from this file instead of the network, see `refresh --record`
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// For people
    Table,
    /// One JSON object a line and change
    Jsonl,
}

/// Changes shown of a kind and collection, unless all are wanted.
const FEW: u64 = 10;

pub(crate) async fn run(app: &mut App, verb: Plan) -> Done {
    let store = app.store().await?;
    let record = registry::find(&store, &verb.provider).await?;
    let traffic = match &verb.replay {
        Some(path) => Traffic::Replay(recording::read(path)?.into()),
        None => Traffic::Live,
    };
    let job = refresh::job(app, &store, &record, &verb.targets, traffic).await?;
    let bars = Bars::new(app, &record.name);
    let mut report = RunReport::new(job.scope.name(), job.scope.targets());
    let plan = tokio::select! {
        plan = job.plan(&store, &bars, &mut report) => plan,
        () = interrupt::asked() => {
            bars.end();
            anyhow::bail!("interrupted");
        }
    };
    bars.end();
    let plan = plan?;
    let menu = job.provider.menu();
    let mut list =
        List { menu: &menu, most: if verb.all { u64::MAX } else { FEW }, fields: verb.fields, last: None, left_out: 0 };
    let (out, form) = (&mut app.out, verb.output);
    let mut told: std::io::Result<()> = Ok(());
    describe(&store, &plan.plan, |change| {
        if told.is_ok() {
            told = match form {
                Form::Table => list.tell(out, &change),
                Form::Jsonl => out.line(as_data(&menu, &change).to_string()),
            };
        }
    })
    .await?;
    told?;
    if form == Form::Table {
        list.end(out)?;
        verdict(app, &record.name, &report)?;
    }
    Ok(if report.notes.is_empty() { Exit::Ok } else { Exit::Partial })
}

fn verdict(app: &mut App, provider: &str, report: &RunReport) -> std::io::Result<()> {
    let (counts, paint) = (report.counts(), app.out.paint());
    let named = [
        (counts.created, "new"),
        (counts.updated, "changed"),
        (counts.archived, "to archive"),
        (counts.deleted, "to delete"),
        (counts.held, "to hold"),
    ];
    let parts: Vec<_> = named.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", thousands(*n))).collect();
    let what = if parts.is_empty() { "nothing to do".to_owned() } else { parts.join(", ") };
    for note in &report.notes {
        app.out.line(format!("{} {note}", paint.warn("!")))?;
    }
    app.out.line(format!(
        "{}: {what}, {} as they are; nothing was written",
        paint.strong(provider),
        thousands(counts.unchanged)
    ))
}

/// Changes as they come, under headings.
struct List<'a> {
    menu: &'a Menu,
    most: u64,
    fields: bool,
    /// Collection and kind of the last change, and how many of these there were.
    last: Option<(stocktake_model::CollectionIx, ChangeKind, u64)>,
    left_out: u64,
}

impl List<'_> {
    fn tell(&mut self, out: &mut Out, change: &Change) -> std::io::Result<()> {
        let collection = self.menu.get(change.collection);
        let (same_collection, same_kind, count) = match self.last {
            Some((ix, kind, count)) if ix == change.collection => (true, kind == change.kind, count),
            _ => (false, false, 0),
        };
        let count = if same_kind { count + 1 } else { 1 };
        if !same_kind {
            self.end(out)?;
        }
        if !same_collection {
            out.line(out.paint().strong(collection.name))?;
        }
        self.last = Some((change.collection, change.kind, count));
        if count > self.most {
            self.left_out += 1;
            return Ok(());
        }
        let paint = out.paint();
        let (sign, tone, what) = sign(change.kind);
        let name = change.name.as_deref().unwrap_or(&change.reference);
        let reference = match &change.name {
            Some(name) if *name != change.reference => change.reference.as_str(),
            _ => "",
        };
        // A ref that does not fit is of no use for the eye; `-o jsonl` has it.
        let used = 6 + name.width() + what.width();
        let reference = shorten(reference, out.width().map_or(usize::MAX, |width| width.saturating_sub(used).max(8)));
        let line = format!("  {} {name}{}  {}", paint.tone(tone, sign), paint.faint(what), paint.faint(&reference));
        out.line(line.trim_end())?;
        let shows = !matches!(change.kind, ChangeKind::Create) || self.fields;
        for field in change.fields.iter().filter(|_| shows) {
            out.line(format!("      {}", field_change(paint, collection, field)))?;
        }
        Ok(())
    }

    /// Says what was left out under the last heading.
    fn end(&mut self, out: &mut Out) -> std::io::Result<()> {
        let left_out = std::mem::take(&mut self.left_out);
        if left_out == 0 {
            return Ok(());
        }
        out.line(out.paint().faint(&format!("    and {} more; `--all` shows them", thousands(left_out))))
    }
}

fn field_change(paint: Paint, collection: &stocktake_model::Collection, change: &FieldChange) -> String {
    let column = collection.field(change.field).and_then(|f| collection.column(f));
    let unit = column.map_or(Unit::None, |c| c.unit);
    let shown = |value: &Value, name: &Option<String>| name.clone().unwrap_or_else(|| cell_text(&read(value), unit));
    let new = shown(&change.new, &change.new_name);
    match &change.old {
        Some(old) => format!("{}: {} → {new}", change.field, paint.faint(&shown(old, &change.old_name))),
        None => format!("{}: {new}", change.field),
    }
}

fn sign(kind: ChangeKind) -> (&'static str, Tone, &'static str) {
    match kind {
        ChangeKind::Create => ("+", Tone::Good, ""),
        ChangeKind::Update => ("~", Tone::Warn, ""),
        ChangeKind::Revive => ("^", Tone::Good, "  is back"),
        ChangeKind::Document => ("~", Tone::Faint, "  only its document"),
        ChangeKind::Archive => ("-", Tone::Bad, "  is gone: to be archived"),
        ChangeKind::Delete => ("-", Tone::Bad, "  is gone: to be deleted"),
        ChangeKind::Held => ("!", Tone::Warn, "  is gone, but too much is: kept for now"),
        ChangeKind::Relink => ("~", Tone::Faint, "  a link of it"),
    }
}

/// A planned value as one that is read: links are refs still.
fn read(value: &Value) -> query::Value {
    match value {
        Value::Null => query::Value::Null,
        Value::Bool(v) => query::Value::Bool(*v),
        Value::Int(v) => query::Value::Int(*v),
        Value::Float(v) => query::Value::Float(*v),
        Value::Time(v) => query::Value::Time(*v),
        Value::Text(v) => query::Value::Text(v.clone()),
        Value::Json(v) => query::Value::Json(v.clone()),
        Value::Link(link) => query::Value::Text(link.key.clone()),
    }
}

fn as_data(menu: &Menu, change: &Change) -> serde_json::Value {
    let data = |value: &Value| serde_json::to_value(crate::format::data::Data(&read(value))).unwrap_or_default();
    let fields: Vec<_> = change
        .fields
        .iter()
        .map(|f| json!({"field": f.field, "old": f.old.as_ref().map(data), "new": data(&f.new)}))
        .collect();
    json!({
        "collection": menu.get(change.collection).name,
        "change": change.kind,
        "ref": change.reference,
        "name": change.name,
        "fields": fields,
    })
}
