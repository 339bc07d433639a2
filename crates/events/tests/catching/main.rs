//! What catching promises, on both databases: nothing is lost, nothing is acknowledged before it is stored, a gap is made up
//! for, and a person is told what is wrong.
#![allow(clippy::unwrap_used, missing_docs)]

mod away;
mod gaps;
mod keeping;
mod support;
mod trouble;

stocktake_testkit::suite! {
    keeping:
        what_is_told_is_a_batch_with_its_job,
        a_storm_comes_in_batches_up_to_the_limit_and_none_is_missed,
        one_killed_before_it_said_stored_is_told_again,
        poison_is_kept_aside_and_harms_nothing,
        what_is_large_is_cut_into_batches_and_too_large_is_set_aside,
        asked_to_stop_it_leaves_what_it_did_not_store,
        a_removed_provider_ends_it_and_leaves_nothing;
    gaps:
        the_first_time_everything_is_asked_for,
        a_gap_is_counted_and_asks_for_everything_once,
        another_source_begins_anew,
        a_position_is_never_left_to_another_source;
    trouble:
        what_passes_is_waited_for_longer_each_time,
        what_a_person_must_mend_is_failed_and_still_tried,
        an_empty_answer_forgets_past_trouble;
    away:
        a_database_that_refuses_loses_nothing;
}
