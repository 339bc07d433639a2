//! What both databases promise: one suite, run on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, missing_docs)]

mod aside;
mod deletes;
mod identity;
mod leases;
mod links;
mod open;
mod scale;
mod schema;
mod support;
mod targets;
mod values;
mod versions;

stocktake_testkit::suite! {
    schema: two_starters_at_once, a_newer_database_is_refused, an_empty_database_is_not_taken_for_ours;
    values:
        every_field_of_every_collection_comes_back,
        missing_is_left_alone_and_null_is_null,
        unusual_texts_come_back_as_they_went,
        documents_are_kept_replaced_and_removed,
        value_links_are_stored_as_values,
        a_value_by_another_ref_comes_from_what_is_stored,
        a_value_whose_row_goes_becomes_its_default;
    identity:
        an_unchanged_run_writes_no_inventory_row,
        only_changed_rows_are_written,
        a_row_that_comes_back_keeps_its_id,
        the_database_refuses_a_second_row_of_one_identity,
        a_failure_leaves_everything_as_it_was,
        ids_are_never_given_twice;
    links:
        a_link_to_a_deleted_row_is_null_and_comes_back_with_it,
        cycles_and_self_links_save_in_one_run,
        a_link_by_name_follows_the_name,
        what_was_unresolved_is_linked_when_it_appears,
        a_written_row_that_leaves_a_remembered_link_alone_gets_it;
    open:
        rows_known_by_names_are_saved_and_found_again,
        a_row_whose_name_nobody_knows_takes_nothing_away,
        a_key_through_a_name_is_written_when_the_name_is_known;
    versions:
        an_older_record_is_not_written_over_a_newer_one,
        a_version_alone_leaves_document_and_time_as_they_were,
        a_version_is_known_of_a_row_found_by_a_name,
        a_version_is_known_of_a_row_asked_for_with_a_target;
    deletes:
        children_go_before_their_owner,
        held_deletions_are_remembered_and_forgotten,
        a_provider_with_inventory_cannot_be_deleted;
    leases:
        one_holder_at_a_time,
        a_stale_holder_writes_nothing,
        a_lease_of_nobody_is_an_error;
    targets:
        a_target_is_read_with_what_it_owns,
        a_targeted_run_leaves_the_rest_alone,
        what_is_asked_for_with_a_target_is_named,
        lookups_answer_what_was_asked,
        rows_of_a_custom_save_are_read_for_a_target;
    scale: ten_thousand_rows, savers_of_two_providers_do_not_meet;
    aside: rows_put_aside_are_saved_like_others, rows_out_of_reach_save_nothing;
}
