//! From a stored batch to the event stream and to what is worth a refresh: read, drop what is known, route, write all in one
//! transaction. Any number of handlers may run, on any number of hosts: whatever they do at the same moment, an event is one
//! row, and is routed and ruled once.
//!
//! Knows no queue's job and no worker: whoever holds a batch's job calls [`Handler::handle`].

mod consequences;
mod record;
mod sift;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Duration;

use stocktake_model::Target;
use stocktake_provider::EventReader;
use stocktake_queue::{Debounce, Queue};
use stocktake_refresh::later;
use stocktake_refresh::requests::{self, Ask};
use stocktake_store::{Durability, Kind, ProviderId, Statement, Store, StoreError, params};

use crate::TRIGGER as LOST;
use crate::aside::plain;
use crate::batch::{BadBatch, unpack};
use crate::routes::Routes;

pub use consequences::{Consequences, Extra, Nothing, Whose};
pub(crate) use record::level;
pub use sift::{LONGEST, NewEvent};

use record::{Read, Refused};
use sift::{Sifted, sift};

/// Who asked, in a run's record.
pub const TRIGGER: &str = "event";

/// How often a batch is tried again because others stored events of it at the same moment. Each time they know more of it.
const TRIES: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    #[error("other handlers were in the way {TRIES} times in a row")]
    Crowded { source: StoreError },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Handled {
    /// New rows of the stream.
    pub stored: usize,
    /// Left out: rows have them, or an earlier event of the batch was the same.
    pub known: usize,
    /// Could not be read, and kept with the reason; a batch that is spoilt is one.
    pub aside: usize,
    /// Of those stored: no route has their type.
    pub unrouted: usize,
    /// Objects and collections that were asked for.
    pub asked: usize,
}

/// Handles the batches of one provider. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handler {
    pub queue: Queue,
    pub whose: Whose,
    pub reader: Arc<dyn EventReader>,
    pub routes: Arc<Routes>,
    pub consequences: Arc<dyn Consequences>,
    /// What an event asks for waits for more.
    pub debounce: Debounce,
}

impl Handler {
    /// None: there is no such batch (any more): another handler did it.
    pub async fn handle(&self, batch: i64) -> Result<Option<Handled>, HandleError> {
        let store = self.queue.store();
        let sql = "select received_on, body from event_batches where id = $1 and provider_id = $2";
        let Some(row) = store.query_opt(sql, &params![batch, self.whose.id]).await? else { return Ok(None) };
        let (received_on, body): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let read = Read { batch, provider: self.whose.id, received_on };
        let raw = match unpack(&body) {
            Ok(raw) => raw,
            Err(spoilt) => return self.set_aside(read, &spoilt).await,
        };
        let mut sifted = sift(raw, received_on, self.reader.as_ref(), &self.routes);
        let mut known = sifted.twice;
        for tried in 1.. {
            known += self.drop_known(&mut sifted.events).await?;
            let (statements, lanes, handled) = self.transaction(read, &sifted, known).await?;
            // Should a loss of power undo it, the batch is there again: it was stored before, and for good.
            match store.transact(&statements, Durability::Usual).await {
                Ok(_) => {
                    self.queue.announce(lanes.iter().map(String::as_str));
                    return Ok(Some(handled));
                }
                Err(error) => match Refused::of(&error) {
                    Some(Refused::BatchGone) => return Ok(None),
                    Some(_) if tried < TRIES => tracing::debug!(batch, %error, "another handler was in the way"),
                    Some(_) => return Err(HandleError::Crowded { source: error }),
                    None => return Err(error.into()),
                },
            }
        }
        Ok(None)
    }

    /// A batch that cannot be unpacked: its events are lost to us, and a refresh of everything repairs what they said.
    async fn set_aside(&self, read: Read, spoilt: &BadBatch) -> Result<Option<Handled>, HandleError> {
        let (store, provider) = (self.queue.store(), self.whose.id);
        let mut statements: Vec<Statement> = record::lock(store.kind(), read).into_iter().collect();
        statements.push(record::fence(read));
        statements.push(record::spoilt(read, &plain(&spoilt.to_string())));
        statements.extend(requests::statements(&self.queue, provider, &[Ask::Everything], LOST, self.debounce));
        statements.push(record::take_away(read));
        match store.transact(&statements, Durability::Usual).await {
            Ok(_) => {
                tracing::error!(batch = read.batch, error = %spoilt, "a batch is set aside whole; everything is asked for");
                self.queue.announce([requests::lane(provider).as_str()]);
                Ok(Some(Handled { aside: 1, asked: 1, ..Handled::default() }))
            }
            Err(error) if Refused::of(&error) == Some(Refused::BatchGone) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Says how many there were.
    async fn drop_known(&self, events: &mut Vec<NewEvent>) -> Result<usize, StoreError> {
        if events.is_empty() {
            return Ok(0);
        }
        let keys: Vec<_> = events.iter().map(|event| event.key.clone()).collect();
        let store = self.queue.store();
        // Each key by the index, whatever the statistics say: a plan that was made while the stream was short would read all
        // that the provider has, and be kept while the stream grows. The limit leaves the planner no other way.
        let sql = match store.kind() {
            Kind::Postgres => {
                "select known.key from unnest($2::text[]) as asked (key), lateral \
                 (select key from events where provider_id = $1 and key = asked.key limit 1) as known"
            }
            Kind::Sqlite => "select key from events where provider_id = $1 and key = any($2)",
        };
        let rows = store.query(sql, &params![self.whose.id, keys]).await?;
        let known: HashSet<String> = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        events.retain(|event| !known.contains(&event.key));
        Ok(known.len())
    }

    /// Everything that becomes of a batch, and the lanes that have something to do then.
    ///
    /// Rows that handlers share are met in one order by all of them, and by the job that looks again: keys of events,
    /// `refresh_later` with its jobs, refresh requests with theirs, counts. Else two would wait for each other.
    async fn transaction(
        &self,
        read: Read,
        sifted: &Sifted,
        known: usize,
    ) -> Result<(Vec<Statement>, BTreeSet<String>, Handled), StoreError> {
        let (kind, provider, events) = (self.queue.store().kind(), self.whose.id, &sifted.events);
        let received_on = read.received_on;
        let extra = if events.is_empty() { Extra::default() } else { self.consequences.of(&self.whose, events).await? };
        let targets: BTreeSet<&Target> = events.iter().flat_map(NewEvent::asks_for).collect();
        let asks: BTreeSet<Ask> = targets.into_iter().map(ask).chain(extra.asks).collect();
        let handled = Handled {
            stored: events.len(),
            known,
            aside: sifted.aside.len(),
            unrouted: events.iter().filter(|event| event.route.is_none()).count(),
            asked: asks.len(),
        };
        let mut lanes: BTreeSet<String> = extra.lanes.into_iter().collect();
        let mut statements: Vec<Statement> = record::lock(kind, read).into_iter().collect();
        statements.push(record::fence(read));
        statements.extend(record::events(kind, provider, received_on, events));
        statements.extend(record::aside(provider, received_on, &sifted.aside));
        for (wait, targets) in again(events) {
            statements.extend(later::statements(&self.queue, provider, wait, &targets));
            lanes.insert(later::LANE.to_owned());
        }
        if !asks.is_empty() {
            let asks: Vec<_> = asks.into_iter().collect();
            statements.extend(requests::statements(&self.queue, provider, &asks, TRIGGER, self.debounce));
            lanes.insert(requests::lane(provider));
        }
        statements.extend(extra.statements);
        statements.extend(record::types(kind, provider, received_on, events));
        statements.push(record::take_away(read));
        Ok((statements, lanes, handled))
    }
}

/// Takes away a batch of a provider that is gone or going.
pub async fn forget_batch(store: &Store, provider: ProviderId, batch: i64) -> Result<(), StoreError> {
    let sql = "delete from event_batches where id = $1 and provider_id = $2";
    store.execute(sql, &params![batch, provider]).await.map(drop)
}

fn ask(target: &Target) -> Ask {
    if target.is_whole() { Ask::Collection(target.collection.clone()) } else { Ask::Target(target.clone()) }
}

/// What is to be looked at again, by how long to wait.
fn again(events: &[NewEvent]) -> BTreeMap<Duration, BTreeSet<Target>> {
    let mut by_wait: BTreeMap<Duration, BTreeSet<Target>> = BTreeMap::new();
    for event in events {
        for wait in event.route.iter().flat_map(|route| &route.look_again) {
            by_wait.entry(*wait).or_default().extend(event.asks_for().iter().cloned());
        }
    }
    by_wait.retain(|_, targets| !targets.is_empty());
    by_wait
}
