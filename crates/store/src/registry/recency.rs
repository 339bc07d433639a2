//! How long ago each provider was last refreshed, for those who watch from outside.

use super::Result;
use crate::db::{ProviderId, Row};
use crate::error::StoreError;
use crate::store::Store;

/// Moments are in microseconds since 1970, by the database's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recency {
    pub provider: ProviderId,
    pub name: String,
    pub enabled: bool,
    /// `valid`, `unreachable`, …
    pub credentials: String,
    /// When the last full run ended that saw everything. None: never, or longer ago than runs are kept.
    pub complete_on: Option<i64>,
    /// How long the last run took that has ended, whatever came of it.
    pub last_micros: Option<i64>,
    /// When this was looked at.
    pub now: i64,
}

/// By name.
pub async fn recency(store: &Store) -> Result<Vec<Recency>> {
    // Ids of runs grow with time, so each of these walks the index from its end to the first that fits.
    let last = |what: &str, which: &str| {
        format!("(select {what} from runs r where r.provider_id = p.id and {which} order by r.id desc limit 1)")
    };
    let ended = "r.ended_on is not null";
    let sql = format!(
        "select p.id, p.name, p.enabled, p.credential_state, now(), {}, {}, {} from providers p order by p.name",
        last("r.ended_on", "r.mode = 'full' and r.state = 'ok'"),
        last("r.started_on", ended),
        last("r.ended_on", ended),
    );
    let recency = |row: &Row| {
        let (began, ended): (Option<i64>, Option<i64>) = (row.get(6)?, row.get(7)?);
        Ok(Recency {
            provider: row.get(0)?,
            name: row.get(1)?,
            enabled: row.get(2)?,
            credentials: row.get(3)?,
            now: row.get(4)?,
            complete_on: row.get(5)?,
            last_micros: began.zip(ended).map(|(began, ended)| ended - began),
        })
    };
    let rows = store.query(&sql, &[]).await?;
    Ok(rows.iter().map(recency).collect::<Result<_, StoreError>>()?)
}
