//! The program as its users meet it: real processes against a simulated cloud, on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, missing_docs)]

mod asking;
mod events;
mod providers;
mod queueing;
mod refreshing;
mod settings;
mod shell;

stocktake_testkit::suite! {
    asking: every_form_holds_the_same, wrong_questions_are_usage_errors, objects_are_shown, a_reader_that_leaves_is_no_error;
    events:
        events_are_listed_and_filtered,
        an_event_is_shown_and_stands_with_its_object,
        events_are_followed_until_somebody_ends_it,
        a_rule_test_says_why_and_changes_nothing,
        mistakes_in_rules_are_told_before_anything_starts;
    providers: secrets_stay_secret, what_fails_is_named, a_provider_is_edited_and_removed, settings_come_from_clouds_yaml,
        a_provider_is_paused_and_scheduled, credentials_have_a_state;
    queueing: jobs_are_seen_retried_and_cancelled;
    settings: one_file_and_variables, mistakes_are_told_and_stop_everything;
    refreshing:
        the_second_refresh_writes_nothing,
        a_plan_says_what_happens_and_writes_nothing,
        what_cannot_be_seen_is_kept,
        mass_deletions_wait_for_a_person,
        one_object_by_its_name,
        a_whole_collection_by_the_word_people_use,
        recorded_and_replayed,
        interrupted_nothing_is_half_written;
}
