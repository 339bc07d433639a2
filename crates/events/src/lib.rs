//! Events: caught, recorded, routed to what they make worth a refresh.
//!
//! Knows no one provider and no broker: where events come from is an [`stocktake_provider::EventSource`], how they are read an
//! [`stocktake_provider::EventReader`], where they lead a table of routes. Knows no process either: what a worker does with
//! it stands in `jobs`.

pub mod handle;
pub mod notes;
pub mod routes;
pub mod stream;

mod aside;
mod batch;
mod catch;
mod portions;
mod purge;
mod queued;
mod words;

pub use batch::{BadBatch, pack, unpack};
pub use catch::{Catch, End, Observer, TRIGGER, catch, note_source};
pub use handle::{HandleError, Handled, Handler};
pub use purge::{purge, purge_orphans};
pub use queued::{HANDLE, LANE, put_forgotten};
pub use routes::{Glob, Group, Known, Route, Routes, RoutesError, RoutesText, Severity};
