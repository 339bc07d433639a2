//! A refresh, from asking to rows: read what is stored, collect, parse, plan, save, and keep a record of the run.
//!
//! This crate drives providers and the store and decides nothing about either: what is compared and deleted is the
//! saver's, what is asked of an API is the provider's, what a table looks like is the store's.

pub mod later;
pub mod requests;

mod beside;
mod changes;
mod choose;
mod error;
mod execute;
pub mod findings;
mod lease;
mod observer;
mod report;
mod river;
mod run;
mod spill;

pub use changes::{Change, ChangeKind, FieldChange, describe};
pub use choose::{Choice, Prices, choose};
pub use error::RefreshError;
pub use execute::{Finished, Request, Tried, execute};
pub use observer::{Observer, Phase, Quiet};
pub use report::{CollectionReport, Outcome, Phases, RunReport};
pub use run::{Planned, Refresh};
