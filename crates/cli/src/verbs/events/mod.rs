//! `stocktake events`: what happens in the providers' systems.

mod aside;
mod follow;
mod lines;
mod types;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use stocktake_events::stream::{self, EventFilter, EventRecord, ObjectRef};
use stocktake_events::{Group, Severity};
use stocktake_model::Menu;
use stocktake_provider::EventLevel;
use stocktake_store::query::{self, End, Object, QueryError, Selector, Value};
use stocktake_store::{Store, registry};

use crate::app::App;
use crate::exit::{Done, Exit, misuse};

pub(crate) use lines::{about, table};

#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  stocktake events
  stocktake events --follow
  stocktake events --vm web-1 --since 2h
  stocktake events --type 'compute.instance.*.error' --type 'volume.*' --provider cloud1
  stocktake events --object network=public --severity warning -n 200
  stocktake events --since 2026-01-31 -o csv"
)]
pub(crate) struct Events {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Types of events that came: how often, and whether a route has them
    Types(types::Types),
    /// What came and could not be read, with the reasons
    Aside(aside::Aside),
}

#[derive(Debug, Args)]
struct List {
    /// Of this provider only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only of these types; * stands for anything
    #[arg(long = "type", value_name = "GLOB")]
    types: Vec<String>,
    /// About this VM: a name, a ref or the beginning of one
    #[arg(long, value_name = "NAME", conflicts_with = "object")]
    vm: Option<String>,
    /// About this object
    #[arg(long, value_name = "COLLECTION=NAME")]
    object: Option<String>,
    /// At least so bad: info, warning, error
    #[arg(long, value_parser = level)]
    level: Option<EventLevel>,
    /// Of this group: power, deletion, network, …
    #[arg(long, value_parser = group)]
    group: Option<Group>,
    /// Of this severity: critical, warning, detail
    #[arg(long, value_parser = severity)]
    severity: Option<Severity>,
    /// That happened since: 2h (ago), 2026-01-31, 2026-01-31T10:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// So many, the newest [default: 50, and 10 with --follow]
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<u32>,
    /// Go on printing as events are stored; Ctrl-C ends it
    #[arg(long, short)]
    follow: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Form,
}

/// Forms of a list of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// Columns that fit the terminal
    Table,
    Json,
    /// One JSON object a line
    Jsonl,
    Yaml,
    Csv,
}

pub(crate) async fn run(app: &mut App, verb: Events) -> Done {
    match verb.part {
        Some(Part::Types(verb)) => types::run(app, verb).await,
        Some(Part::Aside(verb)) => aside::run(app, verb).await,
        None => list(app, verb.list).await,
    }
}

async fn list(app: &mut App, verb: List) -> Done {
    let menu = app.menu()?;
    let since = verb.since.as_deref().map(moment).transpose()?;
    if verb.follow && matches!(verb.output, Form::Json | Form::Yaml) {
        return Err(misuse("what goes on for ever is no document; write -o jsonl, -o csv or none"));
    }
    let store = app.store_to_read().await?;
    let record = match &verb.provider {
        Some(name) => Some(registry::find(&store, name).await?),
        None => None,
    };
    let mut filter = EventFilter {
        provider: record.as_ref().map(|record| record.id),
        types: verb.types,
        level: verb.level,
        group: verb.group,
        severity: verb.severity,
        since,
        limit: verb.limit.unwrap_or(if verb.follow { 10 } else { 50 }),
        ..EventFilter::default()
    };
    let object = verb.object.as_deref().map(named).transpose()?.or_else(|| verb.vm.as_deref().map(|vm| ("vms", vm)));
    if let Some((collection, word)) = object {
        find(&store, &menu, verb.provider.as_deref(), (collection, word), &mut filter).await?;
    }
    if verb.follow {
        return follow::run(app, &store, &menu, filter, verb.output).await;
    }
    let events = stream::list(&store, &menu, &filter).await?;
    if lines::machine(&mut app.out, verb.output, &events)? {
        return Ok(Exit::Ok);
    }
    if events.is_empty() {
        app.remark("no such events; `stocktake events types` shows which types came");
        return Ok(Exit::Ok);
    }
    table(&mut app.out, &events)?;
    app.out.remark("")?;
    let more = if events.len() as u64 == u64::from(filter.limit) { "; there may be more, -n shows them" } else { "" };
    app.out.remark(app.out.paint().faint(&format!("`stocktake show event ID` has the whole story{more}")))?;
    Ok(Exit::Ok)
}

/// `network=public`
fn named(text: &str) -> anyhow::Result<(&str, &str)> {
    let parts = text.split_once('=').filter(|(collection, word)| !collection.is_empty() && !word.is_empty());
    parts.ok_or_else(|| misuse(format!("an object is COLLECTION=NAME, for example network=public, not '{text}'")))
}

/// What a person calls an object, as events name it. One the inventory does not know is taken for a ref: an event may be all
/// there is of it.
async fn find(
    store: &Store,
    menu: &Menu,
    provider: Option<&str>,
    (collection, word): (&str, &str),
    filter: &mut EventFilter,
) -> anyhow::Result<()> {
    let ix = query::resolve_collection(menu, collection)?;
    let reference = match Object::find(store, menu, Selector { collection: ix, word, provider }).await {
        Ok(object) => {
            if let Value::Text(name) = object.value(End::Provider) {
                filter.provider = Some(registry::find(store, name).await?.id);
            }
            match object.value(End::Ref) {
                Value::Text(reference) => reference.clone(),
                _ => word.to_owned(),
            }
        }
        Err(QueryError::NoObject { .. }) => word.to_owned(),
        Err(error) => return Err(error.into()),
    };
    filter.object = Some(ObjectRef { collection: menu.get(ix).name.to_owned(), reference });
    Ok(())
}

/// `2h` is two hours ago.
fn moment(text: &str) -> anyhow::Result<i64> {
    let ago = stocktake_settings::parse_duration(text).is_ok();
    let text = if ago { format!("-{text}") } else { text.to_owned() };
    query::parse_time(&text, Timestamp::now()).map_err(|what| misuse(format!("--since: {what}")))
}

fn level(word: &str) -> Result<EventLevel, String> {
    match word {
        "info" => Ok(EventLevel::Info),
        "warning" => Ok(EventLevel::Warning),
        "error" => Ok(EventLevel::Error),
        _ => Err("there are info, warning, error".to_owned()),
    }
}

fn group(word: &str) -> Result<Group, String> {
    let known = || Group::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
    Group::parse(word).ok_or_else(|| format!("there are {}", known()))
}

fn severity(word: &str) -> Result<Severity, String> {
    Severity::parse(word).ok_or_else(|| "there are critical, warning, detail".to_owned())
}

/// What an event says of itself where it stands among others.
pub(crate) fn level_name(event: &EventRecord) -> &'static str {
    match event.level {
        EventLevel::Info => "info",
        EventLevel::Warning => "warning",
        EventLevel::Error => "error",
    }
}

/// A value as JSON has it; texts without quotes.
pub(crate) fn shown(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
