//! The cloud's APIs: signing in, finding services, asking.
//!
//! Knows what OpenStack's APIs have in common (tokens, catalogue, versions, links) and nothing of what is read through
//! them: no collection, no listing, no record.

mod catalogue;
mod service;
mod session;

use std::sync::Arc;

use stocktake_http::Answer;
use stocktake_provider::{ApiUsage, ConnectError, ErrorKind, ProviderError, Traffic};

pub use catalogue::Catalogue;
pub use service::{Service, Version};
pub use session::Session;

use crate::config::OpenStackConfig;

/// One cloud, seen with one credential. Cheap to clone; clones share token, budget and counters.
#[derive(Debug, Clone)]
pub struct Api {
    config: Arc<OpenStackConfig>,
}

impl Api {
    /// Does not talk yet; a wrong address or password shows at the first call.
    pub fn new(config: &OpenStackConfig, traffic: Traffic) -> Result<Self, ConnectError> {
        let _ = traffic;
        Ok(Self { config: Arc::new(config.clone()) })
    }

    /// Who we are: signs in when nobody did yet or the token ran out. Many callers cost one sign-in.
    pub async fn session(&self) -> Result<Arc<Session>, ProviderError> {
        Err(not_yet("session"))
    }

    /// Whether the cloud has the service: in the catalogue for our region and interface, or given an endpoint by hand.
    pub async fn has(&self, service: Service) -> Result<bool, ProviderError> {
        Err(not_yet(service.name()))
    }

    /// The microversion that [`Api::get`] asks for: the newest that both we and the service know. None where the service
    /// has none.
    pub async fn microversion(&self, service: Service) -> Result<Option<Version>, ProviderError> {
        Err(not_yet(service.name()))
    }

    /// Asks one service. The path starts after the version (and project): `/servers/detail?limit=200`,
    /// `/networks`, `/images`, `/volumes/detail?all_tenants=1`, `/projects`, `/stacks`.
    ///
    /// Retries, re-authenticates and waits its turn within the budget. Anything but 2xx with whole JSON is an error.
    pub async fn get(&self, service: Service, path_and_query: &str) -> Result<Answer, ProviderError> {
        Err(not_yet(&format!("{service} {path_and_query}")))
    }

    /// Turns a `next` link, absolute or relative, into the path for [`Api::get`]. Its host is ignored: behind a proxy
    /// services name hosts we cannot reach, and a token must not follow a link to a stranger.
    pub async fn next_path(&self, service: Service, link: &str) -> Result<String, ProviderError> {
        Err(not_yet(&format!("{service} {link}")))
    }

    /// Records to ask for in one page.
    pub fn page_size(&self) -> u32 {
        self.config.page_size
    }

    /// Requests that may be in flight at once. More concurrent callers simply wait their turn.
    pub fn in_flight(&self) -> usize {
        self.config.in_flight
    }

    /// What was asked so far.
    pub fn usage(&self) -> ApiUsage {
        ApiUsage::default()
    }
}

fn not_yet(call: &str) -> ProviderError {
    ProviderError { kind: ErrorKind::Configuration, call: call.to_owned(), message: "not yet".to_owned(), hint: None }
}
