//! Notifications over AMQP 0-9-1, from a queue of our own: nothing is taken away from another consumer.
//!
//! The queue is transient and named by us; its name is the position. It waits for us while we are away, for as long and
//! for as many messages as is set, and a broker that was restarted does not have it any more: that is how a gap is seen.
//! So are a queue that ran over and an exchange that came later than we: both end the session, and the next begins with a gap.
//! A connection is disposable: after any error all of it is dropped, and whoever drives the source makes another.

mod check;
mod error;
mod link;
mod position;
mod queue;
mod source;
mod stream;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use stocktake_http::{ClientError, tls_client};
use stocktake_provider::ConnectError;
use tokio_rustls::rustls::ClientConfig;

use crate::config::{Amqp, OpenStackConfig};
pub(crate) use check::check;
pub(crate) use source::Source;

/// How long the broker may take for one answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The brokers, and all that is needed to be let in.
#[derive(Debug)]
pub(crate) struct Brokers {
    amqp: Amqp,
    tls: Option<Arc<ClientConfig>>,
    connect_timeout: Duration,
    /// Which broker answered last.
    good: AtomicUsize,
}

impl Brokers {
    pub(crate) fn new(config: &OpenStackConfig, amqp: &Amqp) -> Result<Self, ConnectError> {
        let tls = amqp.tls.then(|| tls_client(&config.ca_pem, config.insecure)).transpose().map_err(certificates)?;
        let tls = tls.map(Arc::new);
        Ok(Self { amqp: amqp.clone(), tls, connect_timeout: config.connect_timeout, good: AtomicUsize::new(0) })
    }
}

fn certificates(error: ClientError) -> ConnectError {
    ConnectError { field: "cacert".to_owned(), message: error.to_string() }
}
