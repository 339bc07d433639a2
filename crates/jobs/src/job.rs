//! What makes something a job.

use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stocktake_queue::{Lane, NewJob, Priority};
use stocktake_worker::{Doing, Ended};

use crate::context::Context;

pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// The word on the queue; never changed once jobs of it are kept.
    const KIND: &'static str;
    const PRIORITY: Priority = Priority::NORMAL;
    const MAX_ATTEMPTS: u16 = 5;

    fn lane(&self) -> Lane;

    /// While one with this key waits, putting another is putting none.
    fn merge_key(&self) -> Option<String>;

    fn run(self, context: &Context, doing: &Doing) -> impl Future<Output = Ended> + Send;
}

/// The job as the queue takes it.
pub fn new_job<J: Job>(job: &J) -> NewJob {
    let mut new = NewJob::new(J::KIND, job.lane()).priority(J::PRIORITY).max_attempts(J::MAX_ATTEMPTS);
    // What cannot be written down is found by the first test of its kind.
    new.payload = serde_json::to_value(job).unwrap_or_default();
    new.merge_key = job.merge_key();
    new
}
