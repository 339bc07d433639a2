//! Events: caught, recorded, routed to what they make worth a refresh.
//!
//! Knows no one provider and no broker: where events come from is an [`stocktake_provider::EventSource`], how they are read an
//! [`stocktake_provider::EventReader`], where they lead a table of routes. Knows no process either: what a worker does with
//! it stands in `jobs`.

pub mod handle;
pub mod routes;
pub mod stream;

mod batch;
mod purge;
mod words;

pub use batch::{BadBatch, pack, unpack};
pub use handle::{HandleError, Handled, Handler};
pub use purge::{purge, purge_orphans};
pub use routes::{Glob, Group, Known, Route, RouteProblem, Routes, RoutesError, RoutesText, Severity};

/// The kind of the job that handles a stored batch; its payload is `{"provider": ID, "batch": ID}`.
pub const HANDLE: &str = "handle_events";

/// The lane of that job, shared: any number of handlers work it.
pub use stocktake_refresh::later::LANE;
