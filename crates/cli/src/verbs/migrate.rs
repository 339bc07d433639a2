//! `stocktake migrate`: every verb does it by itself; this one is for those who want it done at a time of their own.

use clap::Args;

use crate::app::{App, data_dir, open, private_dir};
use crate::exit::{Done, Exit};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stocktake migrate
  stocktake migrate --database postgres://stocktake@db.example/stocktake")]
pub(crate) struct Migrate {}

pub(crate) async fn run(app: &mut App, _: Migrate) -> Done {
    if app.named()?.is_none() {
        private_dir(&data_dir()?)?;
    }
    let store = open(&app.url()?).await?;
    let done = store.migrate().await?;
    let place = store.place();
    if done.from == done.to {
        app.out.remark(format!("{place} is at schema version {} already", done.to))?;
    } else {
        app.out.remark(format!("{place}: schema version {} → {}", done.from, done.to))?;
    }
    Ok(Exit::Ok)
}
