//! Looking again: some states settle a while after they are told of. What is to be asked for later is a row each, moved on
//! while events come; that there is something is one job on the queue for each provider and wait.
//!
//! Exact under concurrency: who writes a row puts the job in the same transaction, and the job that waits is held by it until
//! the commit. So a job that runs either sees the row, or another waits that will.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use stocktake_model::Target;
use stocktake_queue::{Debounce, Lane, NewJob, Priority, Queue};
use stocktake_store::{Kind, Param, ProviderId, Row, Statement, StoreError, params};

use crate::requests::{self, Ask};

/// The kind of the job that asks for what is due; its payload is `{"provider": ID, "wait_millis": N}`.
pub const KIND: &str = "refresh_later";

/// The lane of events and what follows from them, worked by event handlers.
pub const LANE: &str = "events";

/// Who asked, in a run's record.
pub const TRIGGER: &str = "look_again";

/// Rows of one transaction.
const WINDOW: u32 = 2_000;

pub fn merge_key(provider: ProviderId, wait: Duration) -> String {
    format!("later:{provider}:{}", wait.as_millis())
}

/// A database that is away for a night must not end it.
pub const ATTEMPTS: u16 = 50;

fn job(provider: ProviderId, wait: Duration) -> NewJob {
    // Before any batch of events: a storm in one provider must not keep another from being looked at again.
    NewJob::new(KIND, Lane::shared(LANE))
        .priority(Priority::HIGH)
        .max_attempts(ATTEMPTS)
        .merge_key(merge_key(provider, wait))
        .payload(json!({"provider": provider, "wait_millis": millis(wait)}))
}

/// For a transaction of the caller's: these are asked for when so long nothing more was said of them. Call
/// [`Queue::announce`] with [`LANE`] after the commit.
pub fn statements(queue: &Queue, provider: ProviderId, wait: Duration, targets: &BTreeSet<Target>) -> [Statement; 2] {
    // The set's order is everybody's: two that move the same rows on would wait for each other.
    let (collections, refs): (Vec<_>, Vec<_>) =
        targets.iter().map(|target| (target.collection.clone(), target.reference.clone())).unzip();
    let (due, from) = match queue.store().kind() {
        Kind::Postgres => (
            "now() + $2 * interval '1 millisecond'",
            "from unnest($3::text[], $4::text[]) with ordinality as t (collection, ref, place) order by place",
        ),
        Kind::Sqlite => (
            "now() + $2 * 1000",
            "from (select c.value as collection, r.value as ref from json_each($3) c join json_each($4) r on r.key = c.key) \
             where true",
        ),
    };
    let wait_column = if queue.store().kind() == Kind::Postgres { "$2::bigint" } else { "$2" };
    let sql = format!(
        "insert into refresh_later (provider_id, wait_millis, collection, ref, due_on) \
         select $1, {wait_column}, collection, ref, {due} {from} \
         on conflict (provider_id, wait_millis, collection, ref) do update set due_on = excluded.due_on"
    );
    let rows = Statement::new(sql, [provider.into(), millis(wait).into(), Param::Texts(collections), Param::Texts(refs)]);
    [rows, queue.statement_or_sooner(&job(provider, wait).delay(wait))]
}

/// What [`ask_due`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Later {
    /// Objects and collections that were asked for.
    pub asked: usize,
    /// Others wait for their time: a job for them waits, too.
    pub more: bool,
}

/// Asks for all that is due, in windows, and puts the job for the rest.
pub async fn ask_due(queue: &Queue, provider: ProviderId, wait: Duration, debounce: Debounce) -> Result<Later, StoreError> {
    let mut later = Later::default();
    loop {
        let (asked, more) = window(queue, provider, wait, debounce).await?;
        later = Later { asked: later.asked + asked, more };
        if asked < WINDOW as usize {
            return Ok(later);
        }
    }
}

/// One transaction. Rows are met in the order in which handlers of events meet them: `refresh_later`, its job, requests.
async fn window(
    queue: &Queue,
    provider: ProviderId,
    wait: Duration,
    debounce: Debounce,
) -> Result<(usize, bool), StoreError> {
    let lock = if queue.store().kind() == Kind::Postgres { " for update" } else { "" };
    let mut tx = queue.store().begin().await?;
    let sql = format!(
        "delete from refresh_later where provider_id = $1 and wait_millis = $2 and (collection, ref) in \
         (select collection, ref from refresh_later where provider_id = $1 and wait_millis = $2 and due_on <= now() \
         order by collection, ref limit {WINDOW}{lock}) returning collection, ref"
    );
    let rows = tx.query(&sql, &params![provider, millis(wait)]).await?;
    let asks = rows.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
    let next = "select min(due_on), now() from refresh_later where provider_id = $1 and wait_millis = $2";
    let next = tx.query_opt(next, &params![provider, millis(wait)]).await?;
    let next: Option<(i64, i64)> = match next {
        Some(row) => row.get::<Option<i64>>(0)?.map(|due| Ok::<_, StoreError>((due, row.get(1)?))).transpose()?,
        None => None,
    };
    if let Some((due, now)) = next {
        // A little late rather than once for each row: a storm over many objects falls due in as many moments.
        let until = Duration::from_micros(u64::try_from(due - now).unwrap_or(0)).max(wait / 4);
        // What is over after this window is asked for by the next one, in this very job.
        let again = queue.statement_or_sooner(&job(provider, wait).delay(until));
        tx.query(&again.sql, &again.params).await?;
    }
    if !asks.is_empty() {
        for statement in requests::statements(queue, provider, &asks, TRIGGER, debounce) {
            tx.query(&statement.sql, &statement.params).await?;
        }
    }
    tx.commit().await?;
    let lanes = [(!asks.is_empty()).then(|| requests::lane(provider)), next.map(|_| LANE.to_owned())];
    queue.announce(lanes.iter().flatten().map(String::as_str));
    Ok((asks.len(), next.is_some()))
}

fn ask(row: &Row) -> Result<Ask, StoreError> {
    let target = Target { collection: row.get(0)?, reference: row.get(1)? };
    Ok(if target.is_whole() { Ask::Collection(target.collection) } else { Ask::Target(target) })
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}
