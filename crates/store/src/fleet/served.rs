//! Providers as those see them who look after their workers: one short row each.

use crate::db::{ProviderId, Row};
use crate::error::Result;
use crate::registry::{Standing, standing};
use crate::store::Store;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    pub id: ProviderId,
    pub name: String,
    pub zone: String,
    /// Not paused.
    pub enabled: bool,
    /// Raised by each change that its workers must notice.
    pub generation: i64,
    /// `removing` while its inventory is being deleted.
    pub status: String,
    pub credentials: Standing,
    /// Whether a refresh ever saved something.
    pub refreshed: bool,
    /// Its own schedule of refreshes; none: as the settings say.
    pub refresh_schedule: Option<String>,
    /// How its events come: `amqp`, `polling`; none: not at all.
    pub event_source: Option<String>,
}

/// In the order of their ids.
pub async fn served(store: &Store) -> Result<Vec<Served>> {
    let sql = "select id, name, zone, enabled, generation, status, refresh_schedule, \
               credential_state, credential_message, credential_failures, last_refresh_on is not null, event_source \
               from providers order by id";
    let record = |row: &Row| {
        Ok(Served {
            id: row.get(0)?,
            name: row.get(1)?,
            zone: row.get(2)?,
            enabled: row.get(3)?,
            generation: row.get(4)?,
            status: row.get(5)?,
            refresh_schedule: row.get(6)?,
            credentials: standing(row, 7)?,
            refreshed: row.get(10)?,
            event_source: row.get(11)?,
        })
    };
    store.query(sql, &[]).await?.iter().map(record).collect()
}
