//! What a second reading changed, and when each change counts.

use serde::Serialize;

use crate::key::Reload;
use crate::plain::Plain;
use crate::tree::Settings;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// `server.zone`
    pub key: String,
    /// As they may be shown: two addresses that differ in their passwords alone look alike.
    pub from: Plain,
    pub to: Plain,
    pub reload: Reload,
}

/// In the order of the reference.
pub fn diff(from: &Settings, to: &Settings) -> Vec<Change> {
    let differing = from.differing(to);
    let keys = Settings::keys();
    let changed = keys.iter().filter(|key| differing.contains(&(key.section, key.name)));
    let change = |key: &crate::key::Key| {
        Some(Change { key: key.path(), from: from.shown(key)?, to: to.shown(key)?, reload: key.reload })
    };
    changed.filter_map(change).collect()
}
