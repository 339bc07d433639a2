//! Questions about the inventory and the small tables around it: one suite, run on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, missing_docs, dead_code)]

mod objects;
mod providers;
mod queries;
mod runs;
#[path = "../conformance/support.rs"]
mod support;
mod world;

stocktake_testkit::suite! {
    queries:
        any_filter_finds_what_it_says,
        pages_meet_without_gap_or_overlap,
        pages_show_one_moment,
        links_are_shown_by_name_and_followed,
        archived_rows_are_asked_for,
        words_are_refs_names_and_beginnings,
        every_column_of_every_collection_can_be_asked,
        what_looks_like_sql_is_a_text;
    objects:
        found_by_ref_id_name_and_beginning,
        what_exists_is_meant_before_what_is_gone,
        backlinks_are_counted,
        documents_come_back;
    providers:
        a_provider_is_kept_changed_and_found,
        names_are_unique_and_writable,
        secrets_come_back_and_do_not_show,
        a_secret_moved_elsewhere_does_not_open,
        a_lost_key_is_an_error_and_loses_nothing,
        removal_takes_everything_and_only_its_own,
        what_workers_must_notice_is_a_new_generation,
        pausing_twice_is_pausing_once,
        changes_at_once_undo_nothing,
        findings_are_kept_and_old_ones_are_not,
        findings_at_once_all_count,
        the_seed_is_made_once;
    runs:
        a_run_is_written_down,
        a_run_of_a_dead_process_is_failed,
        issues_are_capped_and_counted,
        deletions_are_approved_where_there_are_any,
        freshness_is_the_last_complete_run,
        old_runs_are_purged_but_not_what_is_needed;
}
