//! Removing a provider with everything that is known of it, in steps small enough for others to work in between. Broken
//! off, it goes on where it stopped.

use stocktake_model::{CollectionIx, Field, Menu, menus};

use super::Result;
use crate::db::{ProviderId, Statement};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

const STEP: i64 = 5_000;

/// How far a removal has come.
#[derive(Debug, Clone, Copy)]
pub struct Removal {
    pub collection: &'static str,
    /// Rows deleted so far, of all collections.
    pub deleted: u64,
}

/// Deletes a provider, its inventory, secrets and runs. Says how many inventory rows there were.
pub async fn remove(store: &Store, provider: ProviderId, mut progress: impl FnMut(Removal)) -> Result<u64> {
    let sql = "update providers set status = 'removing', enabled = $1, updated_on = now() where id = $2";
    store.execute(sql, &params![false, provider]).await?;
    let menu = Menu::builder().pick(menus::all()).build().map_err(|e| StoreError::Bug(e.to_string()))?;
    for &ix in menu.order() {
        for field in ahead(&menu, ix) {
            unlink(store, provider, &menu, ix, field).await?;
        }
    }
    let mut deleted = 0;
    for &ix in menu.order().iter().rev() {
        let table = menu.get(ix).name;
        loop {
            let step = delete_step(store, provider, table).await?;
            deleted += step;
            progress(Removal { collection: table, deleted });
            if step == 0 {
                break;
            }
        }
    }
    // Batches before events: a handler inserts events only as long as it finds their batch.
    for table in ["event_batches", "events_aside", "events", "notes"] {
        while delete_window(store, provider, table).await? > 0 {
            progress(Removal { collection: table, deleted });
        }
    }
    for table in ["link_watches", "held_deletes"] {
        store.execute(&format!("delete from {table} where provider_id = $1"), &params![provider]).await?;
    }
    // Credentials, runs and the like go with it. Events have no reference that would: a handler may have been at work on the
    // last batch, which the first of these waits for, and the id may be given again.
    let last = [
        Statement::new("delete from providers where id = $1", params![provider]),
        Statement::new("delete from events where provider_id = $1", params![provider]),
    ];
    store.batch(&last).await?;
    Ok(deleted)
}

async fn delete_step(store: &Store, provider: ProviderId, table: &str) -> Result<u64> {
    let mut tx = store.begin().await?;
    let chosen = format!("select id from {table} where provider_id = $1 limit {STEP}");
    let ids = tx.query(&chosen, &params![provider]).await?.iter().map(|row| row.get(0)).collect::<Result<Vec<i64>, _>>()?;
    if ids.is_empty() {
        return Ok(0);
    }
    tx.execute("delete from raw_documents where row_id = any($1)", &params![ids.clone()]).await?;
    let deleted = tx.execute(&format!("delete from {table} where id = any($1)"), &params![ids]).await?;
    tx.commit().await?;
    Ok(deleted)
}

/// Rows that belong to no inventory and are not counted as such.
async fn delete_window(store: &Store, provider: ProviderId, table: &str) -> Result<u64> {
    let sql = format!("delete from {table} where id in (select id from {table} where provider_id = $1 limit {STEP})");
    Ok(store.execute(&sql, &params![provider]).await?)
}

/// Links to rows that are deleted before the rows that link to them: within the collection, and around cycles.
fn ahead(menu: &Menu, ix: CollectionIx) -> Vec<Field> {
    let place = |ix: CollectionIx| menu.order().iter().position(|o| *o == ix);
    let leads_ahead = |field: &Field| menu.link_target(ix, *field).is_some_and(|target| place(target) >= place(ix));
    menu.get(ix).fields().filter(leads_ahead).collect()
}

async fn unlink(store: &Store, provider: ProviderId, menu: &Menu, ix: CollectionIx, field: Field) -> Result<()> {
    let (table, link) = (menu.get(ix).name, menu.get(ix).field_name(field));
    let sql = format!(
        "update {table} set {link}_id = null where id in \
         (select id from {table} where provider_id = $1 and {link}_id is not null limit {STEP})"
    );
    while store.execute(&sql, &params![provider]).await? > 0 {}
    Ok(())
}
