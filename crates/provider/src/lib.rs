//! What a provider is: how one is registered, configured, tested, collected from and parsed.
//!
//! A provider talks to an external management system and turns its answers into rows. It knows no database, no queue and
//! no other provider; whoever drives it cannot tell one provider from another.
//!
//! To write one: implement [`ProviderType`] (what it is called, what it needs, what it can do) and [`Provider`] (one
//! registered instance), and add one line to the binary.

mod capability;
mod collect;
mod cost;
mod error;
mod events;
mod form;
mod probe;
mod traffic;

use std::sync::Arc;

pub use capability::{Capability, Support};
pub use collect::{BoxFuture, Collected, ListingReport, Page, PageSink, Progress};
pub use cost::ListingCost;
pub use error::{ConnectError, ErrorKind, ProviderError};
pub use events::{Begin, Caught, Event, EventLevel, EventReader, EventSource, EventStream, Poison, Position, RawEvent};
pub use form::{Configuration, FieldKind, Form, FormField, Secret};
pub use probe::{Access, Check, CheckStatus, TestReport};
pub use traffic::{ApiUsage, Exchange, Traffic};

use stocktake_model::{CollectionIx, Menu, Rows, Scope};

/// A kind of provider: `openstack`, `kubernetes`, …
pub trait ProviderType: Send + Sync + std::fmt::Debug {
    /// The word people write: `provider add --type openstack`.
    fn name(&self) -> &'static str;

    /// One line for lists.
    fn title(&self) -> &'static str;

    /// What `provider add` asks for.
    fn form(&self) -> Form;

    /// The collections it fills.
    fn menu(&self) -> Arc<Menu>;

    /// What it can do, and for what it cannot, why.
    fn capabilities(&self) -> Vec<Capability>;

    /// Collections of which a target may name an object.
    fn targetable(&self) -> &'static [&'static str];

    /// Collections that may be asked for whole ([`stocktake_model::Target::whole`]): those that have a listing of their own.
    /// What comes inside other records is refreshed with them. By default none: then no scope names any.
    fn listable(&self) -> Vec<&'static str> {
        Vec::new()
    }

    /// Makes a provider ready to talk. Does not talk: a wrong address or password shows at the first call.
    fn connect(&self, configuration: &Configuration, traffic: Traffic) -> Result<Arc<dyn Provider>, ConnectError>;

    /// How its events are read. None: it has none.
    fn event_reader(&self) -> Option<Arc<dyn EventReader>> {
        None
    }

    /// Where one registered system tells what happens, by its settings. None: nowhere, or it is not wanted. Does not talk.
    fn event_source(&self, _configuration: &Configuration) -> Result<Option<Arc<dyn EventSource>>, ConnectError> {
        Ok(None)
    }
}

/// One registered external management system.
pub trait Provider: Send + Sync + std::fmt::Debug {
    fn menu(&self) -> Arc<Menu>;

    /// What listing a collection costs, and asking for single objects of it. The default is a usual API's.
    fn cost(&self, _collection: &str) -> ListingCost {
        ListingCost::default()
    }

    /// Reads what the scope asks for and hands it to the sink page by page. All API calls of a refresh happen here.
    ///
    /// Of [`Scope::Targets`], a target that is a whole collection is listed whole, with what its records own, and no other
    /// listing is made; single objects are asked for by their ids. One record comes once, however many targets lead to it.
    ///
    /// A listing that fails is data: it is told in [`Collected`], and the others go on. An error is returned only when
    /// nothing at all can be asked (no address, no token).
    fn collect<'a>(&'a self, scope: &'a Scope, sink: &'a dyn PageSink) -> BoxFuture<'a, Result<Collected, ProviderError>>;

    /// Turns one page into rows. Pure: same page, same rows; no clock, no network, no state kept between pages. A record
    /// that cannot be read becomes an issue in `out` and never sinks the page.
    fn parse(&self, page: &Page, out: &mut Rows);

    /// Collections that a listing feeds. When a record of a page cannot be read, none of them is known completely.
    fn feeds(&self, listing: &str) -> Vec<CollectionIx>;

    /// Names what works and what does not: name resolution, connection, TLS, sign-in, scope, each service, and which
    /// collections the credential can read.
    fn test(&self) -> BoxFuture<'_, TestReport>;

    /// What was asked of the API since this provider was connected.
    fn usage(&self) -> ApiUsage;
}
