//! One question to one service: its address, our token, the microversion, and what to do when the token is refused.

use std::sync::PoisonError;
use std::time::Duration;

use secrecy::ExposeSecret as _;
use stocktake_http::{Answer, Call, HeaderName, HeaderValue, Url};
use stocktake_provider::{ErrorKind, ProviderError};
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::service::{Service, Version};
use super::session::Session;
use super::{Api, Inner, keystone, versions};

const TOKEN: HeaderName = HeaderName::from_static("x-auth-token");
const MICROVERSION: HeaderName = HeaderName::from_static("openstack-api-version");
/// Nova's own, older spelling; Nova before 2.27 knows no other.
const NOVA_MICROVERSION: HeaderName = HeaderName::from_static("x-openstack-nova-api-version");

/// How long a service that refused a new token is taken at its word. After that the next question may get another token:
/// the token may have been revoked, and a long-lived worker must recover by itself.
const REFUSAL_HOLDS: Duration = Duration::from_secs(30);

impl Inner {
    /// Asks with the current token, and once more with a new one if that is refused. The answer may have any status.
    pub(super) async fn ask(
        &self,
        service: Service,
        name: &str,
        microversion: Option<Version>,
        place: impl Fn(&Endpoint) -> Result<Url, url::ParseError>,
    ) -> Result<Answer, ProviderError> {
        let session = self.sign_in.session(&self.http, &self.config).await?;
        let answer = self.ask_as(&session, service, name, microversion, &place).await?;
        if answer.status != 401 || self.has_refused(service, &session) {
            return Ok(answer);
        }
        let session = self.sign_in.renew(&self.http, &self.config, Some(&session)).await?;
        let answer = self.ask_as(&session, service, name, microversion, &place).await?;
        if answer.status == 401 {
            let refused = (session.serial, Instant::now());
            self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(service, refused);
        }
        Ok(answer)
    }

    async fn ask_as(
        &self,
        session: &Session,
        service: Service,
        name: &str,
        microversion: Option<Version>,
        place: impl Fn(&Endpoint) -> Result<Url, url::ParseError>,
    ) -> Result<Answer, ProviderError> {
        let endpoint = self.endpoint(session, service, name)?;
        let url = place(&endpoint).map_err(|e| broken(name, &format!("no address can be made of it: {e}")))?;
        let mut call = Call::get(service.name(), url).named(name).with(TOKEN, secret_header(session, name)?);
        if let Some(version) = microversion {
            let value = |text: String| HeaderValue::try_from(text).map_err(|e| broken(name, &e.to_string()));
            // Cinder knows its service type as `volume` here, whatever the catalogue calls it.
            call = call.selecting(MICROVERSION, value(format!("{} {version}", service.name()))?);
            if service == Service::Compute {
                call = call.selecting(NOVA_MICROVERSION, value(version.to_string())?);
            }
        }
        self.http.send(&call).await
    }

    /// The address a person gave, else the catalogue's. Keystone itself may be missing there; we know where it is.
    pub(super) fn address(&self, session: &Session, service: Service) -> Option<String> {
        let config = &self.config;
        if let Some(by_hand) = config.endpoints.get(&service) {
            return Some(by_hand.to_string());
        }
        let listed = session.catalogue.url(service, config.region.as_deref(), config.interface.name());
        match listed {
            None if service == Service::Identity => Some(keystone::v3(&config.auth_url).to_string()),
            listed => listed.map(str::to_owned),
        }
    }

    pub(super) fn endpoint(&self, session: &Session, service: Service, call: &str) -> Result<Endpoint, ProviderError> {
        let Some(address) = self.address(session, service) else { return Err(self.no_service(session, service, call)) };
        Endpoint::new(service, &address, session.project_id.as_deref())
            .map_err(|e| broken(call, &format!("the {service} service's address '{address}' cannot be used: {e}")))
    }

    pub(super) fn no_service(&self, session: &Session, service: Service, call: &str) -> ProviderError {
        let interface = self.config.interface.name();
        let place = match &self.config.region {
            Some(region) => format!("region {region}, interface {interface}"),
            None => format!("interface {interface}"),
        };
        let (message, hint) = if session.catalogue.lists_nowhere(service) {
            let message = format!("the catalogue gives no address of the {service} service to {}", session.scope());
            (message, Some("sign in to a project: its address names one".to_owned()))
        } else if session.catalogue.lists(service) {
            let regions = session.catalogue.regions().join(", ");
            let message = format!("the catalogue has no {service} service for {place}");
            (message, Some(format!("set region (known: {regions}) or interface")))
        } else if session.catalogue.is_empty() {
            let message = "the token carries no catalogue".to_owned();
            (message, Some("sign in to a project, a domain or the system".to_owned()))
        } else {
            (format!("no {service} service in the catalogue"), None)
        };
        ProviderError { kind: ErrorKind::NoService, call: call.to_owned(), message, hint }
    }

    pub(super) fn path_of_link(&self, session: &Session, service: Service, link: &str) -> Result<String, ProviderError> {
        let call = format!("GET {service}");
        let endpoint = self.endpoint(session, service, &call)?;
        endpoint.path_of(link).ok_or_else(|| {
            let message = format!("its link to the next page leads out of the service: {link}");
            ProviderError { kind: ErrorKind::BadAnswer, call, message, hint: None }
        })
    }

    pub(super) async fn negotiate(&self, service: Service, wanted: Version) -> Result<Option<Version>, ProviderError> {
        let name = format!("GET {service} version");
        let answer = self.ask(service, &name, None, |e| Ok(e.version_document())).await?;
        if answer.status == 404 {
            return Ok(None);
        }
        // Some services list their versions with 300, which is no error here.
        let offers = if answer.status == 300 { answer.body } else { answer.ok(&name)?.body };
        let session = self.sign_in.session(&self.http, &self.config).await?;
        let endpoint = self.endpoint(&session, service, &name)?;
        Ok(versions::negotiate(&versions::read(&offers), endpoint.version(), wanted))
    }

    fn has_refused(&self, service: Service, session: &Session) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get(&service).is_some_and(|(serial, at)| *serial == session.serial && at.elapsed() < REFUSAL_HOLDS)
    }
}

impl Api {
    /// What Keystone says of itself to strangers: `v3.14`. For the test of a provider.
    pub(crate) async fn keystone_version(&self) -> Result<String, ProviderError> {
        let name = "GET keystone version";
        let mut url = keystone::v3(&self.0.config.auth_url);
        url.set_path(&format!("{}/", url.path()));
        let answer = self.0.http.send(&Call::get("identity", url).named(name)).await?;
        // Keystone tells its version to everybody, so any refusal comes from somebody else.
        let hint = Some("check that auth_url is Keystone's address".to_owned());
        let answer = answer.ok(name).map_err(|e| ProviderError { hint: hint.clone(), ..e })?;
        let unknown = || ProviderError { hint, ..broken(name, "the answer is no version document") };
        versions::read(&answer.body).first().map(|offer| format!("v{}", offer.id)).ok_or_else(unknown)
    }

    /// What a service says of its versions, in words: `v2.1 (2.1 to 2.93)`. For the test of a provider.
    pub(crate) async fn offers(&self, service: Service) -> Result<String, ProviderError> {
        let name = format!("GET {service} versions");
        let answer = self.0.ask(service, &name, None, |e| Ok(e.root_document())).await?;
        let body = if answer.status == 300 { answer.body } else { answer.ok(&name)?.body };
        let offers = versions::read(&body);
        let current = offers.iter().find(|o| o.status.eq_ignore_ascii_case("current") || o.status == "stable");
        let Some(offer) = current.or(offers.last()) else {
            return Err(ProviderError {
                kind: ErrorKind::BadAnswer,
                call: name,
                message: "answered, but not with a list of versions".to_owned(),
                hint: Some("check that the catalogue's address is the service's".to_owned()),
            });
        };
        Ok(match offer.micro {
            Some((oldest, newest)) => format!("v{} ({oldest} to {newest})", offer.id),
            None => format!("v{}", offer.id),
        })
    }

    /// Where a service is, for people.
    pub(crate) fn place(&self, session: &Session, service: Service) -> Option<String> {
        self.0.address(session, service)
    }
}

fn secret_header(session: &Session, call: &str) -> Result<HeaderValue, ProviderError> {
    let mut value = HeaderValue::from_str(session.token.expose_secret())
        .map_err(|_| broken(call, "Keystone's token cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn broken(call: &str, message: &str) -> ProviderError {
    ProviderError { kind: ErrorKind::BadAnswer, call: call.to_owned(), message: message.to_owned(), hint: None }
}
