//! What new events lead to beyond their routes: rules hook in here. Whatever that is becomes part of the transaction that
//! stores the events, so it happens exactly as often as they are stored: once.

use stocktake_model::Target;
use stocktake_provider::{BoxFuture, Event};
use stocktake_refresh::requests::Ask;
use stocktake_store::{ProviderId, Statement, StoreError};

use super::NewEvent;

/// Whose events these are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    pub id: ProviderId,
    pub name: String,
    /// The type's name: `openstack`.
    pub kind: String,
}

/// What is to be done beside storing the events and asking for what their routes name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra {
    /// Asked of the same provider, together with what the routes ask for.
    pub asks: Vec<Ask>,
    /// Carried out after the events are inserted: an event's id is then
    /// `(select id from events where provider_id = $1 and key = $2)`.
    pub statements: Vec<Statement>,
    /// Lanes of the jobs among the statements, woken after the commit.
    pub lanes: Vec<String>,
}

/// Evaluated for each batch, after routing and before the transaction.
pub trait Consequences: Send + Sync + std::fmt::Debug {
    /// The events that no row has yet, in the order in which they came. May read the inventory; must write nothing by
    /// itself, since it is asked again with fewer events when another handler stored some of them at the same moment. An
    /// error leaves the batch to be handled again; what is wrong with a single event or rule is for the implementation to
    /// tell, and no error.
    fn of<'a>(&'a self, whose: &'a Whose, events: &'a [NewEvent]) -> BoxFuture<'a, Result<Extra, StoreError>>;
}

/// Nothing more.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Consequences for Nothing {
    fn of<'a>(&'a self, _: &'a Whose, _: &'a [NewEvent]) -> BoxFuture<'a, Result<Extra, StoreError>> {
        Box::pin(async { Ok(Extra::default()) })
    }
}

impl NewEvent {
    /// For tests and for trying rules: an event as if it had just come by this route.
    pub fn routed(
        key: impl Into<String>,
        via: impl Into<String>,
        received_on: i64,
        event: Event,
        routes: &crate::Routes,
    ) -> Self {
        let route = routes.find(&event.kind).cloned();
        let targets: Vec<Target> = route.as_ref().map(|route| route.targets(&event.payload)).unwrap_or_default();
        Self { key: key.into(), via: via.into(), received_on, event, route, targets }
    }
}
