//! Events: caught, recorded, routed to what they make worth a refresh.
//!
//! Knows no one provider and no broker: where events come from is an [`stocktake_provider::EventSource`], how they are read an
//! [`stocktake_provider::EventReader`], where they lead a table of routes. Knows no process either: what a worker does with
//! it stands in `jobs`.

mod batch;

pub use batch::{BadBatch, pack, unpack};
