//! Events are kept for a time. Taken away in windows, so that nothing waits for it long; also what is left of providers that
//! are gone.

use std::time::Duration;

use stocktake_store::{Param, Store, StoreError};

use crate::words::{ago, micros};

/// Deletes at most `window` events that were stored longer ago than `kept`, as many that were set aside, and as many notes of
/// rules. What people wrote stays as long as the provider. Says how many there were: fewer than `window`, when all is done.
pub async fn purge(store: &Store, kept: Duration, window: u32) -> Result<u64, StoreError> {
    let (ago, kept) = (ago(store.kind(), "$1"), Param::Int(micros(kept)));
    let stream = format!(
        "delete from events where id in (select id from events where stored_on <= {ago} order by stored_on limit {window})"
    );
    let aside = format!(
        "delete from events_aside where id in (select id from events_aside where received_on <= {ago} \
         order by received_on limit {window})"
    );
    let notes = format!(
        "delete from notes where id in (select id from notes where created_on <= {ago} and author like 'rule %' \
         order by created_on limit {window})"
    );
    let mut gone = 0;
    for sql in [stream, aside, notes] {
        gone += store.execute(&sql, std::slice::from_ref(&kept)).await?;
    }
    Ok(gone)
}

/// Deletes at most `window` rows of each kind and provider that is gone: its removal takes them, and this what a worker that
/// did not know yet wrote after it. Says how many there were: fewer than `window`, when all is done.
pub async fn purge_orphans(store: &Store, window: u32) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for table in ["events", "event_batches"] {
        // From provider to provider by the index: a look at each row would cost as much as there are events.
        let gone = format!(
            "with recursive of (id) as (select min(provider_id) from {table} union all \
             select (select min(t.provider_id) from {table} t where t.provider_id > of.id) from of where of.id is not null) \
             select id from of where id is not null and id not in (select id from providers)"
        );
        for row in store.query(&gone, &[]).await? {
            let provider: i64 = row.get(0)?;
            let sql =
                format!("delete from {table} where id in (select id from {table} where provider_id = $1 limit {window})");
            deleted += store.execute(&sql, &[provider.into()]).await?;
        }
    }
    Ok(deleted)
}
