//! Everything that is no provider's own: checks of credentials first, removals and purges when there is nothing small.

use super::{Does, Filled, WorkerKind};

pub(super) const KIND: WorkerKind = WorkerKind {
    name: "generic",
    doc: "Small tasks, removals, purges",
    role: "generic",
    filled: Filled::PerServer,
    does: Does::Jobs(|_| vec![crate::lanes::GENERIC.to_owned(), crate::lanes::BULK.to_owned()]),
};
