//! How much of a collection a run has seen: unknown is not absent.

use serde::{Deserialize, Serialize};

use crate::menu::{CollectionIx, Menu};
use crate::scope::Scope;

/// The outcome of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "status")]
pub enum Listed {
    /// Everything in the scope was seen. Alone licenses deletion.
    Complete,
    /// Some was seen; what was not is unknown.
    Partial { errors: Vec<String> },
    /// Nothing was seen.
    Failed { error: String },
    /// It was not asked for, and why (`no orchestration service in the catalogue`).
    NotAsked { reason: String },
}

impl Listed {
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete)
    }

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial { .. } => "partial",
            Self::Failed { .. } => "failed",
            Self::NotAsked { .. } => "not asked",
        }
    }

    /// Both feed one collection: it is complete only if both are.
    pub fn and(self, other: Self) -> Self {
        use Listed::{Complete, Failed, NotAsked, Partial};
        match (self, other) {
            (Complete, Complete) => Complete,
            (Failed { error: a }, Failed { error: b }) => Failed { error: if a == b { a } else { format!("{a}; {b}") } },
            (NotAsked { reason }, NotAsked { .. }) => NotAsked { reason },
            (a, b) => {
                let mut errors = a.errors();
                errors.extend(b.errors());
                errors.dedup();
                Partial { errors }
            }
        }
    }

    pub fn errors(&self) -> Vec<String> {
        match self {
            Self::Complete => Vec::new(),
            Self::Partial { errors } => errors.clone(),
            Self::Failed { error } => vec![error.clone()],
            Self::NotAsked { reason } => vec![reason.clone()],
        }
    }
}

/// What a run knows of the whole of each collection. Collections not named were not asked for.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    listed: Vec<(CollectionIx, Listed)>,
    /// Targeted runs: the targets that the provider says are gone (a definite 404 for that id).
    pub gone: Vec<(CollectionIx, String)>,
    /// Targeted runs: the targets that were read with all they own.
    pub read: Vec<(CollectionIx, String)>,
    /// Targeted runs: the collections that were asked for whole and whose listings were made for that. Of all others a
    /// listing says how what was asked for went, which may be a single object.
    pub whole: Vec<CollectionIx>,
}

impl Coverage {
    /// Adds a listing that feeds `collection`.
    pub fn feed(&mut self, collection: CollectionIx, listed: Listed) {
        match self.listed.iter_mut().find(|(ix, _)| *ix == collection) {
            Some((_, known)) => *known = std::mem::replace(known, Listed::Complete).and(listed),
            None => self.listed.push((collection, listed)),
        }
    }

    /// Adds what another part of the same run knows.
    pub fn add(&mut self, other: Self) {
        for (collection, listed) in other.listed {
            self.feed(collection, listed);
        }
        self.gone.extend(other.gone);
        self.read.extend(other.read);
        self.whole.extend(other.whole);
    }

    pub fn of(&self, collection: CollectionIx) -> Option<&Listed> {
        self.listed.iter().find(|(ix, _)| *ix == collection).map(|(_, listed)| listed)
    }

    pub fn is_complete(&self, collection: CollectionIx) -> bool {
        self.of(collection).is_some_and(Listed::is_complete)
    }

    /// Whether a run speaks about the whole of a collection: it was asked for, and its provider did list it.
    pub fn is_about_all_of(&self, collection: CollectionIx, menu: &Menu, scope: &Scope) -> bool {
        *scope == Scope::Full || self.whole.contains(&collection) && scope.is_about_all_of(menu.get(collection).name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(CollectionIx, Listed)> {
        self.listed.iter()
    }
}
