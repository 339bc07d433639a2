//! Records of old runs are taken away. What says how fresh a collection is, and each provider's last run, stay.

use std::time::Duration;

use super::Result;
use crate::fleet::clock::{ago, micros};
use crate::store::Store;

/// Deletes at most `window` of the runs that ended longer ago than `kept`, with their issues. Says how many there were.
pub async fn purge_runs(store: &Store, kept: Duration, window: u32) -> Result<u64> {
    let long_ago = ago(store, "$1");
    let sql = format!(
        "delete from runs where id in (select id from runs r where r.ended_on <= {long_ago} \
         and not exists (select 1 from freshness f where f.run_id = r.id) \
         and exists (select 1 from runs later where later.provider_id = r.provider_id and later.id > r.id) \
         order by r.id limit {window})"
    );
    Ok(store.execute(&sql, &[micros(kept)]).await?)
}
