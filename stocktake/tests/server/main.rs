//! The whole system as it runs by itself: real servers and workers, simulated clouds, on SQLite and on PostgreSQL; and what
//! is left when processes are killed, stalled, cut off from their database, or die over and over again.
#![allow(clippy::unwrap_used, missing_docs)]

mod ailing;
mod catching;
mod crowd;
mod database;
mod hosts;
mod house;
mod killed;
mod living;
mod process;
mod sink;
mod stalled;
mod traces;
mod wait;

macro_rules! suite {
    ($on:ident, $database:path; $($room:ident: $($test:ident),+ $(,)?;)*) => {
        mod $on {
            $(mod $room { $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    crate::$room::$test($database().await).await;
                }
            )+ })*
        }
    };
}

macro_rules! both {
    ($($scenes:tt)+) => {
        suite! { sqlite, stocktake_testkit::sqlite; $($scenes)+ }
        suite! { postgres, stocktake_testkit::postgres; $($scenes)+ }
    };
}

both! {
    living: each_provider_has_a_worker_of_its_own, changes_of_a_provider_act_at_once;
    killed: a_worker_in_any_phase, a_worker_of_a_server, a_server;
    stalled: a_worker_that_comes_back_writes_nothing, a_worker_that_does_not_come_back_is_replaced;
    ailing: too_large, too_short_lived;
    catching: a_catcher_comes_and_goes_with_its_source;
    crowd: fifty_ask_for_ten_thousand;
    traces: lead_from_request_to_rows, of_merged_wishes_are_linked, that_nobody_takes_harm_nothing;
}

// Several hosts are about PostgreSQL alone.
suite! { only_postgres, stocktake_testkit::postgres;
    hosts: one_falls_and_another_joins;
}
