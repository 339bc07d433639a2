//! The kinds of workers there are: one file each, one line in the list.

mod event_handler;
mod generic;
mod refresh;

use stocktake_store::ProviderId;

/// How many workers of a kind there should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// One for each enabled provider that its server looks after.
    PerProvider,
    /// So many on each server as `workers.NAME` of the settings says.
    PerServer,
}

/// What a kind of worker is, as data.
#[derive(Debug, Clone, Copy)]
pub struct WorkerKind {
    pub name: &'static str,
    /// For people who see it in a list.
    pub doc: &'static str,
    /// The role that a server needs to start such workers.
    pub role: &'static str,
    pub filled: Filled,
    /// The queue's lanes it works, the preferred ones first.
    pub lanes: fn(Option<ProviderId>) -> Vec<String>,
}

pub const ALL: &[WorkerKind] = &[refresh::KIND, event_handler::KIND, generic::KIND];

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
                let lanes = (kind.lanes)(provider);
                assert!((other.lanes)(provider).iter().all(|lane| !lanes.contains(lane)), "{}", other.name);
            }
        }
    }
}
