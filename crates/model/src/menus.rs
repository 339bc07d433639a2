//! What managers of each kind hold. A provider picks from these, changes what it picked and adds collections of its own.
//!
//! Nothing here knows a provider: a column stands here because a person asks for it, not because one API sends it.
//! Tables shared by several kinds of manager (VMs, hosts, disks) are declared once, with the columns of all kinds.

pub mod cloud;
pub mod container;
pub mod infra;
pub mod machines;
pub mod network;
pub mod orchestration;
pub mod storage;

use crate::Collection;

/// Every collection of every menu: what the databases have a table for.
pub fn all() -> Vec<Collection> {
    [machines::all(), cloud::all(), network::all(), storage::all(), orchestration::all(), infra::all(), container::all()]
        .concat()
}

/// What a cloud manager holds.
pub fn for_cloud() -> Vec<Collection> {
    [machines::all(), cloud::all(), network::all(), storage::all(), orchestration::all()].concat()
}

/// Adds what the picked collections link to and nobody picked, to be looked up only. A cloud's VMs can be in a cluster of
/// another kind of manager's menu, and the table has the column, also when this provider never sets it.
pub fn with_targets(mut picked: Vec<Collection>) -> Vec<Collection> {
    let known = all();
    let mut at = 0;
    while let Some(collection) = picked.get(at) {
        let missing: Vec<_> =
            collection.links.iter().map(|link| link.target).filter(|t| picked.iter().all(|c| c.name != *t)).collect();
        for target in missing {
            let found = known.iter().find(|c| c.name == target && picked.iter().all(|p| p.name != target));
            picked.extend(found.map(|c| Collection { link_only: true, ..c.clone() }));
        }
        at += 1;
    }
    picked
}

/// What an infrastructure manager (vCenter and the like) holds.
pub fn for_infra() -> Vec<Collection> {
    [machines::all(), infra::all()].concat()
}

/// What a container manager holds.
pub fn for_containers() -> Vec<Collection> {
    container::all()
}
