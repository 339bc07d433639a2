//! Who works: servers, what each is assigned, worker processes, and what is due when. All of it is judged by the
//! database's clock, so that hosts need not agree on theirs. Knows no worker kind and starts nothing.

mod assignments;
pub(crate) mod clock;
mod schedules;
mod served;
mod servers;
mod workers;

pub use assignments::{Assignment, assignments, keep, release, take};
pub use schedules::{Due, ScheduleRecord, due, forget_schedule, schedules, set_schedule, take_tick};
pub use served::{Served, served};
pub use servers::{
    NewServer, ServerId, ServerRecord, ServerState, end_server, purge_servers, register_server, renew_server, servers,
    settle_lost_servers,
};
pub use workers::{
    NewWorker, WorkerFilter, WorkerId, WorkerRecord, WorkerReport, WorkerState, add_worker, end_worker, purge_workers,
    report_workers, workers,
};
