//! The server as those who run it meet it: log lines, endpoints, signals. Real processes against a simulated cloud, on SQLite
//! and on PostgreSQL.
#![allow(clippy::unwrap_used, missing_docs)]

mod lines;
mod reload;
mod running;
mod seen;
// The same shell as for the verbs; not all of it is needed here.
#[allow(dead_code)]
#[path = "../cli/shell.rs"]
mod shell;

stocktake_testkit::suite! {
    lines: each_line_tells_whose_it_is, a_wrong_filter_stops_the_start;
    reload: settings_are_read_again, rules_are_read_again;
    seen: it_answers_over_http, a_taken_port_stops_the_start, the_one_that_started_it_is_told;
}
