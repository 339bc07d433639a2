//! The message broker that events come from, where one is set.

use std::time::Instant;

use super::report::{Found, Report};
use crate::api::Api;
use crate::config::Events;
use crate::events::amqp;

pub(super) async fn check(api: &Api, report: &mut Report) {
    let Events::Amqp(settings) = &api.config().events else { return };
    // Of a recording there is no broker.
    if api.is_replay() {
        return;
    }
    let begun = Instant::now();
    let brokers = match amqp::Brokers::new(api.config(), settings) {
        Ok(brokers) => brokers,
        Err(error) => return report.add("broker connection", Found::failed(error.to_string())),
    };
    for (name, found) in amqp::check(&brokers).await {
        // Whatever is wrong with the broker, the sign-in to the cloud stands.
        report.add_timed(name, found.map_or_else(|error| Found::failed(error.to_string()), Found::ok), begun);
    }
}
