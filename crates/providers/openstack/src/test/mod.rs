//! `provider test`: from the name of the host to the last collection, what works, what does not, and what to do.
//!
//! Only looks; knows the API and the table of listings, and neither parses nor collects.

mod access;
mod broker;
mod reach;
mod report;
mod services;
#[cfg(test)]
mod tests;

use stocktake_provider::{CheckStatus, TestReport};

use crate::api::{Api, Session};
use crate::collect::{Projects, Reach};
use report::{Found, Report};

/// The checks in the order in which one depends on the other.
pub(crate) async fn test(api: &Api, projects: Projects) -> TestReport {
    let mut report = Report::default();
    reach::check(api, &mut report).await;
    if report.failed() {
        report.skip(&["keystone", "scope", "services"]);
        return report.done();
    }
    let signed_in = report.check("keystone", keystone(api)).await;
    let session = match signed_in {
        Some(()) => api.session().await.ok(),
        None => None,
    };
    let Some(session) = session else {
        report.skip(&["scope", "services"]);
        return report.done();
    };
    report.add("scope", scope(api, &session));
    if session.catalogue.is_empty() {
        report.skip(&["services"]);
        return report.done();
    }
    services::check(api, &session, &mut report).await;
    broker::check(api, &mut report).await;
    report.access(access::check(api, &session, &Reach::of(&session, projects)).await);
    report.done()
}

async fn keystone(api: &Api) -> Result<Found, Found> {
    let version = api.keystone_version().await.map_err(Found::from)?;
    // A good token says nothing of the password; this check is about what is set now.
    let session = api.sign_in().await.map_err(Found::from)?;
    let who = if session.user_name.is_empty() { &session.user_id } else { &session.user_name };
    Ok(Found::ok(format!("{version}, signed in as {who}")))
}

/// What the token is good for, and whether the region fits the catalogue.
fn scope(api: &Api, session: &Session) -> Found {
    let roles = if session.roles.is_empty() { "no role".to_owned() } else { format!("roles {}", session.roles.join(", ")) };
    let scope = format!("{}, {roles}", session.scope());
    let regions = session.catalogue.regions();
    let region = api.config().region.as_deref();
    if session.catalogue.is_empty() {
        let advice = "set a project, a domain or system_scope, in which the user has a role";
        return Found::new(CheckStatus::Failed, format!("{scope}; the token carries no catalogue; {advice}"));
    }
    match region {
        Some(region) if !regions.contains(&region) => {
            let message =
                format!("{scope}; region {region} is not in the catalogue; set region to one of {}", regions.join(", "));
            Found::new(CheckStatus::Failed, message)
        }
        None if regions.len() > 1 => {
            let message = format!("{scope}; the catalogue has several regions; set region to one of {}", regions.join(", "));
            Found::new(CheckStatus::Warning, message)
        }
        _ => Found::ok(scope),
    }
}
