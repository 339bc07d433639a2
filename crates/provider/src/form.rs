//! What a provider asks to be told, and what it was told. Secrets are a type of their own: they cannot be printed,
//! serialised or logged by accident.

use std::collections::BTreeMap;

pub use secrecy::SecretString as Secret;
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Url,
    Bool,
    /// Never shown, stored encrypted.
    Secret,
    /// PEM text or a path to it.
    Certificate,
}

#[derive(Debug, Clone, Serialize)]
pub struct FormField {
    /// `auth_url`; on the command line `--set auth_url=…`.
    pub name: &'static str,
    pub kind: FieldKind,
    pub required: bool,
    pub help: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct Form {
    pub fields: Vec<FormField>,
}

/// The values of a form: settings in the clear, secrets apart.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, Secret>,
}

impl Configuration {
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    pub fn secret(&self, name: &str) -> Option<&Secret> {
        self.secrets.get(name)
    }
}
