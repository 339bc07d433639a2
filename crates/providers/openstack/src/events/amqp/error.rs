//! What a broker refuses, in words a person can act on.

use lapin::ErrorKind as Lapin;
use stocktake_provider::{ErrorKind, ProviderError};

/// An error that is not the broker's answer.
pub(super) fn failed(call: &str, kind: ErrorKind, message: impl Into<String>, hint: &str) -> ProviderError {
    let hint = (!hint.is_empty()).then(|| hint.to_owned());
    ProviderError { kind, call: call.to_owned(), message: message.into(), hint }
}

/// While signing in: who we are, and to which vhost.
pub(super) fn at_sign_in(call: &str, error: &lapin::Error) -> ProviderError {
    let Some((code, text)) = answer(error) else { return of_connection(call, error) };
    let (kind, hint) = match code {
        403 => (ErrorKind::Unauthorized, "check the user in amqp_url, and amqp_password"),
        530 if text.contains("not found") => (ErrorKind::Configuration, "check the vhost in amqp_url"),
        530 if text.contains("refused") => (ErrorKind::Forbidden, "give the user permissions in that vhost"),
        _ => (ErrorKind::Server, ""),
    };
    failed(call, kind, text, hint)
}

/// While signed in.
pub(super) fn at_work(call: &str, error: &lapin::Error) -> ProviderError {
    const RIGHTS: &str = "give the user the permissions that docs/openstack-events.md names";
    let Some((code, text)) = answer(error) else { return of_connection(call, error) };
    let (kind, hint) = match code {
        403 if text.contains("exclusive") => {
            (ErrorKind::Server, "another connection reads it, perhaps our last one that the broker has not given up yet")
        }
        403 => (ErrorKind::Forbidden, RIGHTS),
        404 => (ErrorKind::NotFound, ""),
        406 => (ErrorKind::Configuration, "it exists with other properties than notifications have"),
        _ => (ErrorKind::Server, ""),
    };
    failed(call, kind, text, hint)
}

/// What the broker says: its code and text.
fn answer(error: &lapin::Error) -> Option<(u16, String)> {
    match error.kind() {
        Lapin::ProtocolError(error) => Some((error.get_id(), error.get_message().to_string())),
        _ => None,
    }
}

fn of_connection(call: &str, error: &lapin::Error) -> ProviderError {
    match error.kind() {
        Lapin::MissingHeartbeatError => failed(call, ErrorKind::Timeout, "the broker's heartbeat did not come", ""),
        Lapin::IOError(cause) if cause.kind() == std::io::ErrorKind::TimedOut => {
            failed(call, ErrorKind::Timeout, cause.to_string(), "")
        }
        Lapin::IOError(cause) => failed(call, ErrorKind::Connect, format!("the connection broke: {cause}"), ""),
        Lapin::InvalidConnectionState(_) | Lapin::InvalidChannelState(..) | Lapin::InvalidChannel(_) => {
            failed(call, ErrorKind::Connect, "the connection is closed", "")
        }
        Lapin::InvalidProtocolVersion(_) | Lapin::ParsingError(_) => {
            failed(call, ErrorKind::BadAnswer, error.to_string(), "check that amqp_url is an AMQP 0-9-1 broker's address")
        }
        _ => failed(call, ErrorKind::Server, error.to_string(), ""),
    }
}
