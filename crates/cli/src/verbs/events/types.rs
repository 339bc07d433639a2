//! `stocktake events types`: what types of events came.

use clap::Args;
use stocktake_events::stream;
use stocktake_store::registry;

use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::Table;
use crate::output::human::{ago, thousands};
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::verbs::now;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake events types
  stocktake events types --unrouted          stored, and cause nothing else
  stocktake events types --provider cloud1 -o json")]
pub(crate) struct Types {
    /// Of this provider only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// Only those that no route has
    #[arg(long)]
    unrouted: bool,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(super) async fn run(app: &mut App, verb: Types) -> Done {
    let store = app.store_to_read().await?;
    let provider = match &verb.provider {
        Some(name) => Some(registry::find(&store, name).await?.id),
        None => None,
    };
    let types = stream::types(&store, provider, verb.unrouted).await?;
    if machine(&mut app.out, verb.output, &types)? {
        return Ok(Exit::Ok);
    }
    if types.is_empty() {
        app.remark("no such events came yet");
        return Ok(Exit::Ok);
    }
    let providers = registry::list(&store).await?;
    let (now, several) = (now(), types.iter().any(|one| one.provider != types[0].provider));
    let mut table = Table::of(&["TYPE", "PROVIDER", "SEEN", "ROUTED", "FIRST", "LAST"]).right(&[2]).compact();
    for one in &types {
        let name = providers.iter().find(|record| record.id == one.provider).map_or("", |record| record.name.as_str());
        let cells: [Cell; 6] = [
            one.kind.as_str().into(),
            if several { name } else { "" }.into(),
            thousands(one.seen.unsigned_abs()).into(),
            if one.routed { Cell::from("yes") } else { Cell::from("no").tone(Tone::Warn) },
            ago(one.first_on, now).into(),
            ago(one.last_on, now).into(),
        ];
        table.row(&mut app.out, cells)?;
    }
    table.end(&mut app.out, "; `-o json` has everything")?;
    Ok(Exit::Ok)
}
