//! A connection to one broker, signed in.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use lapin::tcp::AsyncTcpStream;
use lapin::types::ShortString;
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Channel, Connection, ConnectionProperties};
use secrecy::ExposeSecret as _;
use stocktake_provider::{ErrorKind, ProviderError};
use tokio::time::timeout;

use super::error::{at_sign_in, at_work, failed};
use super::wire::{self, Cut, Sockets, Wire};
use super::{Brokers, PATIENCE};
use crate::config::Broker;

/// Dropped whole after any error.
pub(super) struct Link {
    // Says farewell when dropped, before the wire is cut.
    connection: Connection,
    _cut: Cut,
    pub(super) broker: Broker,
}

impl Brokers {
    /// Connected to the first broker that answers, beginning with the one that did last.
    pub(super) async fn link(&self) -> Result<Link, ProviderError> {
        let mut failures = Vec::new();
        let count = self.amqp.brokers.len();
        let good = self.good.load(Relaxed);
        for at in (0..count).map(|step| (good + step) % count) {
            match self.link_to(&self.amqp.brokers[at]).await {
                Ok(link) => {
                    self.good.store(at, Relaxed);
                    return Ok(link);
                }
                // Brokers of one cluster know the same users and vhosts.
                Err(error) if is_for_a_person(error.kind) => return Err(error),
                Err(error) => failures.push(error),
            }
        }
        Err(all_of(failures))
    }

    async fn link_to(&self, broker: &Broker) -> Result<Link, ProviderError> {
        let (wire, cut) = self.reach(broker).await?;
        self.sign_in(broker, wire, cut).await
    }

    /// The socket, with TLS if that is set.
    pub(super) async fn reach(&self, broker: &Broker) -> Result<(Wire, Cut), ProviderError> {
        wire::connect(broker, self.tls.as_ref(), self.connect_timeout).await
    }

    pub(super) async fn sign_in(&self, broker: &Broker, wire: Wire, cut: Cut) -> Result<Link, ProviderError> {
        let call = format!("sign in to broker {broker} as {}", self.amqp.user);
        let wire = Mutex::new(Some(wire));
        let connect = async move |_, _| {
            let wire = wire.lock().unwrap_or_else(PoisonError::into_inner).take();
            // A second time would be a recovery of lapin's own, which is not asked for.
            let wire = wire.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::Unsupported))?;
            Ok(AsyncTcpStream::Plain(wire.into_socket()))
        };
        let runtime = Runtime::new(RuntimeParts::new(Tokio::current(), Sockets(Tokio::current())));
        let properties = ConnectionProperties::default().with_connection_name("stocktake events".into());
        let connected = Box::pin(Connection::connector(self.uri(broker), runtime, connect, properties));
        let silent = |_| {
            failed(
                &call,
                ErrorKind::Timeout,
                format!("no answer within {PATIENCE:?}"),
                "check that it is an AMQP 0-9-1 broker",
            )
        };
        let connection = timeout(PATIENCE, connected).await.map_err(silent)?.map_err(|error| at_sign_in(&call, &error))?;
        Ok(Link { connection, _cut: cut, broker: broker.clone() })
    }

    fn uri(&self, broker: &Broker) -> AMQPUri {
        let password = self.amqp.password.expose_secret().to_owned();
        AMQPUri {
            // What lapin is given is a socket already, be it with TLS or without.
            scheme: AMQPScheme::AMQP,
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo { username: self.amqp.user.clone(), password },
                host: broker.host.clone(),
                port: broker.port,
            },
            vhost: self.amqp.vhost.clone(),
            query: AMQPQueryString { heartbeat: Some(self.amqp.heartbeat.as_secs() as u16), ..AMQPQueryString::default() },
        }
    }
}

impl Link {
    /// A channel of its own for whatever may be refused: a refusal closes the channel.
    pub(super) async fn channel(&self) -> Result<Channel, ProviderError> {
        self.within("open a channel", self.connection.create_channel()).await
    }

    /// Waits for an answer, but not for ever.
    pub(super) async fn within<T>(
        &self,
        what: &str,
        answer: impl Future<Output = lapin::Result<T>>,
    ) -> Result<T, ProviderError> {
        within(&format!("{what} on broker {}", self.broker), answer).await
    }
}

pub(super) async fn within<T>(call: &str, answer: impl Future<Output = lapin::Result<T>>) -> Result<T, ProviderError> {
    match timeout(PATIENCE, answer).await {
        Ok(answer) => answer.map_err(|error| at_work(call, &error)),
        Err(_) => Err(failed(call, ErrorKind::Timeout, format!("no answer within {PATIENCE:?}"), "")),
    }
}

/// A name as the protocol has it; those of the settings are short enough.
pub(super) fn name(text: &str) -> ShortString {
    text.into()
}

fn is_for_a_person(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Configuration)
}

fn all_of(mut failures: Vec<ProviderError>) -> ProviderError {
    let Some(first) = failures.first().cloned() else {
        return failed("connect to a broker", ErrorKind::Configuration, "there is none", "give amqp_url");
    };
    if failures.len() == 1 {
        return first;
    }
    let told: Vec<_> = failures.drain(..).map(|error| format!("{}: {}", error.call, error.message)).collect();
    ProviderError { call: format!("connect to one of {} brokers", told.len()), message: told.join("; "), ..first }
}
