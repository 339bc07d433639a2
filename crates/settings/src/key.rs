//! What is known of a setting without its value.

use serde::Serialize;

use crate::plain::Plain;

/// When a changed value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reload {
    /// As soon as the settings are read again.
    Live,
    /// For worker processes that start from then on.
    NewWorkers,
    /// When the server is started again.
    Restart,
}

impl Reload {
    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::NewWorkers => "new workers",
            Self::Restart => "restart",
        }
    }
}

/// One setting.
#[derive(Debug, Clone)]
pub struct Key {
    pub section: &'static str,
    pub name: &'static str,
    /// What it does, and where its default comes from.
    pub help: String,
    /// What is written: `a duration: 500ms, 15s, 24h`
    pub form: &'static str,
    pub default: Plain,
    /// The least and the greatest that are taken.
    pub limits: Option<(Plain, Plain)>,
    pub reload: Reload,
}

impl Key {
    /// `server.zone`
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// `STOCKTAKE__SERVER__ZONE`
    pub fn variable(&self) -> String {
        format!("STOCKTAKE__{}__{}", self.section.to_ascii_uppercase(), self.name.to_ascii_uppercase())
    }
}
