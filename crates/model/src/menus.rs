//! What managers of each kind hold. A provider picks from these, changes what it picked and adds collections of its own.

pub mod cloud;

use crate::Collection;

/// Every collection of every menu: what the databases have a table for.
pub fn all() -> Vec<Collection> {
    cloud::all()
}
