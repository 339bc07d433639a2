//! What OpenStack's services tell of what happens: where it comes from, and what is read out of it.
//!
//! `amqp/` talks to the broker; `decode` takes a message apart and the secrets out of it; `reader` makes an event of it,
//! and `routes.toml` says what that makes worth a refresh. Only `amqp/` does I/O, and nothing here knows the API.

mod decode;
mod message;
mod payload;
mod poll;
mod reader;
mod redact;
#[cfg(test)]
mod tests;

pub(crate) use poll::Polling;
pub(crate) use reader::Reader;

/// The routes of `OpenStack`'s events, see `docs/events.md`.
///
/// Those of polled events stand first: globs for notifications, which begin with a star, would take some of them.
const ROUTES: &str = concat!(include_str!("poll_routes.toml"), "\n", include_str!("routes.toml"));
