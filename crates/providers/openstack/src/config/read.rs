//! From settings to typed values, each refusal naming the field and what to write instead.

use std::collections::BTreeMap;
use std::time::Duration;

use stocktake_http::{RetryPolicy, Url};
use stocktake_provider::{Configuration, ConnectError};

use super::auth::{Method, SignInScope};
use super::form::FIELDS;
use super::{Events, Interface, OpenStackConfig};
use crate::api::Service;

impl OpenStackConfig {
    /// Reads a form's values. Opens the file that `cacert` names; touches nothing else.
    pub fn read(c: &Configuration) -> Result<Self, ConnectError> {
        if let Some(unknown) = c.settings.keys().chain(c.secrets.keys()).find(|k| !FIELDS.iter().any(|f| f.name == *k)) {
            let known = FIELDS.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
            let message = format!("an OpenStack provider has no such setting; it has {known}");
            return Err(ConnectError { field: unknown.clone(), message });
        }
        let auth_url = c.setting("auth_url").ok_or_else(|| missing("auth_url", "give Keystone's address"))?;
        let retry = RetryPolicy::default();
        Ok(Self {
            auth_url: url("auth_url", auth_url)?,
            method: Method::read(c)?,
            scope: SignInScope::read(c)?,
            region: c.setting("region").map(str::to_owned),
            interface: c.setting("interface").map_or(Ok(Interface::Public), interface)?,
            ca_pem: c.setting("cacert").map_or(Ok(Vec::new()), certificates)?,
            insecure: c.setting("insecure").map_or(Ok(false), |text| boolean("insecure", text))?,
            endpoints: endpoints(c)?,
            page_size: number(c, "page_size", 1..=1000)?.unwrap_or(200),
            in_flight: number(c, "in_flight", 1..=64)?.unwrap_or(8) as usize,
            connect_timeout: seconds(c, "connect_timeout")?.unwrap_or(Duration::from_secs(5)),
            timeout: seconds(c, "timeout")?.unwrap_or(Duration::from_mins(1)),
            retry: RetryPolicy {
                attempts: number(c, "attempts", 1..=20)?.unwrap_or(retry.attempts),
                total: seconds(c, "longest_wait")?.unwrap_or(retry.total),
                ..retry
            },
            events: Events::read(c)?,
        })
    }
}

pub(super) fn missing(field: &str, advice: &str) -> ConnectError {
    ConnectError { field: field.to_owned(), message: format!("missing; {advice}") }
}

pub(super) fn wrong(field: &str, value: &str, advice: &str) -> ConnectError {
    ConnectError { field: field.to_owned(), message: format!("'{value}' cannot be used; {advice}") }
}

fn url(field: &str, text: &str) -> Result<Url, ConnectError> {
    const SHAPE: &str = "give an address such as https://cloud.example:5000/v3";
    let url = Url::parse(text.trim()).map_err(|e| wrong(field, text, &format!("{e}; {SHAPE}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong(field, text, SHAPE));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not quoted: it holds a password.
        let message = "holds a user or password; give those as settings of their own".to_owned();
        return Err(ConnectError { field: field.to_owned(), message });
    }
    Ok(url)
}

fn endpoints(c: &Configuration) -> Result<BTreeMap<Service, Url>, ConnectError> {
    let mut endpoints = BTreeMap::new();
    for service in Service::ALL {
        let field = format!("{service}_endpoint");
        if let Some(text) = c.setting(&field) {
            endpoints.insert(service, url(&field, text)?);
        }
    }
    Ok(endpoints)
}

fn interface(text: &str) -> Result<Interface, ConnectError> {
    match text.strip_suffix("URL").unwrap_or(text) {
        "public" => Ok(Interface::Public),
        "internal" => Ok(Interface::Internal),
        "admin" => Ok(Interface::Admin),
        _ => Err(wrong("interface", text, "use public, internal or admin")),
    }
}

fn certificates(text: &str) -> Result<Vec<u8>, ConnectError> {
    if text.contains("-----BEGIN") {
        return Ok(text.as_bytes().to_vec());
    }
    std::fs::read(text)
        .map_err(|e| wrong("cacert", text, &format!("reading that file failed: {e}; give PEM text or a path")))
}

pub(super) fn boolean(field: &str, text: &str) -> Result<bool, ConnectError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(wrong(field, text, "use true or false")),
    }
}

pub(super) fn number(
    c: &Configuration,
    field: &str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<Option<u32>, ConnectError> {
    let Some(text) = c.setting(field) else { return Ok(None) };
    let number = text.parse().ok().filter(|n| range.contains(n));
    let advice = || format!("give a whole number from {} to {}", range.start(), range.end());
    number.map(Some).ok_or_else(|| wrong(field, text, &advice()))
}

fn seconds(c: &Configuration, field: &str) -> Result<Option<Duration>, ConnectError> {
    let Some(text) = c.setting(field) else { return Ok(None) };
    let seconds = text.parse::<f64>().ok().filter(|s| (0.001..=3600.0).contains(s));
    seconds
        .map(|s| Some(Duration::from_secs_f64(s)))
        .ok_or_else(|| wrong(field, text, "give seconds, more than 0 and at most 3600"))
}
