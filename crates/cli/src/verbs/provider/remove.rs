//! `stocktake provider remove`: forget a provider and everything known of it.

use clap::Args;
use stocktake_jobs::{RemoveProvider, new_job};
use stocktake_queue::{Queue, State};
use stocktake_refresh::requests;
use stocktake_store::registry::{self, ProviderRecord, ProviderStatus};
use stocktake_store::{Store, query};

use crate::app::App;
use crate::exit::{Done, Exit, misuse};
use crate::interrupt::Stop;
use crate::output::human::{counted, thousands};
use crate::output::out::say;
use crate::progress::Bars;
use crate::waiting::{GENERIC, Waited, is_served, wait};

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
    if is_served(&store, &record, GENERIC).await? {
        return by_server(app, &store, &record).await;
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
    let removed = removed?;
    requests::withdraw(&Queue::new(store), record.id).await?;
    app.out.remark(format!("removed {} and {}", record.name, counted(removed, "object", "objects")))?;
    Ok(Exit::Ok)
}

/// A server's workers must stop first: it is a job, which goes on when this process ends.
async fn by_server(app: &mut App, store: &Store, record: &ProviderRecord) -> Done {
    registry::set_status(store, record.id, ProviderStatus::Removing, None).await?;
    let queue = Queue::new(store.clone());
    let put = queue.put_unless_waiting(&new_job(&RemoveProvider { provider: record.id })).await?;
    queue.flush().await;
    match wait(app, store, &queue, put.id(), record, GENERIC, &Stop::listen()).await? {
        Waited::Interrupted => {
            say(format!("not waiting any more; the server goes on with job {}", put.id()));
            Ok(Exit::Failed)
        }
        Waited::Ended(job) if job.state == State::Done => {
            let rows = job.result.as_ref().and_then(|result| result["rows"].as_u64()).unwrap_or(0);
            app.out.remark(format!("removed {} and {}", record.name, counted(rows, "object", "objects")))?;
            Ok(Exit::Ok)
        }
        Waited::Ended(job) => {
            let error = job.error.as_deref().unwrap_or("it says nothing").replace('\n', ": ");
            Err(anyhow::anyhow!("{} is not removed yet: {error} (job {}, {})", record.name, job.id, job.state))
        }
    }
}

/// Nobody refreshes what is being removed.
const LEASE: std::time::Duration = std::time::Duration::from_mins(10);
