//! The kinds of workers there are: one file each, one line in the list.

mod actions;
mod event_catcher;
mod event_handler;
mod generic;
mod refresh;

use std::sync::Arc;

use stocktake_provider::BoxFuture;
use stocktake_store::ProviderId;
use stocktake_worker::{Reporter, Stop};

use crate::context::Context;

/// How many workers of a kind there should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// One for each enabled provider that its server looks after.
    PerProvider,
    /// One for each of those that tells what happens in it.
    PerEventSource,
    /// So many on each server as `workers.NAME` of the settings says.
    PerServer,
}

impl Filled {
    /// Whether such a worker works for one provider alone.
    pub const fn is_of_provider(self) -> bool {
        match self {
            Self::PerProvider | Self::PerEventSource => true,
            Self::PerServer => false,
        }
    }
}

/// What a worker lives on.
#[derive(Debug, Clone, Copy)]
pub enum Does {
    /// Jobs of these lanes of the queue, the preferred ones first.
    Jobs(fn(Option<ProviderId>) -> Vec<String>),
    /// Something of its own for its provider, until it is asked to stop. It has no job, so nothing is handed back when it ends
    /// and no standstill is seen: what it must not lose is kept where it comes from until it is stored.
    Resident(fn(Arc<Context>, ProviderId, Reporter, Stop) -> BoxFuture<'static, anyhow::Result<()>>),
}

impl Does {
    /// The queue's lanes it works.
    pub fn lanes(&self, provider: Option<ProviderId>) -> Vec<String> {
        match self {
            Self::Jobs(lanes) => lanes(provider),
            Self::Resident(_) => Vec::new(),
        }
    }
}

/// What a kind of worker is, as data.
#[derive(Debug, Clone, Copy)]
pub struct WorkerKind {
    pub name: &'static str,
    /// For people who start one by hand.
    pub doc: &'static str,
    /// The role that a server needs to start such workers.
    pub role: &'static str,
    pub filled: Filled,
    pub does: Does,
}

pub const ALL: &[WorkerKind] = &[refresh::KIND, event_catcher::KIND, event_handler::KIND, generic::KIND, actions::KIND];

pub fn find(name: &str) -> Option<&'static WorkerKind> {
    ALL.iter().find(|kind| kind.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_names_and_lanes_of_their_own() {
        let provider = Some(ProviderId(4));
        for (at, kind) in ALL.iter().enumerate() {
            assert!(find(kind.name).is_some_and(|found| found.name == kind.name));
            for other in &ALL[at + 1..] {
                assert_ne!(kind.name, other.name);
                let lanes = kind.does.lanes(provider);
                assert!(other.does.lanes(provider).iter().all(|lane| !lanes.contains(lane)), "{}", other.name);
            }
        }
    }
}
