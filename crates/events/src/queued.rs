//! What caught events become on the queue: a job for each batch.

use serde_json::json;
use stocktake_queue::{Lane, NewJob, ROW};
use stocktake_store::ProviderId;

/// The kind of the job that handles a batch: `{"provider": 4, "batch": 17}`.
pub const HANDLE: &str = "handle_events";

/// Its lane, shared: any number of handlers work it.
pub use stocktake_refresh::later::LANE;

/// Whatever a handler meets passes, or a person must look.
const ATTEMPTS: u16 = 10;

/// For the batch that the statement before it inserts.
pub(crate) fn handle_inserted(provider: ProviderId) -> NewJob {
    let payload = json!({"provider": provider, "batch": ROW});
    NewJob::new(HANDLE, Lane::shared(LANE)).max_attempts(ATTEMPTS).payload(payload)
}
