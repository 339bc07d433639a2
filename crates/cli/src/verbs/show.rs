//! `stocktake show`: one object, with what it links to and what links to it.

use std::io;

use clap::Args;
use serde_json::{Map, json};
use stocktake_model::{Collection, Menu};
use stocktake_store::query::{self, Backlinks, End, Object, Path, Selector, Value};
use stocktake_store::registry::{self, Freshness};

use super::{happened, now, show_event};
use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::format::{Simple, cell, data, machine};
use crate::output::human::{ago, moment, thousands};
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::output::{Align, Out, Table};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake show vm web-1
  stocktake show vms 3f2a                  the beginning of a ref
  stocktake show network public --provider cloud1
  stocktake show event 4711                one of `stocktake events`: payload, route, what it led to
  stocktake show vm web-1 -o json
  stocktake show vm web-1 --raw            what the provider says of it")]
pub(crate) struct Show {
    /// vms, volumes, networks, …: see `stocktake collections`; or event
    collection: String,
    /// A name, a ref, the beginning of a ref, or an id; of an event its number
    object: String,
    /// The provider it belongs to, when that is not clear
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// With the provider's own document
    #[arg(long)]
    raw: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(crate) async fn run(app: &mut App, verb: Show) -> Done {
    if matches!(verb.collection.as_str(), "event" | "events") {
        if verb.raw || verb.provider.is_some() {
            return Err(misuse("an event's number says all; leave --provider and --raw out"));
        }
        return show_event::run(app, &verb.object, verb.output).await;
    }
    let menu = app.menu()?;
    let ix = query::resolve_collection(&menu, &verb.collection)?;
    let store = app.store_to_read().await?;
    let selector = Selector { collection: ix, word: &verb.object, provider: verb.provider.as_deref() };
    let object = Object::find(&store, &menu, selector).await?;
    let backlinks = object.backlinks(&store, &menu).await?;
    let document = if verb.raw { object.raw(&store).await? } else { None };
    let fresh = freshness(&store, menu.get(ix), &object).await?;
    let happened = happened::to(&store, &menu, &object).await?;
    let mut all = as_data(&menu, &object, &backlinks, document.as_deref(), fresh.as_ref());
    if let Some(map) = all.as_object_mut() {
        map.insert("events".to_owned(), json!(happened.events));
        map.insert("notes".to_owned(), json!(happened.notes));
    }
    if machine(&mut app.out, verb.output, &all)? {
        return Ok(Exit::Ok);
    }
    print(&mut app.out, &menu, &object, &backlinks, fresh.as_ref())?;
    happened::print(&mut app.out, &happened)?;
    if verb.raw {
        app.out.line("")?;
        match document {
            Some(document) => app.out.line(pretty(&document))?,
            None => app.out.line("no document: it is only known from what links to it, or from its owner's")?,
        }
    }
    Ok(Exit::Ok)
}

async fn freshness(store: &stocktake_store::Store, c: &Collection, object: &Object) -> anyhow::Result<Option<Freshness>> {
    let Value::Text(provider) = object.value(End::Provider) else { return Ok(None) };
    let provider = registry::find(store, provider).await?;
    let all = registry::latest_per_collection(store).await?;
    Ok(all.into_iter().find(|f| f.provider_id == provider.id && f.collection == c.name))
}

fn print(out: &mut Out, menu: &Menu, object: &Object, backlinks: &[Backlinks], fresh: Option<&Freshness>) -> io::Result<()> {
    let (c, now, paint) = (menu.get(object.collection), now(), out.paint());
    let reference = text_of(object.value(End::Ref));
    let name = query::naming_field(c).map(|f| text_of(object.value(End::Column(f)))).filter(|n| !n.is_empty());
    let provider = text_of(object.value(End::Provider));
    out.line(format!(
        "{} {} of {provider}",
        paint.faint(&query::singular(c.name)),
        paint.strong(&name.unwrap_or_else(|| reference.clone()))
    ))?;
    if let Value::Time(gone) = object.value(End::ArchivedOn) {
        out.line(paint.warn(&format!("archived {}: the provider no longer has it", ago(*gone, now))))?;
    }
    let mut fields = plain_table();
    let mut empty = 0;
    for (path, value) in &object.columns {
        match (path.end, value) {
            (End::Link(_) | End::Provider | End::ArchivedOn, _) => {}
            (_, Value::Null) => empty += 1,
            _ => fields.row(out, [Cell::from(path.text.as_str()).tone(Tone::Faint), field(menu, path, value, now)])?,
        }
    }
    fields.end(out, "")?;
    let links: Vec<_> = object.columns.iter().filter(|(p, v)| matches!(p.end, End::Link(_)) && *v != Value::Null).collect();
    if !links.is_empty() {
        out.line("")?;
        out.line(paint.strong("links to"))?;
        let mut table = Table::of(&["", "", ""]).indent(2);
        for (path, value) in links {
            let reference = match value {
                Value::Link { reference, name, .. } if name != reference => reference.as_str(),
                _ => "",
            };
            let cells = [
                Cell::from(path.text.as_str()).tone(Tone::Faint),
                text_of(value).into(),
                Cell::from(reference).tone(Tone::Faint),
            ];
            table.row(out, cells)?;
        }
        table.end(out, "")?;
    }
    if !backlinks.is_empty() {
        out.line("")?;
        out.line(paint.strong("linked by"))?;
        let mut table = Table::new([("", Align::Left), ("", Align::Right), ("", Align::Left)]).indent(2);
        for back in backlinks {
            let from = menu.get(back.collection);
            // A ref made of other refs tells a person nothing.
            let link = from.field_name(back.field);
            // Only where it says more than the collection does.
            let by = if query_name(link, c) { from.name.to_owned() } else { format!("{} ({link})", from.name) };
            let more = if back.count > back.first.len() as u64 { ", …" } else { "" };
            let told = back.first.iter().filter(|(_, reference, name)| name != reference || !reference.contains('/'));
            let names: Vec<_> = told.map(|(_, _, name)| name.as_str()).collect();
            let names = if names.is_empty() { String::new() } else { names.join(", ") + more };
            table.row(out, [Cell::from(by).tone(Tone::Faint), thousands(back.count).into(), names.into()])?;
        }
        table.end(out, "")?;
    }
    out.line("")?;
    let seen = match fresh {
        Some(fresh) if fresh.listed.is_complete() => {
            format!("all {} of {provider} were seen {}", c.name, ago(fresh.seen_on, now))
        }
        Some(fresh) => {
            let whole = fresh.complete_on.map_or("never".to_owned(), |on| ago(on, now));
            let why = fresh.listed.errors().join("; ");
            format!("{} of {provider}: {} ({why}); all of them were last seen {whole}", c.name, fresh.listed.name())
        }
        None => format!("{} of {provider} were never listed as a whole", c.name),
    };
    out.remark(paint.faint(&seen))?;
    if empty > 0 {
        out.remark(paint.faint(&format!("{empty} columns without a value are not shown; `-o json` has them")))?;
    }
    Ok(())
}

/// `vm` links of anything to `vms` need no explanation.
fn query_name(link: &str, target: &Collection) -> bool {
    target.name.strip_prefix(link).is_some_and(|rest| matches!(rest, "s" | "es"))
        || link.strip_suffix('y').is_some_and(|stem| target.name == format!("{stem}ies"))
}

fn plain_table() -> Table {
    Table::new([("", Align::Left), ("", Align::Left)]).indent(2).sentences()
}

fn field(menu: &Menu, path: &Path, value: &Value, now: i64) -> Cell {
    match value {
        Value::Time(on) => Cell::from(format!("{}  ({})", moment(*on), ago(*on, now))),
        _ => cell(&path.text, value, path.unit(menu), now),
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Text(text) | Value::Json(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Link { name, .. } => name.clone(),
        _ => String::new(),
    }
}

fn pretty(document: &str) -> String {
    let parsed: Result<serde_json::Value, _> = serde_json::from_str(document);
    parsed.ok().and_then(|v| serde_json::to_string_pretty(&v).ok()).unwrap_or_else(|| document.to_owned())
}

fn as_data(
    menu: &Menu,
    object: &Object,
    backlinks: &[Backlinks],
    document: Option<&str>,
    fresh: Option<&Freshness>,
) -> serde_json::Value {
    let value = |value| serde_json::to_value(data::Data(value)).unwrap_or_default();
    let columns: Map<_, _> = object.columns.iter().map(|(path, v)| (path.text.clone(), value(v))).collect();
    let backlinks: Vec<_> = backlinks
        .iter()
        .map(|b| {
            let from = menu.get(b.collection);
            let first = b.first.iter().map(|(id, reference, name)| json!({"id": id, "ref": reference, "name": name}));
            json!({
                "collection": from.name,
                "link": from.field_name(b.field),
                "count": b.count,
                "first": first.collect::<Vec<_>>(),
            })
        })
        .collect();
    let mut all = json!({
        "collection": menu.get(object.collection).name,
        "object": columns,
        "linked_by": backlinks,
        "freshness": fresh.map(|f| json!({
            "listed": f.listed,
            "seen_on": moment(f.seen_on),
            "complete_on": f.complete_on.map(moment),
            "run": f.run,
        })),
    });
    if let (Some(document), Some(map)) = (document, all.as_object_mut()) {
        map.insert("raw".to_owned(), serde_json::from_str(document).unwrap_or_else(|_| document.into()));
    }
    all
}
