//! How much there is of everything.

use stocktake_model::{CollectionIx, Menu};

use crate::db::ProviderId;
use crate::error::Result;
use crate::store::Store;

/// Rows of a collection of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub provider: ProviderId,
    pub collection: CollectionIx,
    pub live: u64,
    pub archived: u64,
}

/// Counts by provider, then in the order of the menu; collections without rows are not among them.
pub async fn counts(store: &Store, menu: &Menu) -> Result<Vec<Count>> {
    let part = |(ix, c): (CollectionIx, &stocktake_model::Collection)| {
        let live = if c.archives() { "count(case when archived_on is null then 1 end)" } else { "count(*)" };
        format!("select provider_id, {}, {live}, count(*) from {} group by provider_id", ix.0, c.name)
    };
    let parts: Vec<_> = menu.iter().map(part).collect();
    let rows = store.query(&format!("{} order by 1, 2", parts.join(" union all ")), &[]).await?;
    rows.iter()
        .map(|row| {
            let (collection, live, all): (i64, i64, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Count {
                provider: row.get(0)?,
                collection: CollectionIx(collection as u16),
                live: live.unsigned_abs(),
                archived: (all - live).unsigned_abs(),
            })
        })
        .collect()
}
