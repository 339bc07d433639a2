//! What happens in an external system, as it tells it: a stream of raw events that can be resumed, and what is read out of
//! each.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::collect::BoxFuture;
use crate::error::ProviderError;

/// Where a source was, in its own words: only the source reads it. Kept beside the events it stands behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub String);

/// One event as it came, but without secrets: what is kept is what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// The same whenever this event is delivered again, and no other's: a message id, or a digest of the content.
    pub key: String,
    /// Which way it came, for people: `nova notifications.info`.
    pub via: String,
    /// JSON.
    pub body: Bytes,
}

/// Something that came and is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    pub via: String,
    pub reason: String,
    /// What there was, without secrets as far as it could be read.
    pub body: Bytes,
}

/// What a source gives at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caught {
    /// In the order in which they came.
    pub events: Vec<RawEvent>,
    pub poison: Vec<Poison>,
    /// Where to resume once these are stored. None: where it was.
    pub position: Option<Position>,
}

/// How a stream begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// Where the position was: nothing is missing, some may come again.
    Resumed,
    /// There was no position. What happened before is not told.
    First(Position),
    /// What happened since the position is lost, at least in part, and why.
    Gap { why: String, position: Position },
}

/// Where events come from. One per provider that has any.
pub trait EventSource: Send + Sync + std::fmt::Debug {
    /// `amqp`, `polling`, …
    fn name(&self) -> &'static str;

    /// Connects and makes sure that from now on nothing is missed. An error of [`crate::ErrorKind::Unauthorized`] or
    /// [`crate::ErrorKind::Configuration`] is for a person to mend; after any other it is tried again.
    fn connect<'a>(&'a self, from: Option<&'a Position>) -> BoxFuture<'a, Result<Box<dyn EventStream>, ProviderError>>;
}

/// A source that is connected. Disposable: after an error it is dropped, and another connected.
pub trait EventStream: Send {
    /// Constant.
    fn begin(&self) -> Begin;

    /// Waits for something to come, then gives what there is, at most `most` events. An empty answer says that the source
    /// lives and nothing happened. May be dropped while it waits, and loses nothing then.
    fn next(&mut self, most: usize) -> BoxFuture<'_, Result<Caught, ProviderError>>;

    /// Everything given so far is stored for good: the source may forget it.
    fn stored(&mut self) -> BoxFuture<'_, Result<(), ProviderError>>;
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventLevel {
    #[default]
    Info,
    Warning,
    Error,
}

/// What is read out of a raw event. Refs are the provider's own, as its inventory has them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Event {
    /// `compute.instance.power_off.end`
    pub kind: String,
    /// When it happened by the source's clock: microseconds since 1970, UTC.
    pub at: Option<i64>,
    /// Who says so: `compute.compute-04`.
    pub source: Option<String>,
    pub level: EventLevel,
    /// One line for people.
    pub message: Option<String>,
    pub vm: Option<String>,
    /// As the external system names it: a host name where it gives no id.
    pub host: Option<String>,
    pub availability_zone: Option<String>,
    pub tenant: Option<String>,
    pub flavor: Option<String>,
    pub user: Option<String>,
    /// The request that led to it.
    pub request: Option<String>,
    /// What it belongs to, if that spans several requests.
    pub chain: Option<String>,
    /// What it says, in the form that routes and rules find their way in: plain objects, lists and values.
    pub payload: Value,
}

/// How a type of providers reads its events. Pure: needs no connection.
pub trait EventReader: Send + Sync + std::fmt::Debug {
    /// The routes that come with the provider, see `docs/events.md`.
    fn routes(&self) -> &'static str;

    /// The error says what is wrong with it; the event is then kept aside.
    fn read(&self, raw: &RawEvent) -> Result<Event, String>;
}
