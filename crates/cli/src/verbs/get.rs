//! `stocktake get`: a part of the inventory, in any form.

use anyhow::Context;
use clap::Args;
use jiff::Timestamp;
use stocktake_model::{Collection, Menu, Type};
use stocktake_store::Store;
use stocktake_store::query::{self, Archived, Query};
use stocktake_store::registry;

use super::now;
use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::format::{Format, Rows};

#[derive(Debug, Args)]
#[command(after_help = "\
Terms:
  name~web             contains 'web', upper and lower case alike; !~ does not
  status=ACTIVE        equal; != < <= > >= as one would think (quote them: the shell knows < and >)
  'size_bytes>=40GiB'  numbers understand units
  'created_on>-2h'     times: 2026-01-31, 2026-01-31T10:00:00Z, or from now: -2h, -7d
  zone=null            without a value
  flavor.name=m1.small through a link; flavor=m1.small is the same
  provider=cloud1      of one provider
  web-1                without an operator: a name, a ref, or the beginning of a ref

Examples:
  stocktake get vms
  stocktake get vms power_state=on 'flavor.memory_mb>=8GiB' --sort -flavor.memory_mb,name --limit 10
  stocktake get vms flavor=m1.small --columns name,flavor.memory_mb,host.name -o csv
  stocktake get volumes status=error 'size_bytes>=40GiB' -o json
  stocktake get vm web-1 -o raw
  stocktake get vms --archived --sort -archived_on")]
pub(crate) struct Get {
    /// vms, volumes, networks, …: see `stocktake collections`
    collection: String,
    /// Filters, names or refs; all filters must hold, any of the names may
    terms: Vec<String>,
    /// Columns to sort by, '-' before those that go down
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', allow_hyphen_values = true)]
    sort: Vec<String>,
    /// Columns to show; a dot goes through a link: flavor.memory_mb
    #[arg(long, short, value_name = "COLUMN,…", value_delimiter = ',')]
    columns: Vec<String>,
    /// So many at most
    #[arg(long, short = 'n', value_name = "N")]
    limit: Option<u64>,
    /// Of this provider only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Those that are gone
    #[arg(long, conflicts_with = "all")]
    archived: bool,
    /// Those that are gone, too
    #[arg(long)]
    all: bool,
    /// Only say how many there are
    #[arg(long, conflicts_with_all = ["sort", "columns", "limit", "output"])]
    count: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Format,
}

pub(crate) async fn run(app: &mut App, verb: Get) -> Done {
    let menu = app.menu()?;
    let ix = query::resolve_collection(&menu, &verb.collection)?;
    let collection = menu.get(ix);
    let mut query = Query::new(ix)
        .terms(&menu, verb.terms.iter().map(String::as_str), Timestamp::now())?
        .sorted(&menu, verb.sort.iter().map(|key| key.trim()))?;
    query.archived = match (verb.archived, verb.all) {
        (true, _) => Archived::Only,
        (_, true) => Archived::All,
        _ => Archived::No,
    };
    query.limit = verb.limit;
    // What was asked for wrongly is said before the database is opened.
    let asked = query.clone().columns(&menu, verb.columns.iter().map(|c| c.trim()))?;
    let store = app.store_to_read().await?;
    if let Some(name) = &verb.provider {
        let record = registry::find(&store, name).await?;
        query = query.terms(&menu, [format!("provider=\"{}\"", record.name).as_str()], Timestamp::now())?;
    }
    if verb.count {
        let count = query.count(&store, &menu).await?;
        app.out.line(count.to_string())?;
        return Ok(Exit::Ok);
    }
    if query.sort.is_empty() {
        query = query.sorted(&menu, natural_order(collection))?;
    }
    if verb.output == Format::Raw {
        return raw(app, &store, &menu, query).await;
    }
    let query = if verb.columns.is_empty() {
        let several = verb.provider.is_none() && registry::list(&store).await?.len() > 1;
        let columns = default_columns(collection, verb.output, several, verb.archived || verb.all);
        query.columns(&menu, columns)?
    } else {
        Query { columns: asked.columns, ..query }
    };
    let mut rows = Rows::new(verb.output, &menu, query.columns.clone(), now());
    let narrowed = !query.filters.is_empty() || !query.words.is_empty() || verb.archived;
    let mut pages = query.pages(&store, &menu);
    while let Some(page) = pages.next().await? {
        for record in &page {
            rows.row(&mut app.out, record)?;
        }
        if app.out.is_closed() {
            return Ok(Exit::Ok);
        }
    }
    let none = rows.count() == 0;
    rows.end(&mut app.out)?;
    if none {
        explain_nothing(app, &store, collection, narrowed).await?;
    }
    Ok(Exit::Ok)
}

/// Objects are listed by name where they have one.
fn natural_order(collection: &Collection) -> Option<&'static str> {
    query::naming_field(collection).map(|field| collection.field_name(field))
}

fn default_columns(collection: &Collection, format: Format, several: bool, archived: bool) -> Vec<&'static str> {
    let mut columns: Vec<&'static str> = Vec::new();
    let mut add = |name: &'static str| {
        if !columns.contains(&name) {
            columns.push(name);
        }
    };
    match format {
        // The ref stands in for a name that is empty.
        Format::Name => natural_order(collection).into_iter().chain(["ref"]).for_each(&mut add),
        Format::Table => {
            collection.shown.iter().for_each(|name| add(name));
            if collection.shown.is_empty() {
                add("ref");
            }
        }
        Format::Wide => {
            collection.shown.iter().for_each(|name| add(name));
            add("ref");
            let plain = |name: &&str| {
                let column = collection.field(name).and_then(|field| collection.column(field));
                column.is_none_or(|c| c.ty != Type::Json)
            };
            let own: Vec<_> = collection.fields().map(|f| collection.field_name(f)).filter(plain).collect();
            own.into_iter().for_each(&mut add);
        }
        _ => query::column_names(collection).into_iter().for_each(&mut add),
    }
    if several && format != Format::Name {
        add("provider");
    }
    if archived && collection.archives() && format != Format::Name {
        add("archived_on");
    }
    columns
}

async fn raw(app: &mut App, store: &Store, menu: &Menu, query: Query) -> Done {
    let collection = menu.get(query.collection);
    if !collection.raw {
        return Err(misuse(format!(
            "{} have no documents of their own; what the provider says of them stands in those of {}",
            collection.name,
            collection.owners().next().map_or("others", |owner| owner.target)
        )));
    }
    let (mut found, mut without) = (false, 0_u64);
    let mut pages = query.pages(store, menu);
    while let Some(page) = pages.next().await? {
        for records in page.chunks(100) {
            let ids: Vec<_> = records.iter().map(|r| r.id).collect();
            let documents = query::raw_documents(store, &ids).await?;
            for id in ids {
                found = true;
                match documents.get(&id) {
                    Some(document) => app.out.line(document)?,
                    None => without += 1,
                }
            }
        }
        if app.out.is_closed() {
            return Ok(Exit::Ok);
        }
    }
    if !found {
        explain_nothing(app, store, collection, true).await?;
    } else if without > 0 {
        app.remark(format!("{without} of them have no document: they are only known from what links to them"));
    }
    Ok(Exit::Ok)
}

/// Nothing found can mean nothing there, or nothing known.
async fn explain_nothing(app: &mut App, store: &Store, collection: &Collection, narrowed: bool) -> anyhow::Result<()> {
    let name = collection.name;
    app.remark(format!("no {name}{}", if narrowed { " match" } else { "" }));
    let providers = registry::list(store).await.context("cannot say why")?;
    if providers.is_empty() {
        app.remark("no provider is registered yet; `stocktake provider add` registers one");
    }
    let fresh = registry::latest_per_collection(store).await?;
    for provider in providers {
        let of = fresh.iter().filter(|f| f.provider_id == provider.id);
        let (mut any, mut seen) = (false, None);
        for known in of {
            any = true;
            seen = seen.or((known.collection == name).then_some(known));
        }
        if !any {
            app.remark(format!("{} was not refreshed yet; run `stocktake refresh {}`", provider.name, provider.name));
        } else if let Some(seen) = seen.filter(|seen| !seen.listed.is_complete()) {
            let errors = seen.listed.errors().join("; ");
            app.remark(format!("{name} of {} are not fully known: {}: {errors}", provider.name, seen.listed.name()));
        }
    }
    Ok(())
}
