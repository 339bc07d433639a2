//! The words of a job.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stocktake_store::{Cell, FromCell, Param};

use crate::trace;

/// A row of `jobs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub i64);

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl From<JobId> for Param {
    fn from(id: JobId) -> Self {
        Self::Int(id.0)
    }
}

impl FromCell for JobId {
    fn from_cell(cell: &Cell) -> Option<Self> {
        i64::from_cell(cell).map(Self)
    }
}

/// What may run beside what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub name: String,
    /// At most one of the lane's exclusive jobs runs at a time, in the whole installation.
    pub exclusive: bool,
}

impl Lane {
    pub fn shared(name: impl Into<String>) -> Self {
        Self { name: name.into(), exclusive: false }
    }

    pub fn exclusive(name: impl Into<String>) -> Self {
        Self { name: name.into(), exclusive: true }
    }
}

/// The smaller, the sooner. Within a lane; lanes are a worker's own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Priority(pub i16);

impl Priority {
    /// Somebody waits for it.
    pub const HIGH: Self = Self(20);
    pub const NORMAL: Self = Self(100);
    /// Whenever there is time.
    pub const LOW: Self = Self(150);
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// For its time and a worker; others may be merged into it.
    Waiting,
    Running,
    /// Its last run failed or was lost; it waits for its next one.
    Retrying,
    /// Its last attempt failed: it stays until a person decides.
    Parked,
    Done,
    Cancelled,
}

impl State {
    pub const ALL: [Self; 6] = [Self::Waiting, Self::Running, Self::Retrying, Self::Parked, Self::Done, Self::Cancelled];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Retrying => "retrying",
            Self::Parked => "parked",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == text)
    }
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl FromCell for State {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::parse(text),
            _ => None,
        }
    }
}

/// A job to be put.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    pub kind: String,
    pub lane: Lane,
    pub priority: Priority,
    /// Not to be started before.
    pub delay: Duration,
    /// Pointless if not started by then: it is cancelled instead. Counted from the putting.
    pub expires_in: Option<Duration>,
    /// How often it is started at most. At least 1.
    pub max_attempts: u16,
    /// At most one job that waits has it, see [`crate::Queue::put_unless_waiting`].
    pub merge_key: Option<String>,
    /// For its kind alone.
    pub payload: Value,
    /// The trace it belongs to, as W3C `traceparent` has it: the one it is made in, where there are traces.
    pub trace_context: Option<String>,
}

impl NewJob {
    /// Of normal priority, to be started at once, five times at most.
    pub fn new(kind: impl Into<String>, lane: Lane) -> Self {
        Self {
            kind: kind.into(),
            lane,
            priority: Priority::NORMAL,
            delay: Duration::ZERO,
            expires_in: None,
            max_attempts: 5,
            merge_key: None,
            payload: Value::Object(serde_json::Map::new()),
            trace_context: trace::current(),
        }
    }

    pub fn payload(self, payload: Value) -> Self {
        Self { payload, ..self }
    }

    pub fn priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    pub fn delay(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    pub fn expires_in(self, span: Duration) -> Self {
        Self { expires_in: Some(span), ..self }
    }

    pub fn max_attempts(self, max_attempts: u16) -> Self {
        Self { max_attempts, ..self }
    }

    pub fn merge_key(self, key: impl Into<String>) -> Self {
        Self { merge_key: Some(key.into()), ..self }
    }

    pub fn trace_context(self, trace: impl Into<String>) -> Self {
        Self { trace_context: Some(trace.into()), ..self }
    }
}
