//! `stocktake collections`: what there can be. Needs no database.

use clap::Args;
use serde_json::json;
use stocktake_model::{Collection, Retention};
use stocktake_store::query::{self, COMMON};

use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::Table;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake collections          all of them
  stocktake collections vm       columns and links of one
  stocktake collections vms -o json")]
pub(crate) struct Collections {
    /// Show the columns of this one
    collection: Option<String>,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(crate) fn run(app: &mut App, verb: Collections) -> Done {
    let menu = app.menu()?;
    let Some(word) = &verb.collection else {
        let filled: Vec<_> = menu.iter().map(|(_, c)| c).filter(|c| !c.link_only).collect();
        let data: Vec<_> = filled.iter().map(|c| json!({"name": c.name, "doc": first_line(c)})).collect();
        if machine(&mut app.out, verb.output, &data)? {
            return Ok(Exit::Ok);
        }
        let mut table = Table::of(&["COLLECTION", "WHAT IT IS"]).sentences();
        for collection in filled {
            table.row(&mut app.out, [collection.name, first_line(collection)])?;
        }
        table.end(&mut app.out, "")?;
        app.out.remark("")?;
        app.out.remark("`stocktake collections NAME` shows the columns of one")?;
        return Ok(Exit::Ok);
    };
    let collection = menu.get(query::resolve_collection(&menu, word)?);
    if machine(&mut app.out, verb.output, &describe(collection))? {
        return Ok(Exit::Ok);
    }
    let paint = app.out.paint();
    app.out.line(format!("{}  {}", paint.strong(collection.name), first_line(collection)))?;
    app.out.line(format!("identity: {}; when gone: {}", collection.manager_ref.join(", "), fate(collection)))?;
    app.out.line("")?;
    let mut table = Table::of(&["COLUMN", "TYPE", "WHAT IT IS"]).sentences();
    for column in collection.columns.iter() {
        let unit = column.unit.symbol();
        let ty = format!(
            "{}{}",
            format!("{:?}", column.ty).to_lowercase(),
            if unit.is_empty() { String::new() } else { format!(", {unit}") }
        );
        table.row(&mut app.out, [column.name, &ty, column.doc])?;
    }
    for link in collection.links.iter() {
        table.row(&mut app.out, [link.name, &format!("→ {}", link.target), link.doc])?;
    }
    for (name, _, doc) in COMMON {
        if *name != "archived_on" || collection.archives() {
            table.row(&mut app.out, [*name, "", *doc])?;
        }
    }
    table.end(&mut app.out, "")?;
    Ok(Exit::Ok)
}

fn first_line(collection: &Collection) -> &'static str {
    collection.doc.trim().lines().next().unwrap_or_default().trim()
}

fn fate(collection: &Collection) -> &'static str {
    match collection.retention {
        Retention::Archive => "archived, and back under the same id when it returns",
        Retention::Delete => "deleted",
        Retention::WithOwner => "deleted, or archived together with its owner",
    }
}

fn describe(c: &Collection) -> serde_json::Value {
    json!({
        "name": c.name,
        "doc": c.doc.trim(),
        "identity": c.manager_ref,
        "columns": c.columns.iter().map(|column| json!({
            "name": column.name,
            "type": format!("{:?}", column.ty).to_lowercase(),
            "unit": column.unit.symbol(),
            "doc": column.doc,
        })).collect::<Vec<_>>(),
        "links": c.links.iter().map(|l| json!({"name": l.name, "target": l.target, "doc": l.doc})).collect::<Vec<_>>(),
        "shown": c.shown,
        "archives": c.archives(),
    })
}
