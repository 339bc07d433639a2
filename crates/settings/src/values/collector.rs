//! Where traces are taken.

use std::fmt;

use super::{Value, text};
use crate::plain::Plain;

/// Empty: nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Collector(String);

impl Collector {
    /// The address that spans are sent to.
    pub fn traces(&self) -> Option<String> {
        let base = self.0.trim_end_matches('/');
        let (_, host) = base.split_once("://")?;
        // A path is somebody's own; only what OTEL_EXPORTER_OTLP_ENDPOINT usually holds is completed.
        Some(if host.contains('/') { base.to_owned() } else { format!("{base}/v1/traces") })
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Value for Collector {
    const FORM: &'static str = "http://HOST:4318, or https://";

    fn read(plain: &Plain) -> Result<Self, String> {
        let text = text(plain, Self::FORM)?;
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        match host {
            _ if text.is_empty() => Ok(Self::default()),
            // It would be shown; a token belongs into the headers.
            Some(host) if host.split('/').next().is_some_and(|host| host.contains('@')) => {
                Err("it has a user's name in it; say who you are with traces.headers".to_owned())
            }
            Some(host) if !host.is_empty() && !host.starts_with('/') => Ok(Self(text.to_owned())),
            _ => Err(format!("'{text}' is no address of a collector; write {}", Self::FORM)),
        }
    }

    fn shown(&self) -> Plain {
        super::shown(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Collector, String> {
        Collector::read(&Plain::Text(text.to_owned()))
    }

    #[test]
    fn an_address_without_a_path_gets_the_usual_one() {
        for (said, sent) in [
            ("http://collector:4318", Some("http://collector:4318/v1/traces")),
            ("https://collector/", Some("https://collector/v1/traces")),
            ("https://collector/v1/traces", Some("https://collector/v1/traces")),
            ("https://host/otlp/v1/traces", Some("https://host/otlp/v1/traces")),
            ("", None),
        ] {
            assert_eq!(read(said).expect(said).traces().as_deref(), sent, "{said}");
        }
        for wrong in ["collector:4318", "grpc://collector:4317", "http://", "http:///x", "http://u:hidden@collector"] {
            let error = read(wrong).expect_err(wrong);
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}
