//! What rules and people wrote about objects.

use serde::Serialize;
use stocktake_store::{Param, ProviderId, Row, Store, StoreError, moment, params};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    pub id: i64,
    pub collection: String,
    #[serde(rename = "ref")]
    pub reference: String,
    /// `rule NAME`, or who.
    pub author: String,
    pub body: String,
    /// The event it was written because of.
    pub event_id: Option<i64>,
    #[serde(serialize_with = "moment::one")]
    pub created_on: i64,
}

/// About an object, the newest first.
pub async fn of_object(
    store: &Store,
    provider: ProviderId,
    collection: &str,
    reference: &str,
    limit: u32,
) -> Result<Vec<Note>, StoreError> {
    let condition = "provider_id = $1 and collection = $2 and ref = $3 order by id desc limit $4";
    read(store, condition, &params![provider, collection, reference, i64::from(limit)]).await
}

/// Because of an event.
pub async fn of_event(store: &Store, provider: ProviderId, event: i64) -> Result<Vec<Note>, StoreError> {
    read(store, "provider_id = $1 and event_id = $2 order by id", &params![provider, event]).await
}

async fn read(store: &Store, condition: &'static str, params: &[Param]) -> Result<Vec<Note>, StoreError> {
    let sql = format!("select id, collection, ref, author, body, event_id, created_on from notes where {condition}");
    let one = |row: &Row| {
        Ok(Note {
            id: row.get(0)?,
            collection: row.get(1)?,
            reference: row.get(2)?,
            author: row.get(3)?,
            body: row.get(4)?,
            event_id: row.get(5)?,
            created_on: row.get(6)?,
        })
    };
    store.query(&sql, params).await?.iter().map(one).collect()
}
