//! What the tables of servers, assignments, workers and schedules promise, on both databases.
#![allow(clippy::unwrap_used, missing_docs)]

mod assignments;
mod schedules;
mod servers;
mod support;
mod workers;

stocktake_testkit::suite! {
    servers: a_server_lives_as_long_as_its_lease, one_that_was_taken_for_lost_may_come_back, an_end_frees_what_was_assigned;
    assignments: of_many_servers_one_takes, what_ran_out_is_free_for_others, what_another_took_is_not_kept;
    workers: a_worker_is_a_row_from_before_its_start_to_after_its_end, reports_of_the_dead_change_nothing,
        workers_of_a_lost_server_are_written_off, a_removed_provider_leaves_its_workers_rows;
    schedules: a_first_tick_is_worked_out_and_starts_nothing, a_tick_is_taken_once, a_changed_schedule_is_worked_out_anew;
}
