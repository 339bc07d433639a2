//! The cloud's APIs: signing in, finding services, asking.
//!
//! Knows what OpenStack's APIs have in common (tokens, catalogue, versions, links) and nothing of what is read through
//! them: no collection, no listing, no record.

mod ask;
mod catalogue;
mod endpoint;
mod keystone;
mod negotiated;
mod service;
mod session;
mod sign_in;
#[cfg(test)]
mod tests;
mod versions;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stocktake_http::{Answer, ClientError, Http, Options};
use stocktake_provider::{ApiUsage, ConnectError, ProviderError, Traffic};
use tokio::sync::broadcast;
use tokio::time::Instant;

pub use catalogue::Catalogue;
pub use service::{Service, Version};
pub use session::Session;

use crate::config::{Method, OpenStackConfig};
use negotiated::Negotiated;
pub(crate) use sign_in::SIGN_IN;
use sign_in::SignIn;

/// How long a service that could not be asked for its versions is taken to be away: dozens of questions wait for that one
/// answer, and each would try for as long again.
const AWAY_HOLDS: Duration = Duration::from_secs(10);

/// What services answer who do not know the microversion they are asked at.
const NO_SUCH_VERSION: u16 = 406;

/// One cloud, seen with one credential. Cheap to clone; clones share token, budget and counters.
#[derive(Debug, Clone)]
pub struct Api(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: OpenStackConfig,
    http: Http,
    sign_in: SignIn,
    microversions: [Negotiated; Service::ALL.len()],
    /// Services whose versions could not be asked for, with the time.
    away: Mutex<HashMap<Service, (Instant, ProviderError)>>,
    /// Services that refused a brand-new token, with the token's serial and the time: asking Keystone for another at once
    /// would not help.
    refused: Mutex<HashMap<Service, (u64, Instant)>>,
}

impl Inner {
    async fn negotiate_unless_away(&self, service: Service, wanted: Version) -> Result<Option<Version>, ProviderError> {
        let away = || self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, error)) = away().get(&service).filter(|(since, _)| since.elapsed() < AWAY_HOLDS) {
            return Err(error.clone());
        }
        let known = self.negotiate(service, wanted).await;
        if let Err(error) = &known {
            away().insert(service, (Instant::now(), error.clone()));
        }
        known
    }
}

impl Api {
    /// Does not talk yet; a wrong address or password shows at the first call.
    pub fn new(config: &OpenStackConfig, traffic: Traffic) -> Result<Self, ConnectError> {
        let options = Options {
            ca_pem: config.ca_pem.clone(),
            insecure: config.insecure,
            connect_timeout: config.connect_timeout,
            timeout: config.timeout,
            in_flight: config.in_flight,
            retry: config.retry,
            ..Options::default()
        };
        let http = Http::new(options, traffic).map_err(|e| ConnectError {
            field: match &e {
                ClientError::NoCertificate | ClientError::Certificate { .. } => "cacert".to_owned(),
                ClientError::Tls(_) | ClientError::Client(_) => "http client".to_owned(),
            },
            message: e.to_string(),
        })?;
        match &config.method {
            Method::Password { password: secret, .. }
            | Method::ApplicationCredential { secret, .. }
            | Method::Token(secret) => http.hide(secret),
        }
        Ok(Self(Arc::new(Inner {
            config: config.clone(),
            http,
            sign_in: SignIn::default(),
            microversions: Default::default(),
            away: Mutex::default(),
            refused: Mutex::default(),
        })))
    }

    /// Who we are: signs in when nobody did yet or the token ran out. Many callers cost one sign-in.
    pub async fn session(&self) -> Result<Arc<Session>, ProviderError> {
        self.0.sign_in.session(&self.0.http, &self.0.config).await
    }

    /// Who we are now: signs in although the token at hand is still good, since its roles are those of its day. Callers at
    /// the same time cost one sign-in.
    pub async fn sign_in(&self) -> Result<Arc<Session>, ProviderError> {
        self.0.sign_in.anew(&self.0.http, &self.0.config).await
    }

    /// Whether less can be seen than at that sign-in, as far as later ones told: without a call.
    pub(crate) fn has_lost_reach(&self, since: &Session) -> bool {
        self.0.sign_in.current().is_some_and(|now| now.sees_less_than(since))
    }

    /// Whether the cloud has the service: in the catalogue for our region and interface, or given an endpoint by hand. One
    /// that is listed for other regions or interfaces only, or without an address, is an error: it is there, and what it
    /// holds is not read.
    pub async fn has(&self, service: Service) -> Result<bool, ProviderError> {
        let session = self.session().await?;
        match self.0.address(&session, service) {
            Some(_) => Ok(true),
            None if session.catalogue.is_empty() || session.catalogue.lists(service) => {
                Err(self.0.no_service(&session, service, &format!("GET {service}")))
            }
            None => Ok(false),
        }
    }

    /// The microversion that [`Api::get`] asks for: the newest that both we and the service know. None where the service
    /// has none.
    pub async fn microversion(&self, service: Service) -> Result<Option<Version>, ProviderError> {
        let Some(wanted) = service.wanted() else { return Ok(None) };
        let known = &self.0.microversions[service as usize];
        known.get_or_ask(|| self.0.negotiate_unless_away(service, wanted)).await
    }

    /// Asks one service. The path starts after the version (and project): `/servers/detail?limit=200`,
    /// `/networks`, `/images`, `/volumes/detail?all_tenants=1`, `/projects`, `/stacks`.
    ///
    /// Retries, re-authenticates and waits its turn within the budget. Anything but 2xx with whole JSON is an error.
    pub async fn get(&self, service: Service, path_and_query: &str) -> Result<Answer, ProviderError> {
        let microversion = self.microversion(service).await?;
        self.get_at(service, path_and_query, microversion).await
    }

    /// As [`Api::get`], at another microversion, or at none: the service's oldest behaviour.
    pub async fn get_at(
        &self,
        service: Service,
        path_and_query: &str,
        microversion: Option<Version>,
    ) -> Result<Answer, ProviderError> {
        let name = format!("GET {service} {}", path_and_query.split('?').next().unwrap_or_default());
        let asked = Instant::now();
        let answer = self.0.ask(service, &name, microversion, |endpoint| endpoint.at(path_and_query)).await?;
        if answer.status == NO_SUCH_VERSION && microversion.is_some() {
            self.0.microversions[service as usize].doubt(asked).await;
        }
        answer.ok(&name)
    }

    /// Turns a `next` link, absolute or relative, into the path for [`Api::get`]. Its host is ignored: behind a proxy
    /// services name hosts we cannot reach, and a token must not follow a link to a stranger.
    pub async fn next_path(&self, service: Service, link: &str) -> Result<String, ProviderError> {
        let session = self.session().await?;
        self.0.path_of_link(&session, service, link)
    }

    /// Records to ask for in one page.
    pub fn page_size(&self) -> u32 {
        self.0.config.page_size
    }

    /// Requests that may be in flight at once. More concurrent callers simply wait their turn.
    pub fn in_flight(&self) -> usize {
        self.0.config.in_flight
    }

    /// What was asked so far.
    pub fn usage(&self) -> ApiUsage {
        self.0.http.usage()
    }

    /// Lines such as `compute: answered 429, waiting 2.0 s`, as they happen.
    pub fn notices(&self) -> broadcast::Receiver<String> {
        self.0.http.notices()
    }

    pub(crate) fn config(&self) -> &OpenStackConfig {
        &self.0.config
    }

    /// Whether answers come from a recording and no network is there.
    pub(crate) fn is_replay(&self) -> bool {
        self.0.http.is_replay()
    }
}
