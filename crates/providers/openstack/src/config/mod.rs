//! What is to be known of a cloud before talking to it: where it is, who we are, how hard we may push.
//!
//! Reads settings, files and a given environment; makes no request and keeps no global state.

mod auth;
mod clouds;
mod environment;
mod events;
mod form;
mod polling;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use stocktake_http::{RetryPolicy, Url};

pub use auth::{Credential, Domain, Method, Named, SignInScope};
pub use clouds::{CloudsError, FoundCloud, find_cloud, known_clouds};
pub use environment::Environment;
pub use events::{Amqp, Broker, Events};
pub use form::form;

use crate::api::Service;

/// Everything `Api` needs. Secrets in it do not show in `Debug`.
#[derive(Debug, Clone)]
pub struct OpenStackConfig {
    pub auth_url: Url,
    pub method: Method,
    pub scope: SignInScope,
    pub region: Option<String>,
    pub interface: Interface,
    /// Authorities to trust instead of the system's; empty for the system's.
    pub ca_pem: Vec<u8>,
    pub insecure: bool,
    /// Addresses given by hand, which count before the catalogue's.
    pub endpoints: BTreeMap<Service, Url>,
    /// Records to ask for in one page. Real services take seconds for a thousand records: 100 to 200 is best.
    pub page_size: u32,
    pub in_flight: usize,
    pub connect_timeout: Duration,
    pub timeout: Duration,
    pub retry: RetryPolicy,
    pub events: Events,
}

/// Which of a service's addresses to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interface {
    Public,
    Internal,
    Admin,
}

impl Interface {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Admin => "admin",
        }
    }
}
