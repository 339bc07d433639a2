//! Calls that got no answer, in words: name resolution, connection, TLS, time-out, or an answer cut off.
//!
//! Libraries bury the reason at the end of a chain of errors; here the chain is walked once, so that nobody else looks
//! for substrings.

use std::error::Error;
use std::io;

use rustls::CertificateError;
use stocktake_provider::{ErrorKind, ProviderError};

use crate::client::Options;

/// Says what a failed attempt means to a person. `call` names the call, `host` is `name:port`.
pub fn classify(error: &reqwest::Error, call: &str, host: &str, options: &Options) -> ProviderError {
    let (kind, message, hint) = explain(error, host, options);
    ProviderError { kind, call: call.to_owned(), message, hint: hint.map(str::to_owned) }
}

fn explain(error: &reqwest::Error, host: &str, options: &Options) -> (ErrorKind, String, Option<&'static str>) {
    let chain = Chain(error);
    if let Some(tls) = chain.find::<rustls::Error>() {
        let (message, hint) = explain_tls(tls, host);
        return (ErrorKind::Tls, message, Some(hint));
    }
    if chain.says("tls handshake eof") {
        let message = format!("{host} hung up in the middle of the TLS handshake");
        return (ErrorKind::Tls, message, Some("check that this port speaks TLS, or use http:// if that is meant"));
    }
    if error.is_timeout() {
        return if error.is_connect() {
            let within = seconds(options.connect_timeout);
            let message = format!("no connection to {host} within {within}");
            (ErrorKind::Timeout, message, Some("check the address, the network and firewalls"))
        } else {
            let message = format!("no whole answer from {host} within {}", seconds(options.timeout));
            (ErrorKind::Timeout, message, Some("raise the time-out or ask for smaller pages"))
        };
    }
    let cause = chain.deepest();
    if chain.says("dns error") {
        let message = format!("the name of {host} cannot be resolved: {cause}");
        return (ErrorKind::Dns, message, Some("check the host name and the name servers"));
    }
    if error.is_connect() {
        let refused = chain.find::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::ConnectionRefused);
        return if refused {
            let message = format!("{host} refuses the connection");
            (ErrorKind::Connect, message, Some("check the port and whether the service runs"))
        } else {
            (ErrorKind::Connect, format!("no connection to {host}: {cause}"), Some("check the address and the network"))
        };
    }
    if error.is_body() || error.is_decode() {
        return (ErrorKind::BadAnswer, format!("the answer of {host} was cut off or garbled: {cause}"), None);
    }
    (ErrorKind::Connect, format!("the connection to {host} broke: {cause}"), None)
}

/// What is wrong with the peer's TLS, and what to do.
fn explain_tls(error: &rustls::Error, host: &str) -> (String, &'static str) {
    const TRUST: &str = "give the certificate of its authority as 'cacert'";
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::UnknownIssuer => {
                (format!("the certificate of {host} is signed by an authority that is not trusted here"), TRUST)
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                (format!("the certificate of {host} has expired: {error}"), "renew it, or check this machine's clock")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                (format!("the certificate of {host} is not valid yet: {error}"), "check the clocks on both sides")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                (format!("the certificate of {host} is for another name: {error}"), "use a name the certificate carries")
            }
            _ => (format!("the certificate of {host} is not accepted: {error}"), TRUST),
        },
        rustls::Error::InvalidMessage(_) => {
            (format!("{host} does not speak TLS: {error}"), "check the port, or use http:// if that is meant")
        }
        _ => (format!("TLS with {host} failed: {error}"), "check the protocols and certificates of the server"),
    }
}

fn seconds(d: std::time::Duration) -> String {
    if d.subsec_nanos() == 0 { format!("{} s", d.as_secs()) } else { format!("{:.1} s", d.as_secs_f64()) }
}

/// An error and its causes. `io::Error` hides the error it wraps from `source()`, so that one is opened too.
struct Chain<'a>(&'a (dyn Error + 'static));

impl<'a> Chain<'a> {
    fn links(&self) -> Vec<&'a (dyn Error + 'static)> {
        let mut links = Vec::new();
        let mut open = vec![self.0];
        while let Some(error) = open.pop() {
            links.push(error);
            open.extend(error.source());
            let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            open.extend(wrapped.map(|e| e as &(dyn Error + 'static)));
        }
        links
    }

    fn find<E: Error + 'static>(&self) -> Option<&'a E> {
        self.links().into_iter().find_map(|e| e.downcast_ref::<E>())
    }

    fn says(&self, words: &str) -> bool {
        self.links().iter().any(|e| e.to_string().contains(words))
    }

    fn deepest(&self) -> String {
        self.links().last().map(|e| first_line(&e.to_string())).unwrap_or_default()
    }
}

/// The first line of a text, shortened to what fits a message.
pub fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|l| !l.is_empty()).unwrap_or_default().chars().take(200).collect()
}
