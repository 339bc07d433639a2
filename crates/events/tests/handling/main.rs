//! What handling events promises on both databases: one suite, run on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, missing_docs)]

mod crowd;
mod later;
mod purging;
mod reading;
mod storing;
mod storm;
mod support;

stocktake_testkit::suite! {
    storing:
        a_batch_becomes_rows_counts_and_what_is_asked_for,
        what_comes_twice_in_a_batch_is_one_row,
        what_comes_again_asks_for_nothing_again,
        order_of_batches_does_not_matter,
        what_cannot_be_read_is_set_aside_and_the_rest_handled,
        types_without_a_route_are_counted_and_cause_nothing,
        a_clock_that_is_an_hour_off_changes_nothing_but_the_time_told,
        what_no_database_can_hold_sinks_no_batch,
        a_storm_on_one_object_is_one_target,
        a_spoilt_batch_is_set_aside_and_everything_asked_for,
        keys_that_are_one_when_stored_are_one_event,
        what_is_set_aside_is_cut;
    crowd:
        one_batch_in_many_hands_is_done_once,
        events_in_many_batches_at_once_are_stored_asked_and_ruled_once,
        what_was_not_committed_never_was,
        a_handler_that_died_before_it_committed_is_done_again_and_once,
        a_handler_that_died_after_it_committed_changes_nothing_more,
        a_late_handler_takes_no_later_batch_away,
        ids_of_batches_and_events_are_given_once,
        redelivered_in_another_order_nobody_waits_in_a_circle,
        ids_rise_as_events_came,
        nothing_is_stored_for_a_provider_that_is_gone;
    later:
        what_settles_late_is_asked_for_again,
        waits_are_counted_from_the_last_event,
        one_job_waits_for_each_wait,
        no_row_is_left_without_a_job;
    reading:
        events_are_found_by_what_is_asked,
        refs_are_met_in_the_inventory_whenever_it_learns_of_them,
        who_follows_misses_nothing,
        types_tell_what_no_route_has;
    purging:
        the_old_go_in_windows,
        notes_of_rules_go_and_those_of_people_stay,
        batches_without_a_job_get_one_again,
        what_is_left_of_a_provider_goes;
    storm: so_many_objects_become_their_collection;
}
