//! What happened to the cloud since it began: the only state besides tokens, and its size is that of the changes.
//!
//! Knows places and values, not rows: how a change shows in a row is the row's business.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::{Kind, Place};

/// The state of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Active,
    Shutoff,
    Paused,
    Suspended,
    ShelvedOffloaded,
    Error,
    Build,
}

/// What differs from the generated row of a place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tweak {
    /// When it last changed.
    pub updated: u64,
    /// When it was created, for what was created after the start.
    pub created: Option<u64>,
    /// How often it changed: neutron's revision number grows by it.
    pub revision: u32,
    pub name: Option<String>,
    pub status: Option<Status>,
    pub flavor: Option<u32>,
    pub host: Option<u32>,
    /// A volume's size in GiB.
    pub size: Option<u32>,
    /// The tenant, for what was created after the start.
    pub tenant: Option<u32>,
    /// A JSON merge patch over the served row, applied last.
    pub patch: Option<Value>,
}

/// Something that was done to a server, as nova's list of actions has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Action {
    /// `stop`, `resize`, …
    pub name: &'static str,
    pub at: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Overlay {
    tweaks: HashMap<Place, Tweak>,
    /// By the server's index.
    actions: HashMap<u32, Vec<Action>>,
    /// What was deleted, and when.
    gone: HashMap<Place, u64>,
    born: HashMap<Kind, u32>,
}

impl Overlay {
    pub(crate) fn tweak(&self, place: Place) -> Option<&Tweak> {
        if self.tweaks.is_empty() { None } else { self.tweaks.get(&place) }
    }

    pub(crate) fn gone(&self, place: Place) -> Option<u64> {
        if self.gone.is_empty() { None } else { self.gone.get(&place).copied() }
    }

    pub(crate) fn born(&self, kind: Kind) -> u32 {
        if self.born.is_empty() { 0 } else { self.born.get(&kind).copied().unwrap_or(0) }
    }

    /// Changes a place at a moment.
    pub(crate) fn change(&mut self, place: Place, at: u64, apply: impl FnOnce(&mut Tweak)) {
        let tweak = self.tweaks.entry(place).or_default();
        tweak.updated = at;
        tweak.revision += 1;
        apply(tweak);
    }

    /// Notes what was done to a server.
    pub(crate) fn act(&mut self, server: u32, name: &'static str, at: u64) {
        self.actions.entry(server).or_default().push(Action { name, at });
    }

    pub(crate) fn actions(&self, server: u32) -> &[Action] {
        self.actions.get(&server).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn delete(&mut self, place: Place, at: u64) {
        self.gone.insert(place, at);
    }

    /// Coming back is a change, or nobody who asks for changes would hear of it.
    pub(crate) fn restore(&mut self, place: Place, at: u64) -> bool {
        let restored = self.gone.remove(&place).is_some();
        if restored {
            self.change(place, at, |_| {});
        }
        restored
    }

    /// Counts one more of a kind; the caller knows the number of generated ones and so the new index.
    pub(crate) fn bear(&mut self, kind: Kind) -> u32 {
        let born = self.born.entry(kind).or_default();
        *born += 1;
        *born - 1
    }

    /// How many places differ from what was generated.
    pub(crate) fn len(&self) -> usize {
        self.tweaks.len() + self.gone.len()
    }
}

/// RFC 7396: objects merge, `null` removes, anything else replaces.
pub(crate) fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = target else {
        return;
    };
    for (key, change) in changes {
        if change.is_null() {
            fields.remove(key);
        } else {
            merge_patch(fields.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}
