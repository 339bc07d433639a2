//! `stocktake provider remove`: forget a provider and everything known of it.

use clap::Args;
use stocktake_store::query;
use stocktake_store::registry;

use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::output::human::{counted, thousands};
use crate::progress::Bars;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider remove cloud1
  stocktake provider remove cloud1 --yes

The system itself is not touched: only what Stocktake knows of it is deleted.")]
pub(crate) struct Remove {
    name: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(app: &mut App, verb: Remove) -> Done {
    let store = app.store_to_read().await?;
    let menu = app.menu()?;
    let record = registry::find(&store, &verb.name).await?;
    let counts = query::counts(&store, &menu).await?;
    let rows: u64 = counts.iter().filter(|c| c.provider == record.id).map(|c| c.live + c.archived).sum();
    if !verb.yes {
        let what = format!("{} with {} of its inventory", record.name, counted(rows, "object", "objects"));
        if !(console::user_attended() && console::user_attended_stderr()) {
            return Err(misuse(format!("removing {what} needs a yes; say --yes")));
        }
        let term = console::Term::stderr();
        term.write_str(&format!("remove {what}? [y/N] "))?;
        if !matches!(term.read_line()?.trim(), "y" | "Y" | "yes") {
            app.remark("nothing was removed");
            return Ok(Exit::Failed);
        }
    }
    let bars = Bars::new(app, &record.name);
    let lease = store.acquire_lease(record.id, &crate::verbs::refresh::owner(), LEASE).await?;
    let removed = registry::remove(&store, record.id, |step| {
        bars.count(&format!("removing {}: {} objects", step.collection, thousands(step.deleted)));
    })
    .await;
    bars.end();
    // Nothing of the lease is left when the provider is gone.
    if removed.is_err() {
        store.release_lease(&lease).await?;
    }
    app.out.remark(format!("removed {} and {}", record.name, counted(removed?, "object", "objects")))?;
    Ok(Exit::Ok)
}

/// Nobody refreshes what is being removed.
const LEASE: std::time::Duration = std::time::Duration::from_mins(10);
