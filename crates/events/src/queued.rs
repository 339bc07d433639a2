//! What caught events become on the queue: a job for each batch.

use std::time::Duration;

use serde_json::{Value, json};
use stocktake_queue::{Lane, NewJob, Queue, QueueError, ROW};
use stocktake_store::{ProviderId, StoreError, params};

use crate::words::{ago, micros};

/// The kind of the job that handles a batch: `{"provider": 4, "batch": 17}`.
pub const HANDLE: &str = "handle_events";

/// Its lane, shared: any number of handlers work it.
pub use stocktake_refresh::later::LANE;

/// Whatever a handler meets passes, or a person must look.
const ATTEMPTS: u16 = 10;

/// For the batch that the statement before it inserts.
pub(crate) fn handle_inserted(provider: ProviderId) -> NewJob {
    handle(provider, &json!(ROW))
}

fn handle(provider: ProviderId, batch: &Value) -> NewJob {
    let payload = json!({"provider": provider, "batch": batch});
    NewJob::new(HANDLE, Lane::shared(LANE)).max_attempts(ATTEMPTS).payload(payload)
}

/// Puts a job for batches that were caught longer ago than `after` and have none, since somebody cancelled it or it was lost
/// otherwise: at most `most` of them, the oldest first. Says how many there were. A job that is parked counts: a person is to
/// look at it. Should the batch be handled meanwhile, its job finds nothing and ends.
pub async fn put_forgotten(queue: &Queue, after: Duration, most: u32) -> Result<usize, QueueError> {
    // By an index each: they hold one kind of state.
    let live = ["state in ('waiting', 'retrying')", "state = 'running'", "state = 'parked'"].map(|state| {
        format!(
            "select cast(payload ->> 'batch' as bigint) from jobs \
             where lane = '{LANE}' and {state} and kind = '{HANDLE}' and payload ->> 'batch' is not null"
        )
    });
    let sql = format!(
        "select id, provider_id from event_batches where received_on <= {} and id not in ({}) order by id limit $2",
        ago(queue.store().kind(), "$1"),
        live.join(" union all ")
    );
    let rows = queue.store().query(&sql, &params![micros(after), i64::from(most)]).await?;
    let job = |row: &stocktake_store::Row| Ok(handle(row.get(1)?, &json!(row.get::<i64>(0)?)));
    let jobs = rows.iter().map(job).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(queue.put_all(&jobs).await?.len())
}
