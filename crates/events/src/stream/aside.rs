//! What came and could not be read.

use serde::Serialize;
use stocktake_store::{ProviderId, Row, Store, StoreError, moment, params};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetAside {
    pub id: i64,
    pub provider_id: ProviderId,
    pub provider: String,
    #[serde(serialize_with = "moment::one")]
    pub received_on: i64,
    pub via: String,
    pub reason: String,
    /// What there was; bytes that are no text are replaced.
    pub body: String,
}

/// The newest first.
pub async fn set_aside(store: &Store, provider: Option<ProviderId>, limit: u32) -> Result<Vec<SetAside>, StoreError> {
    let sql = "select a.id, a.provider_id, p.name, a.received_on, a.via, a.reason, a.body from events_aside a \
               join providers p on p.id = a.provider_id where ($1 = 0 or a.provider_id = $1) order by a.id desc limit $2";
    let one = |row: &Row| {
        let body: Vec<u8> = row.get(6)?;
        Ok(SetAside {
            id: row.get(0)?,
            provider_id: row.get(1)?,
            provider: row.get(2)?,
            received_on: row.get(3)?,
            via: row.get(4)?,
            reason: row.get(5)?,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    };
    // No provider has the number 0.
    let rows = store.query(sql, &params![provider.map_or(0, |id| id.0), i64::from(limit)]).await?;
    rows.iter().map(one).collect()
}
