//! Everything that is no provider's own: checks of credentials first, removals and purges when there is nothing small.

use super::{Filled, WorkerKind};

pub(super) const KIND: WorkerKind = WorkerKind {
    name: "generic",
    doc: "small tasks, removals, purges",
    role: "generic",
    filled: Filled::PerServer,
    lanes: |_| vec![crate::lanes::GENERIC.to_owned(), crate::lanes::BULK.to_owned()],
};
