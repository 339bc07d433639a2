//! The database: where the inventory and the small tables around it live, on PostgreSQL or SQLite behind one contract.
//!
//! This crate knows collections as data and plans as values. It knows no provider, fetches nothing, parses nothing and
//! decides nothing: what to write was planned by the saver. No collection has SQL of its own; every statement is built
//! from the model's static names, values only ever travel as parameters.

pub mod fleet;
pub mod query;
pub mod registry;

mod db;
#[cfg(test)]
mod ddl;
mod error;
mod inventory;
mod location;
mod migrate;
mod pg;
mod signal;
mod sqlite;
mod store;
mod transact;
mod tx;

pub use db::{Cell, FromCell, Param, ProviderId, Row, Statement};
pub use error::{Cause, Result, StoreError};
pub use inventory::{Lease, Save, SaveStats, Written};
pub use migrate::{Migrated, schema_fingerprint};
pub use registry::moment;
pub use signal::{Heard, Listener, Signals};
pub use store::{Kind, Store};
pub use transact::Durability;
pub use tx::Tx;
