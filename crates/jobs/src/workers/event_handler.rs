//! Reads caught events, stores and routes them, and looks again at what settles late. Any number may work at once.

use super::{Does, Filled, WorkerKind};

pub(super) const KIND: WorkerKind = WorkerKind {
    name: "event_handler",
    doc: "Reads, stores and routes what happens in the providers",
    role: "event_handler",
    filled: Filled::PerServer,
    does: Does::Jobs(|_| vec![stocktake_events::LANE.to_owned()]),
};
