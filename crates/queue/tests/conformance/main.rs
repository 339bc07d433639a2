//! What the queue promises on both databases: one suite, run on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, missing_docs)]

mod claiming;
mod clock;
mod crowd;
mod ending;
mod looking;
mod people;
mod putting;
mod support;
mod tending;
mod waking;

stocktake_testkit::suite! {
    putting:
        a_job_comes_out_as_it_went_in,
        many_are_put_in_order_or_not_at_all,
        a_second_waiting_job_of_a_key_is_refused,
        one_waits_however_many_ask,
        a_running_job_does_not_stand_for_a_new_wish,
        payloads_merge_into_the_one_that_waits,
        no_wish_is_lost_in_merging,
        bursts_are_debounced_but_not_for_ever,
        who_waits_is_not_put_off_by_what_is_less_urgent,
        a_job_is_put_by_the_callers_transaction_or_not_at_all,
        a_job_names_the_row_it_was_put_with;
    claiming:
        the_urgent_come_first_then_the_oldest,
        lanes_are_taken_in_the_workers_order,
        more_lanes_than_one_statement_takes,
        nothing_is_taken_before_its_time,
        of_an_exclusive_lane_one_runs,
        acknowledging_frees_an_exclusive_lane_for_the_next,
        who_finds_nothing_waits_for_no_writer;
    ending:
        a_result_is_kept,
        what_nobody_looks_at_goes_when_it_is_done,
        a_failed_job_waits_and_is_parked_with_its_causes_after_the_last_attempt,
        a_hopeless_job_is_parked_at_once,
        a_job_handed_back_has_lost_no_attempt,
        a_job_handed_back_makes_room_for_the_one_that_waits,
        who_was_taken_over_changes_nothing,
        the_lost_of_a_batch_are_named;
    tending:
        a_killed_holders_job_goes_to_another,
        a_job_that_kills_its_workers_is_parked,
        heartbeats_keep_a_job,
        what_comes_too_late_is_cancelled,
        the_old_become_urgent,
        ended_jobs_are_purged_in_windows_and_parked_ones_stay;
    people:
        a_parked_job_is_retried_with_all_its_attempts,
        a_retry_keeps_apart_from_the_one_that_waits,
        a_waiting_job_is_cancelled_at_once,
        a_running_job_is_told_to_stop,
        what_cannot_be_done_is_said;
    looking: jobs_are_listed_by_what_is_asked, depths_count_what_is_open;
    clock: leases_are_judged_by_the_databases_clock;
    crowd:
        sixteen_workers_run_every_job_once,
        sixteen_workers_in_batches_run_every_job_once,
        exclusive_lanes_hold_in_a_crowd,
        every_job_is_done_though_holders_die;
    waking:
        a_put_wakes_who_waits_in_another_process,
        only_the_lane_that_is_waited_for_wakes,
        what_is_put_between_looking_and_waiting_wakes,
        a_job_that_falls_due_wakes,
        a_lease_that_runs_out_wakes,
        the_end_of_an_exclusive_job_wakes,
        nothing_to_do_is_a_period_of_waiting,
        a_lost_connection_comes_back;
}
