//! Rules from a caught batch to what they cause, on both databases: stored by the real handler, jobs done by a real worker.
#![allow(clippy::unwrap_used, missing_docs)]

mod causing;
mod commands;
mod openstack;
mod support;
mod webhooks;

stocktake_testkit::suite! {
    causing:
        a_note_and_a_refresh_come_with_the_event_and_once,
        conditions_see_the_inventory_by_refs_and_by_names,
        jobs_hold_what_is_told_and_no_secret,
        a_rule_that_cannot_be_evaluated_hinders_nobody,
        a_ref_that_no_database_keeps_hinders_nobody;
    openstack:
        a_recorded_notification_makes_a_rule_act;
    webhooks:
        a_webhook_is_signed_and_says_what_happened,
        busy_receivers_are_tried_again_with_the_same_message,
        refusals_are_parked,
        a_receiver_that_does_not_answer_is_tried_again,
        what_only_a_person_can_mend_is_parked_and_retried;
    commands:
        a_command_is_told_the_event_and_little_else,
        a_command_that_fails_is_tried_again_and_parked_with_what_it_said,
        a_command_that_takes_too_long_is_killed_with_its_children;
}
