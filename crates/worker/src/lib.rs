//! A worker process's life: claim a job, run it with a heartbeat, end it, until asked to stop.
//!
//! Knows the queue and how to tell its server how it is. Knows no job kind: what a job does is handed in as [`Work`]. It
//! writes nothing to the database but what the queue does; its row is its server's business.

mod doing;
mod life;
mod line;
mod report;
mod resident;
mod stop;

pub use doing::{Doing, Ended, Work};
pub use life::{Life, WorkerError, live};
pub use line::{StatusLine, WorkerStage};
pub use report::Reporter;
pub use resident::reside;
pub use stop::Stop;
