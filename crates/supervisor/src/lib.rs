//! The main server: which workers there should be, and which there are. It starts, watches, limits and replaces them.
//!
//! Knows processes, leases and schedules. Knows no provider and runs no job: what a worker does is the worker's business.

mod child;
mod desired;
mod error;
mod health;
mod holdings;
mod http;
mod limits;
mod notify;
mod options;
mod place;
mod proc;
mod reconcile;
mod roster;
mod scheduler;
mod server;
mod share;
mod triggers;
mod vacancy;

pub use child::Program;
pub use error::SupervisorError;
pub use health::Health;
pub use options::{Identity, Options};
pub use server::serve;
pub use share::whose;
