//! `stocktake events aside`: what came and could not be read.

use clap::Args;
use stocktake_events::stream;
use stocktake_store::registry;

use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::{Simple, machine};
use crate::output::Table;
use crate::output::human::ago;
use crate::output::table::Cell;
use crate::verbs::now;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake events aside
  stocktake events aside --provider cloud1 -n 100
  stocktake events aside -o json             with what came")]
pub(crate) struct Aside {
    /// Of this provider only
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// So many, the newest
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: u32,
    #[arg(long, short, value_enum, default_value = "table")]
    output: Simple,
}

pub(super) async fn run(app: &mut App, verb: Aside) -> Done {
    let store = app.store_to_read().await?;
    let provider = match &verb.provider {
        Some(name) => Some(registry::find(&store, name).await?.id),
        None => None,
    };
    let aside = stream::set_aside(&store, provider, verb.limit).await?;
    if machine(&mut app.out, verb.output, &aside)? {
        return Ok(Exit::Ok);
    }
    if aside.is_empty() {
        app.remark("nothing was set aside: whatever came could be read");
        return Ok(Exit::Ok);
    }
    let now = now();
    let mut table = Table::of(&["RECEIVED", "PROVIDER", "VIA", "BYTES", "REASON"]).right(&[3]).sentences();
    for one in &aside {
        let cells: [Cell; 5] = [
            ago(one.received_on, now).into(),
            one.provider.as_str().into(),
            one.via.as_str().into(),
            one.body.len().to_string().into(),
            one.reason.as_str().into(),
        ];
        table.row(&mut app.out, cells)?;
    }
    table.end(&mut app.out, "")?;
    app.out.remark("")?;
    app.out.remark(app.out.paint().faint("`-o json` has what came"))?;
    Ok(Exit::Ok)
}
