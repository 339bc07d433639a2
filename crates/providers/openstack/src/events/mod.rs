//! What OpenStack's services tell of what happens: where it comes from, and what is read out of it.
//!
//! `amqp/` talks to the broker, `poll/` asks the services where there is none; `decode` takes a message apart and the secrets
//! out of it; `reader` makes an event of it, and `routes.toml` says what that makes worth a refresh. Only `amqp/` and `poll/`
//! do I/O, and only `poll/` knows the API.

pub(crate) mod amqp;
mod decode;
mod message;
mod payload;
mod poll;
mod reader;
mod redact;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use stocktake_provider::{Configuration, ConnectError, EventSource, Traffic};

use crate::api::Api;
use crate::collect::Projects;
use crate::config::{Events, OpenStackConfig};
pub(crate) use reader::Reader;

/// The routes of `OpenStack`'s events, see `docs/events.md`.
///
/// Those of polled events stand first: globs for notifications, which begin with a star, would take some of them.
const ROUTES: &str = concat!(include_str!("poll_routes.toml"), "\n", include_str!("routes.toml"));

/// Where a cloud's events come from. None: nowhere, or they are not wanted.
pub(crate) fn source(c: &Configuration) -> Result<Option<Arc<dyn EventSource>>, ConnectError> {
    let config = OpenStackConfig::read(c)?;
    Ok(match &config.events {
        Events::Off => None,
        Events::Amqp(amqp) => Some(Arc::new(amqp::Source::new(amqp::Brokers::new(&config, amqp)?))),
        Events::Polling { every } => {
            let api = Api::new(&config, Traffic::Live)?;
            Some(Arc::new(poll::Polling::new(api, Projects::read(c)?, *every)))
        }
    })
}
