//! Getting through to Keystone: name, port, certificate. Each is tried by itself, so that the one that fails is named.

use std::net::SocketAddr;
use std::time::Duration;

use stocktake_provider::{CheckStatus, ErrorKind};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use super::report::{Found, Report};
use crate::api::Api;

const NAMES: [&str; 3] = ["name resolution", "connection", "tls"];

pub(super) async fn check(api: &Api, report: &mut Report) {
    let config = api.config();
    let url = &config.auth_url;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return };
    // A URL puts brackets around such an address, a resolver wants none.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let indirect = if api.is_replay() { Some("answers come from a recording") } else { proxy(url.scheme()) };
    if let Some(why) = indirect {
        for name in NAMES {
            report.add(name, Found::new(CheckStatus::Skipped, why));
        }
        return;
    }
    let mut addresses = Vec::new();
    if report.check(NAMES[0], resolve(host, port, config.connect_timeout, &mut addresses)).await.is_none() {
        return report.skip(&NAMES[1..]);
    }
    if report.check(NAMES[1], connect(&addresses, config.connect_timeout)).await.is_none() {
        return report.skip(&NAMES[2..]);
    }
    if url.scheme() == "https" {
        report.check(NAMES[2], tls(api)).await;
    } else {
        let message = "not used: auth_url is http, so passwords and tokens travel in the clear";
        let status = if addresses.iter().all(|a| a.ip().is_loopback()) { CheckStatus::Ok } else { CheckStatus::Warning };
        report.add(NAMES[2], Found::new(status, message));
    }
}

/// With a proxy, names and connections are the proxy's business.
fn proxy(scheme: &str) -> Option<&'static str> {
    let set = |name: &str| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    let names = if scheme == "https" { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
    (names.into_iter().any(set) || set("ALL_PROXY") || set("all_proxy")).then_some("a proxy is set in the environment")
}

async fn resolve(host: &str, port: u16, patience: Duration, out: &mut Vec<SocketAddr>) -> Result<Found, Found> {
    const ADVICE: &str = "check auth_url and this machine's name servers";
    let found = timeout(patience, lookup_host((host, port))).await;
    let found = found
        .map_err(|_| Found::shut_out(ErrorKind::Dns, format!("no answer for '{host}' within {patience:?}; {ADVICE}")))?;
    out.extend(found.map_err(|e| Found::shut_out(ErrorKind::Dns, format!("'{host}' cannot be resolved: {e}; {ADVICE}")))?);
    if out.is_empty() {
        return Err(Found::shut_out(ErrorKind::Dns, format!("'{host}' has no address; {ADVICE}")));
    }
    let shown = out.iter().map(|a| a.ip().to_string()).collect::<Vec<_>>().join(", ");
    Ok(Found::ok(if shown == host { "auth_url holds an address".to_owned() } else { format!("{host} is {shown}") }))
}

async fn connect(addresses: &[SocketAddr], patience: Duration) -> Result<Found, Found> {
    let mut failures = Vec::new();
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(Found::ok(format!("{address} answers"))),
            Ok(Err(e)) => failures.push(format!("{address}: {e}")),
            Err(_) => failures.push(format!("{address}: no answer within {patience:?}")),
        }
    }
    Err(Found::shut_out(
        ErrorKind::Connect,
        format!("{}; check the port, firewalls and whether Keystone runs", failures.join(", ")),
    ))
}

/// Any answer at all shows that TLS stands; what it says is the next check's business.
async fn tls(api: &Api) -> Result<Found, Found> {
    match api.keystone_version().await {
        Err(e) if e.kind == ErrorKind::Tls => Err(e.into()),
        _ if api.config().insecure => {
            let message = "the certificate is not checked, since insecure is set; give cacert instead";
            Ok(Found::new(CheckStatus::Warning, message))
        }
        _ if api.config().ca_pem.is_empty() => Ok(Found::ok("the certificate is trusted by this machine")),
        _ => Ok(Found::ok("the certificate is signed by the authority in cacert")),
    }
}
