//! Snapshot + stored keys → save plan. Pure: no I/O, no clock, no database, no provider.
//!
//! Rows are compared as they come ([`Planner::push`]): an unchanged row is dropped as soon as its digest matches, so
//! memory is the index of stored rows plus what changed. Above a limit what changed is put aside ([`Spill`]), outside of
//! memory. Links are resolved at the end ([`Planner::finish`]), when everything has been seen, so the order of parsing
//! does not matter.

mod aside;
mod custom;
mod fate;
mod guard;
mod kept;
mod plan;
mod planner;
mod request;
mod resolve;
mod spill;
mod stored;

pub use aside::RowReader;
pub use guard::GuardPolicy;
pub use plan::{CollectionPlan, Counts, SavePlan, Unlink, Watch, WatchUpdate, Write};
pub use planner::Planner;
pub use request::{ReadRequest, Wanted, WatchKeys};
pub use spill::{Spill, SpillError};
pub use stored::{AllRows, Answers, ByRef, Stored, StoredRow, StoredWatch, Watched};
