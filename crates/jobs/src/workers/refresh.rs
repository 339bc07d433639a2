//! Refreshes of one provider. Its own process, so that a cloud that hangs, leaks or crashes harms no other.

use super::{Does, Filled, WorkerKind};

pub(super) const KIND: WorkerKind = WorkerKind {
    name: "refresh",
    doc: "Reads what one provider holds",
    role: "refresh",
    filled: Filled::PerProvider,
    does: Does::Jobs(|provider| provider.map(stocktake_refresh::requests::lane).into_iter().collect()),
};
