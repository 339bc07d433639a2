//! One who listens to a polled cloud, as an event catcher does, and remembers what was told.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use stocktake_fakecloud::FakeCloud;
use stocktake_openstack::OpenStack;
use stocktake_provider::{
    Begin, Caught, Event, EventReader, EventSource, EventStream, Position, ProviderError, ProviderType as _, RawEvent,
};
use tokio::time::{Instant, timeout_at};

use crate::support::configuration;

/// A round is over in a moment, and counts come every third.
const EVERY: (&str, &str) = ("events_poll_every", "0.1");
const DEADLINE: Duration = Duration::from_secs(30);

pub(crate) struct Listener {
    stream: Box<dyn EventStream>,
    reader: Arc<dyn EventReader>,
    pub(crate) begin: Begin,
    /// What is stored: the last position that came, and everything before it.
    pub(crate) position: Position,
    pub(crate) raw: Vec<RawEvent>,
    pub(crate) events: Vec<Event>,
    most: usize,
}

pub(crate) fn source(cloud: &FakeCloud, more: &[(&str, &str)]) -> Arc<dyn EventSource> {
    source_of(cloud, "admin", "admin", more)
}

pub(crate) fn source_of(cloud: &FakeCloud, user: &str, project: &str, more: &[(&str, &str)]) -> Arc<dyn EventSource> {
    let all: Vec<_> = [("events", "polling"), EVERY].into_iter().chain(more.iter().copied()).collect();
    let configuration = configuration(cloud, user, project, &all);
    OpenStack.event_source(&configuration).expect("settings").expect("a source")
}

impl Listener {
    pub(crate) async fn first(cloud: &FakeCloud) -> Self {
        Self::with(&source(cloud, &[]), None).await
    }

    pub(crate) async fn from(cloud: &FakeCloud, position: &Position) -> Self {
        Self::with(&source(cloud, &[]), Some(position)).await
    }

    pub(crate) async fn with(source: &Arc<dyn EventSource>, from: Option<&Position>) -> Self {
        let stream = source.connect(from).await.expect("a stream");
        let begin = stream.begin();
        let position = match &begin {
            Begin::First(position) | Begin::Gap { position, .. } => position.clone(),
            Begin::Resumed => from.expect("a position to resume from").clone(),
        };
        let reader = OpenStack.event_reader().expect("a reader");
        Self { stream, reader, begin, position, raw: Vec::new(), events: Vec::new(), most: 100 }
    }

    /// At most so many events at once.
    pub(crate) fn most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    pub(crate) async fn next(&mut self) -> Result<Caught, ProviderError> {
        let caught = self.stream.next(self.most).await?;
        assert!(caught.events.len() <= self.most && caught.poison.is_empty());
        for raw in &caught.events {
            self.events.push(self.reader.read(raw).expect("an event that can be read"));
            self.raw.push(raw.clone());
        }
        self.position = caught.position.clone().unwrap_or_else(|| self.position.clone());
        self.stream.stored().await.expect("stored");
        Ok(caught)
    }

    /// Listens until this is so.
    pub(crate) async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !is_so(self) {
            let Ok(caught) = timeout_at(deadline, self.next()).await else {
                panic!("{what}: not told of in time; told: {:#?}", self.kinds());
            };
            caught.expect("a source that answers");
        }
    }

    /// Listens for so many whole rounds, each of which ends with an empty answer.
    pub(crate) async fn rounds(&mut self, count: usize) {
        for _ in 0..count {
            while !self.next().await.expect("a source that answers").events.is_empty() {}
        }
    }

    pub(crate) fn kinds(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.kind.as_str()).collect()
    }

    /// Events of that type about that object.
    pub(crate) fn of<'a>(&'a self, kind: &'a str, id: &'a str) -> impl Iterator<Item = &'a Event> {
        self.events.iter().filter(move |e| e.kind == kind && (e.payload["id"] == id || e.payload["server_id"] == id))
    }

    pub(crate) fn has(&self, kind: &str, id: &str) -> bool {
        self.of(kind, id).next().is_some()
    }

    pub(crate) fn has_kind(&self, kind: &str) -> bool {
        self.events.iter().any(|event| event.kind == kind)
    }

    pub(crate) fn keys(&self) -> BTreeSet<String> {
        self.raw.iter().map(|raw| raw.key.clone()).collect()
    }

    pub(crate) fn assert_told_once(&self) {
        assert_eq!(self.keys().len(), self.raw.len(), "told twice: {:#?}", self.raw);
    }
}
