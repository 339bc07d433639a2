//! Durable jobs in the database: put, merge, claim by lease, beat, end, retry, park; and wake-ups for those who wait.
//!
//! It knows no job kinds: a kind is a name, a payload a document that only its kind reads. It runs nothing, spawns no
//! workers and reads no clock of its host: what is due, lost or expired is judged by the database's clock.
//!
//! What is promised: a job that was put is run *at least once*, by one holder at a time, until it ends as `done`,
//! `parked` (after its last attempt, kept until a person retries or cancels it) or `cancelled`. Whoever was presumed dead
//! and taken over can end nothing: every ending names the lease's token. What a commit survives: on PostgreSQL, the loss of
//! power. On SQLite so do jobs that were put; a claim or an ending survives the death of every process, but a loss of power
//! may forget the last of them, and such a job runs once more.
//!
//! Small work and bulk: lanes are claimed in the order in which a worker names them, so that bulk waits whenever small work
//! is there; a bulk lane should be exclusive, so that at most one worker is ever busy with it and the others stay free for
//! small work; and a long bulk job should work in windows and [`Queue::hand_back`] itself between them.

mod asking;
mod backoff;
mod claim;
mod cycle;
mod ending;
mod error;
mod giving_back;
mod job;
mod many;
mod merge;
mod put;
mod record;
mod tending;
pub mod trace;
mod wakes;
mod words;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use stocktake_store::{Durability, Row, Signals, Statement, Store};

pub use asking::{Depth, Filter};
pub use backoff::Backoff;
pub use claim::{Claim, Claimed};
pub use cycle::Cycle;
pub use ending::{Beat, Failed};
pub use error::{QueueError, Result};
pub use job::{JobId, Lane, NewJob, Priority, State};
pub use merge::Merge;
pub use put::{Debounce, Put, ROW};
pub use record::JobRecord;
pub use tending::Tended;
pub use wakes::{Wakes, Woken};

use words::Words;

/// The queue of one database. Cheap to clone; make one for each process: its clones share a connection for wake-ups.
#[derive(Debug, Clone)]
pub struct Queue {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    words: Words,
    backoff: Backoff,
    signals: Signals,
    started: Instant,
    /// Milliseconds after `started`, and one, when lost leases were last looked for; 0 for never. Decides how often, never
    /// what.
    tended: AtomicU64,
}

impl Queue {
    pub fn new(store: Store) -> Self {
        Self::with_backoff(store, Backoff::default())
    }

    pub fn with_backoff(store: Store, backoff: Backoff) -> Self {
        let (words, signals) = (Words::of(store.kind()), store.signals("jobs"));
        let (started, tended) = (Instant::now(), AtomicU64::new(0));
        Self { inner: Arc::new(Inner { store, words, backoff, signals, started, tended }) }
    }

    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    fn words(&self) -> &Words {
        &self.inner.words
    }

    /// A transaction whose statements do not depend on each other's rows, and touch few of them by their keys.
    async fn transact(&self, statements: &[Statement], durability: Durability) -> Result<Vec<Vec<Row>>> {
        Ok(self.inner.store.transact_small(statements, durability).await?)
    }

    /// As many rows as there may be.
    async fn transact_any(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        Ok(self.inner.store.transact(statements, Durability::Usual).await?)
    }

    async fn one(&self, statement: Statement, durability: Durability) -> Result<Vec<Row>> {
        Ok(self.transact(&[statement], durability).await?.pop().unwrap_or_default())
    }

    /// Wakes who waits for these lanes, here and in other processes. Call it after the commit of a transaction that put jobs
    /// by [`Queue::statement`]; all else calls it by itself. It may be lost, which is why everybody also looks on a period.
    pub fn announce<'a>(&self, lanes: impl IntoIterator<Item = &'a str>) {
        lanes.into_iter().for_each(|lane| self.inner.signals.tell(lane));
    }

    /// Waits until what was announced is out: for a process that puts a job and ends. Says whether it got out within a
    /// second; if not, the job is found when a worker next looks.
    pub async fn flush(&self) -> bool {
        self.inner.signals.flush(std::time::Duration::from_secs(1)).await
    }
}
