//! Events of a cloud whose broker is out of reach: what changed is asked for, again and again.
//!
//! The cloud's own clock is the only one: a cursor is the time that a service put on its answer, less an overlap. What is
//! seen, and what is not, is in `docs/events-polling.md`. Knows listings as `collect` has them, and makes no rows.
//!
//! `watch` is the table of what is asked. A round asks each in turn, page by page (`stream`): what changed since
//! (`since`), what was done to servers (`actions`), and whether what was there is still there (`count`).

mod actions;
mod ask;
mod begin;
mod count;
mod event;
mod pace;
mod plan;
mod position;
mod read;
mod rights;
mod round;
mod since;
mod stream;
mod told;
mod watch;

use std::time::Duration;

use stocktake_provider::{BoxFuture, EventSource, EventStream, Position, ProviderError};

use crate::api::Api;
use crate::collect::Projects;

pub(crate) use read::{is_polled, read};

/// Asks one cloud what changed. Its API client is its own: one request at a time, within the usual patience.
#[derive(Debug, Clone)]
pub(crate) struct Polling {
    api: Api,
    projects: Projects,
    /// From the end of one round to the beginning of the next, give or take a tenth.
    every: Duration,
}

impl Polling {
    pub(crate) fn new(api: Api, projects: Projects, every: Duration) -> Self {
        Self { api, projects, every }
    }
}

impl EventSource for Polling {
    fn name(&self) -> &'static str {
        "polling"
    }

    fn connect<'a>(&'a self, from: Option<&'a Position>) -> BoxFuture<'a, Result<Box<dyn EventStream>, ProviderError>> {
        Box::pin(async move {
            let stream = stream::Poll::connect(self, from).await?;
            Ok(Box::new(stream) as Box<dyn EventStream>)
        })
    }
}
