//! `stocktake provider pause`, `provider resume`: whether anybody works on it.

use clap::Args;
use stocktake_store::registry;

use crate::app::App;
use crate::exit::{Done, Exit};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider pause cloud1
  stocktake provider pause cloud1 cloud2

Its worker hands its job back and ends, or finishes a save that has begun; that job, and what is asked for meanwhile, is done
when it is resumed. The inventory stays.")]
pub(crate) struct Pause {
    #[arg(required = true)]
    names: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake provider resume cloud1
  stocktake provider resume cloud1 cloud2")]
pub(crate) struct Resume {
    #[arg(required = true)]
    names: Vec<String>,
}

pub(crate) async fn pause(app: &mut App, verb: Pause) -> Done {
    let store = app.store_to_read().await?;
    // A wrong name is told before anything is changed.
    for provider in app.providers(&store, &verb.names).await? {
        let said = if registry::pause(&store, provider.id).await? { "paused" } else { "was paused already:" };
        app.out.remark(format!("{said} {}", provider.name))?;
    }
    Ok(Exit::Ok)
}

pub(crate) async fn resume(app: &mut App, verb: Resume) -> Done {
    let store = app.store_to_read().await?;
    for provider in app.providers(&store, &verb.names).await? {
        let said = if registry::resume(&store, provider.id).await? { "resumed" } else { "was not paused:" };
        app.out.remark(format!("{said} {}", provider.name))?;
    }
    Ok(Exit::Ok)
}
