//! What a provider can do is declared, with reasons for what it cannot.

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub struct Capability {
    /// `refresh`, `refresh_targeted`, `events`, `metrics`, `operations`, …
    pub name: &'static str,
    pub support: Support,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "support", content = "reason")]
pub enum Support {
    Yes,
    No(&'static str),
}
