//! How catching events goes, for each provider that has a source of them; and what came and could not be read. Written by
//! whoever catches, looked at here.

use serde::Serialize;

use super::{Result, moment};
use crate::db::{Cell, FromCell, Param, ProviderId, Row};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// For the first time since its catcher started.
    Connecting,
    Catching,
    /// It failed, and is tried again.
    Waiting,
    /// A person must mend something; it is tried again all the same.
    Failed,
    /// Its catcher ended and was asked to.
    Stopped,
}

impl SourceState {
    pub const ALL: [Self; 5] = [Self::Connecting, Self::Catching, Self::Waiting, Self::Failed, Self::Stopped];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Catching => "catching",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

impl FromCell for SourceState {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::ALL.into_iter().find(|state| state.name() == text),
            _ => None,
        }
    }
}

/// A catcher gives a sign of life far more often than that: after so many microseconds without one it is taken for dead.
const SILENT: i64 = 120_000_000;

/// Moments are in microseconds since 1970, by the database's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventSourceRecord {
    #[serde(skip)]
    pub provider_id: ProviderId,
    pub provider: String,
    /// `amqp`, `polling`
    pub source: String,
    pub state: SourceState,
    /// Why it waits or failed, and what to do about it.
    pub message: Option<String>,
    #[serde(serialize_with = "moment::one")]
    pub since: i64,
    #[serde(serialize_with = "moment::maybe")]
    pub retry_on: Option<i64>,
    /// When its catcher last gave a sign of life.
    #[serde(serialize_with = "moment::one")]
    pub seen_on: i64,
    #[serde(serialize_with = "moment::maybe")]
    pub last_event_on: Option<i64>,
    /// As they came: those that came twice are counted twice.
    pub received: i64,
    /// What came and was kept aside.
    pub poisoned: i64,
    pub gaps: i64,
    #[serde(serialize_with = "moment::maybe")]
    pub last_gap_on: Option<i64>,
    pub last_gap: Option<String>,
    /// Caught and not handled yet.
    pub waiting_batches: i64,
    pub waiting_events: i64,
    /// Since when the one waits that waits the longest.
    #[serde(serialize_with = "moment::maybe")]
    pub waiting_since: Option<i64>,
    /// When this was looked at.
    #[serde(skip)]
    pub now: i64,
}

impl EventSourceRecord {
    /// Whether somebody catches: the last one to do so may have been killed, and could not say that.
    pub fn is_connected(&self) -> bool {
        self.state == SourceState::Catching && !self.is_silent()
    }

    /// Whether its catcher should have given a sign of life long since.
    pub fn is_silent(&self) -> bool {
        let due = self.retry_on.map_or(self.seen_on, |retry| retry.max(self.seen_on));
        self.state != SourceState::Stopped && self.now - due > SILENT
    }
}

/// Of providers whose settings name a source, those that a catcher ever worked for; by the names of the providers.
pub async fn event_sources(store: &Store) -> Result<Vec<EventSourceRecord>> {
    select(store, "where p.event_source is not null", &[]).await
}

/// None: no catcher ever worked for this provider.
pub async fn event_source(store: &Store, provider: ProviderId) -> Result<Option<EventSourceRecord>> {
    Ok(select(store, "where s.provider_id = $1", &params![provider]).await?.pop())
}

async fn select(store: &Store, which: &str, params: &[Param]) -> Result<Vec<EventSourceRecord>> {
    let waiting = |what: &str| format!("(select {what} from event_batches b where b.provider_id = s.provider_id)");
    let sql = format!(
        "select s.provider_id, p.name, s.source, s.state, s.message, s.since, s.retry_on, s.seen_on, s.last_event_on, \
         s.received, s.poisoned, s.gaps, s.last_gap_on, s.last_gap, {}, {}, {}, now() \
         from event_sources s join providers p on p.id = s.provider_id {which} order by p.name",
        waiting("count(*)"),
        waiting("cast(coalesce(sum(b.events), 0) as bigint)"),
        waiting("min(b.received_on)"),
    );
    let record = |row: &Row| {
        Ok(EventSourceRecord {
            provider_id: row.get(0)?,
            provider: row.get(1)?,
            source: row.get(2)?,
            state: row.get(3)?,
            message: row.get(4)?,
            since: row.get(5)?,
            retry_on: row.get(6)?,
            seen_on: row.get(7)?,
            last_event_on: row.get(8)?,
            received: row.get(9)?,
            poisoned: row.get(10)?,
            gaps: row.get(11)?,
            last_gap_on: row.get(12)?,
            last_gap: row.get(13)?,
            waiting_batches: row.get(14)?,
            waiting_events: row.get(15)?,
            waiting_since: row.get(16)?,
            now: row.get(17)?,
        })
    };
    let rows = store.query(&sql, params).await?;
    Ok(rows.iter().map(record).collect::<Result<_, StoreError>>()?)
}

/// Something that came and could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aside {
    pub id: i64,
    pub provider: String,
    #[serde(serialize_with = "moment::one")]
    pub received_on: i64,
    /// Which way it came.
    pub via: String,
    pub reason: String,
    /// What there was, or as much of it as is kept.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// Which to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct AsideFilter {
    /// None: of all.
    pub provider: Option<ProviderId>,
    /// Older than this one, to go on from there.
    pub before: Option<i64>,
    /// At most so many; 0: none.
    pub limit: u32,
}

/// What was kept aside, the newest first.
pub async fn events_aside(store: &Store, filter: &AsideFilter) -> Result<Vec<Aside>> {
    let (mut which, mut params) = (Vec::new(), params![filter.limit].to_vec());
    for (column, wanted) in [("a.provider_id =", filter.provider.map(|id| id.0)), ("a.id <", filter.before)] {
        if let Some(wanted) = wanted {
            params.push(wanted.into());
            which.push(format!("{column} ${}", params.len()));
        }
    }
    let which = if which.is_empty() { String::new() } else { format!("where {}", which.join(" and ")) };
    let sql = format!(
        "select a.id, p.name, a.received_on, a.via, a.reason, a.body \
         from events_aside a join providers p on p.id = a.provider_id {which} order by a.id desc limit $1"
    );
    let aside = |row: &Row| {
        Ok(Aside {
            id: row.get(0)?,
            provider: row.get(1)?,
            received_on: row.get(2)?,
            via: row.get(3)?,
            reason: row.get(4)?,
            body: row.get(5)?,
        })
    };
    let rows = store.query(&sql, &params).await?;
    Ok(rows.iter().map(aside).collect::<Result<_, StoreError>>()?)
}
