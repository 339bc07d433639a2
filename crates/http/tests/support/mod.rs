//! What the tests of this crate share.
#![allow(dead_code, unreachable_pub)]

use std::time::Duration;

use stocktake_http::testing::Server;
use stocktake_http::{Answer, Call, Http, Options, RetryPolicy};
use stocktake_provider::{ProviderError, Traffic};

/// Patience counted in milliseconds.
pub fn options() -> Options {
    Options {
        retry: RetryPolicy {
            attempts: 4,
            first: Duration::from_millis(2),
            longest: Duration::from_millis(5),
            total: Duration::from_secs(3),
        },
        timeout: Duration::from_secs(5),
        proxy_from_environment: false,
        ..Options::default()
    }
}

pub fn http(options: Options) -> Http {
    Http::new(options, Traffic::Live).expect("a client")
}

pub async fn get(http: &Http, server: &Server, path: &str) -> Result<Answer, ProviderError> {
    http.send(&Call::get("things", server.url(path))).await
}
