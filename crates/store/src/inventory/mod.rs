//! The inventory: read what a run compares with, reserve ids, save its plan, and who may do so.

mod cells;
mod ids;
mod lease;
mod lookup;
mod read;
mod save;
mod table;
mod targets;

pub(crate) use ids::IdBlock;
pub use lease::Lease;
pub use save::{Save, SaveStats, Written};
