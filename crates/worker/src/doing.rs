//! A job at work: what it is given, and how it may end.

use std::time::Duration;

use stocktake_provider::BoxFuture;
use stocktake_queue::Claimed;

use crate::report::Reporter;
use crate::stop::Stop;

/// What a job is given beside its payload.
#[derive(Debug, Clone)]
pub struct Doing {
    pub job: Claimed,
    /// The process, see [`stocktake_store::fleet::WorkerId::holder`].
    pub owner: String,
    pub report: Reporter,
    /// Asked when the worker drains or the job was cancelled: finish soon, or hand the job back.
    pub stop: Stop,
}

/// How a job ended.
#[derive(Debug)]
pub enum Ended {
    Done(Option<serde_json::Value>),
    /// Done, and nobody will look for it: its row goes. For jobs that come by the thousand; what it did is told in the log at
    /// level debug.
    DoneAndGone(serde_json::Value),
    /// It failed, and may go better next time. The text is the whole chain of causes.
    Again(String),
    /// It failed, and no retry will mend it.
    Never(String),
    /// Not done, and not its fault: the worker drains, or somebody else is at the same thing. Counts as no attempt.
    HandBack {
        why: String,
        after: Duration,
    },
}

/// Whoever knows the job kinds.
pub trait Work: Send + Sync + std::fmt::Debug {
    fn run(&self, doing: Doing) -> BoxFuture<'static, Ended>;
}
