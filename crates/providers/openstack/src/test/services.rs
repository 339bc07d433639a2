//! Each service we read: is it in the catalogue, does it answer, which version does it speak.

use std::time::Instant;

use futures_util::future::join_all;
use stocktake_provider::{CheckStatus, ErrorKind, ProviderError};

use super::report::{Found, Report};
use crate::api::{Api, Service, Session};

pub(super) async fn check(api: &Api, session: &Session, report: &mut Report) {
    let begun = Instant::now();
    let found = join_all(Service::ALL.map(|service| one(api, session, service))).await;
    for (service, found) in Service::ALL.into_iter().zip(found) {
        report.add_timed(&format!("service {service}"), found, begun);
    }
}

async fn one(api: &Api, session: &Session, service: Service) -> Found {
    let Some(address) = api.place(session, service) else { return absent(api, session, service) };
    let spoken = match api.microversion(service).await {
        Ok(microversion) => microversion.map(|v| format!(", asked at {v}")).unwrap_or_default(),
        Err(e) => return Found::failed(format!("{e} (at {address})")),
    };
    match api.offers(service).await {
        Ok(versions) => Found::ok(format!("{versions}{spoken} at {address}")),
        // The list of versions stands above the service's own paths; proxies often hide it, and nobody needs it.
        Err(e) if answered(&e) => Found::ok(format!("answers at {address}{spoken}; its list of versions is hidden")),
        Err(e) => Found::failed(format!("{e} (at {address})")),
    }
}

fn answered(error: &ProviderError) -> bool {
    use ErrorKind::{BadAnswer, Forbidden, NotFound, Unauthorized};
    matches!(error.kind, BadAnswer | Forbidden | NotFound | Unauthorized)
}

fn absent(api: &Api, session: &Session, service: Service) -> Found {
    if session.catalogue.lists_nowhere(service) {
        let message =
            format!("the catalogue gives no address of it to {}; sign in to a project to read it", session.scope());
        return Found::new(CheckStatus::Warning, message);
    }
    if session.catalogue.lists(service) {
        let interface = api.config().interface.name();
        let message =
            format!("in the catalogue, but not for this region and interface {interface}; set region or interface");
        return Found::new(CheckStatus::Failed, message);
    }
    let status = if service == Service::Orchestration { CheckStatus::Ok } else { CheckStatus::Warning };
    Found::new(status, "not in the catalogue; what it holds is left as it is")
}
