//! Webhooks and commands of rules: they wait for other people's programs. Workers of their own, so that a receiver that hangs
//! keeps nothing else waiting, and a long removal keeps no action waiting.

use super::{Does, Filled, WorkerKind};

pub(super) const KIND: WorkerKind = WorkerKind {
    name: "actions",
    doc: "Webhooks and commands of rules",
    role: "actions",
    filled: Filled::PerServer,
    does: Does::Jobs(|_| vec![crate::lanes::ACTIONS.to_owned()]),
};
