//! What is written down of catching. The position is only ever written together with what it stands behind, so that it never
//! runs ahead; on SQLite all of it waits for the disk, for the source forgets what we say is stored.

use std::time::Duration;

use stocktake_provider::{Caught, Position};
use stocktake_queue::Queue;
use stocktake_refresh::requests::{self, Ask};
use stocktake_store::registry::SourceState;
use stocktake_store::{Durability, Kind, ProviderId, Statement, Store, StoreError, params};

use super::Catch;
use crate::aside::{cut, plain};
use crate::batch::pack;
use crate::portions::{LARGEST, portions, size};
use crate::queued;

/// Who asks for the refresh that makes up for what was missed.
pub const TRIGGER: &str = "event_gap";

/// Where this source was. None: nowhere yet, or the provider had another source.
pub(super) async fn position(catch: &Catch<'_>) -> Result<Option<Position>, StoreError> {
    let sql = "select position from event_sources where provider_id = $1 and source = $2";
    let row = catch.store().query_opt(sql, &params![catch.provider, catch.source.name()]).await?;
    Ok(row.map(|row| row.get::<Option<String>>(0)).transpose()?.flatten().map(Position))
}

/// How it goes. `retry`: in how long it is tried again.
pub async fn note_source(
    store: &Store,
    provider: ProviderId,
    source: &str,
    state: SourceState,
    message: Option<&str>,
    retry: Option<Duration>,
) -> Result<(), StoreError> {
    let retry_on = match store.kind() {
        Kind::Postgres => "now() + $5::bigint * interval '1 microsecond'",
        Kind::Sqlite => "now() + $5",
    };
    let sql = format!(
        "insert into event_sources (provider_id, source, state, message, retry_on) values ($1, $2, $3, $4, {retry_on}) \
         on conflict (provider_id) do update set {SINCE}, state = excluded.state, message = excluded.message, \
         retry_on = excluded.retry_on, {POSITION_OF_ANOTHER}, source = excluded.source, seen_on = now()"
    );
    let retry = retry.map(|span| i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4));
    store.execute(&sql, &params![provider, source, state.name(), message.map(plain), retry]).await?;
    Ok(())
}

const SINCE: &str = "since = case when event_sources.state = excluded.state then event_sources.since else now() end";

/// No source can read the position of another.
const POSITION_OF_ANOTHER: &str =
    "position = case when event_sources.source = excluded.source then event_sources.position end";

/// It is connected and goes on where it was.
pub(super) async fn resumed(catch: &Catch<'_>) -> Result<(), StoreError> {
    note_source(catch.store(), catch.provider, catch.source.name(), SourceState::Catching, None, None).await
}

/// It is connected and begins at a new position. What was missed before is asked for, in the same transaction: once the
/// position is stored, nobody could tell any more. `gap`: why something is missing that should have come.
pub(super) async fn begun(catch: &Catch<'_>, position: &Position, gap: Option<&str>) -> Result<(), StoreError> {
    let sql = format!(
        "insert into event_sources (provider_id, source, state, position, position_on, gaps, last_gap_on, last_gap) \
         values ($1, $2, 'catching', $3, now(), cast($4 as bigint), \
         case when cast($4 as bigint) = 1 then now() end, $5) \
         on conflict (provider_id) do update set {SINCE}, state = excluded.state, message = null, retry_on = null, \
         source = excluded.source, position = excluded.position, position_on = now(), seen_on = now(), \
         gaps = event_sources.gaps + excluded.gaps, \
         last_gap_on = coalesce(excluded.last_gap_on, event_sources.last_gap_on), \
         last_gap = coalesce(excluded.last_gap, event_sources.last_gap)"
    );
    let (source, gaps) = (catch.source.name(), i64::from(gap.is_some()));
    let mut statements = vec![Statement::new(sql, params![catch.provider, source, &position.0, gaps, gap.map(plain)])];
    statements.extend(requests::statements(catch.queue, catch.provider, &[Ask::Everything], TRIGGER, catch.debounce));
    catch.store().transact(&statements, Durability::Full).await?;
    catch.queue.announce([requests::lane(catch.provider).as_str()]);
    Ok(())
}

/// Keeps what was caught: its events as batches, each with the job that handles it, what cannot be read or is too large aside,
/// the position behind both. All or nothing.
pub(super) async fn keep(catch: &Catch<'_>, caught: &Caught, position: Option<&Position>) -> Result<(), StoreError> {
    let (batches, too_large) = portions(&caught.events);
    let events = (caught.events.len() - too_large.len()) as i64;
    let poison = (caught.poison.len() + too_large.len()) as i64;
    let mut statements = vec![moved(catch, events, poison, position)];
    for batch in batches {
        let sql = "insert into event_batches (provider_id, events, body) values ($1, $2, $3)";
        statements.push(Statement::new(sql, params![catch.provider, batch.len() as i64, pack(batch)]));
        statements.push(catch.queue.statement_about(&queued::handle_inserted(catch.provider), "event_batches"));
    }
    let aside = |via: &str, reason: &str, body: &[u8]| {
        let sql = "insert into events_aside (provider_id, via, reason, body) values ($1, $2, $3, $4)";
        Statement::new(sql, params![catch.provider, plain(via), plain(reason), cut(body)])
    };
    statements.extend(caught.poison.iter().map(|poison| aside(&poison.via, &poison.reason, &poison.body)));
    statements.extend(too_large.into_iter().map(|event| {
        let reason = format!("it has {} bytes; events of more than {LARGEST} are not handled", size(event));
        aside(&event.via, &reason, &event.body)
    }));
    catch.store().transact(&statements, Durability::Full).await?;
    if events > 0 {
        catch.queue.announce([queued::LANE]);
    }
    Ok(())
}

/// A sign of life, and where it is meanwhile.
pub(super) async fn alive(catch: &Catch<'_>, position: Option<&Position>) -> Result<(), StoreError> {
    catch.store().transact(&[moved(catch, 0, 0, position)], Durability::Usual).await?;
    Ok(())
}

/// Only as long as the row is this source's: one that was replaced and has not stopped yet would leave a position which the
/// other cannot read.
fn moved(catch: &Catch<'_>, events: i64, poison: i64, position: Option<&Position>) -> Statement {
    let sql = "update event_sources set received = received + $2, poisoned = poisoned + $3, seen_on = now(), \
               last_event_on = case when $2 > 0 then now() else last_event_on end, \
               position = coalesce($4, position), position_on = case when $4 is null then position_on else now() end \
               where provider_id = $1 and source = $5";
    let position = position.map(|position| &position.0);
    Statement::new(sql, params![catch.provider, events, poison, position, catch.source.name()])
}

/// Whether the provider is still registered.
pub(super) async fn is_there(queue: &Queue, provider: ProviderId) -> Result<bool, StoreError> {
    let sql = "select 1 from providers where id = $1";
    Ok(queue.store().query_opt(sql, &params![provider]).await?.is_some())
}
