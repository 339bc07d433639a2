//! How providers speak HTTP: one client, a bounded number of requests in flight, patience with busy servers, errors in
//! words a person can act on, counters, and a recording of what was said.
//!
//! This crate knows no provider: no service, no path, no way to sign in. It does not look into answers further than to
//! see that they are whole, and keeps nothing between calls but counters.
//!
//! Nobody else builds a client; `clippy.toml` refuses it.

mod answer;
mod paging;

pub use answer::{Answer, error_text};
pub use paging::{BrokenPaging, Paging};
