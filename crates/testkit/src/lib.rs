//! What tests need and no program does: databases and message brokers of their own, made in one call.
//!
//! A test that cannot get its database or broker fails and says what to install; it is never skipped.

#[cfg(feature = "broker")]
pub mod broker;
pub mod database;
mod own_server;
#[cfg(feature = "events")]
pub mod scripted;
#[cfg(feature = "events")]
mod scripted_type;
mod server;
mod suite;

pub use database::{TestDatabase, postgres, sqlite};
pub use own_server::OwnServer;
#[cfg(feature = "events")]
pub use scripted_type::ScriptedType;
