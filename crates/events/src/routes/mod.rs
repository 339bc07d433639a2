//! Where events lead, as data: from a type to what is worth looking at again, and where in the payload its ref stands.
//!
//! Tables in TOML, ordered: the first route that has a type counts, the user's before the provider's own. Pure, and knows no
//! one provider: what a type's payload looks like is known to the table alone. `docs/events.md` has the format.

mod error;
mod glob;
mod path;
mod read;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use stocktake_model::Target;
use stocktake_provider::ProviderType;

pub use error::RoutesError;
pub use glob::Glob;

use path::Place;

/// Types whose route is remembered. Some systems make up types; beyond so many, the memory is begun anew.
const REMEMBERED: usize = 4_096;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $($(#[$item:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$item])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

words! {
    /// What a timeline puts together.
    Group:
    Addition = "addition",
    Configuration = "configuration",
    Console = "console",
    Deletion = "deletion",
    General = "general",
    ImportExport = "import_export",
    Migration = "migration",
    Network = "network",
    Power = "power",
    Snapshot = "snapshot",
    Status = "status",
    Storage = "storage",
    Update = "update",
}

words! {
    /// How much of it a timeline shows.
    Severity:
    Critical = "critical",
    Warning = "warning",
    Detail = "detail",
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The file it stands in, or whose it is.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    pub types: Vec<Glob>,
    pub group: Group,
    pub severity: Severity,
    /// When to look once more, counted from the last event of an object.
    pub look_again: Vec<Duration>,
    /// Known, stored, and causes nothing.
    pub ignore: bool,
    targets: Vec<TargetAt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TargetAt {
    collection: String,
    at: Place,
}

impl Route {
    /// What an event with this payload is about: each once, in the route's order. Also of an ignored route.
    pub fn targets(&self, payload: &Value) -> Vec<Target> {
        let (mut targets, mut found) = (Vec::new(), Vec::new());
        for TargetAt { collection, at } in &self.targets {
            match at {
                Place::Whole => push(&mut targets, Target::whole(collection)),
                Place::FirstOf(paths) => {
                    for path in paths {
                        path.find(payload, &mut found);
                        if !found.is_empty() {
                            break;
                        }
                    }
                    found.drain(..).for_each(|reference| push(&mut targets, Target::one(collection, reference)));
                }
            }
        }
        targets
    }

    /// Whether it names anything that could be a target.
    pub fn has_targets(&self) -> bool {
        !self.targets.is_empty()
    }
}

fn push(targets: &mut Vec<Target>, target: Target) {
    if !targets.contains(&target) {
        targets.push(target);
    }
}

/// What a type of providers can be asked for.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The type's name.
    pub provider: &'a str,
    /// Collections of which single objects can be asked for.
    pub targetable: &'a [&'a str],
    /// Collections that can be asked for whole.
    pub listable: &'a [&'a str],
}

/// A text with routes, and what to call it in messages.
#[derive(Debug, Clone, Copy)]
pub struct RoutesText<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

/// All routes of one type of providers.
#[derive(Debug)]
pub struct Routes {
    all: Vec<Arc<Route>>,
    /// The first route that names a type without stars.
    literal: HashMap<String, usize>,
    /// Those with stars, in order.
    globs: Vec<(Glob, usize)>,
    remembered: RwLock<HashMap<String, Option<usize>>>,
}

impl Routes {
    /// The texts in the order in which they count. Routes for other types of providers are left out, unread.
    pub fn read(texts: &[RoutesText<'_>], known: Known<'_>) -> Result<Self, RoutesError> {
        let (mut all, mut problems) = (Vec::new(), Vec::new());
        for text in texts {
            read::read(*text, known, &mut all, &mut problems);
        }
        if !problems.is_empty() {
            return Err(RoutesError(problems));
        }
        Ok(Self::of(all))
    }

    /// Those of a type of providers, after the user's if there are any. None: the type has no events.
    pub fn of_type(kind: &dyn ProviderType, users: Option<RoutesText<'_>>) -> Result<Option<Self>, RoutesError> {
        let Some(reader) = kind.event_reader() else { return Ok(None) };
        let (name, listable) = (format!("routes of {}", kind.name()), kind.listable());
        let own = RoutesText { name: &name, text: reader.routes() };
        let texts: Vec<_> = users.into_iter().chain([own]).collect();
        Self::read(&texts, Known { provider: kind.name(), targetable: kind.targetable(), listable: &listable }).map(Some)
    }

    fn of(all: Vec<Route>) -> Self {
        let (mut literal, mut globs) = (HashMap::new(), Vec::new());
        for (at, route) in all.iter().enumerate() {
            for glob in &route.types {
                if glob.is_literal() {
                    literal.entry(glob.as_str().to_owned()).or_insert(at);
                } else {
                    globs.push((glob.clone(), at));
                }
            }
        }
        Self { all: all.into_iter().map(Arc::new).collect(), literal, globs, remembered: RwLock::default() }
    }

    /// In the order in which they count.
    pub fn all(&self) -> &[Arc<Route>] {
        &self.all
    }

    /// The route that events of a type take. None: no route has it.
    pub fn find(&self, kind: &str) -> Option<&Arc<Route>> {
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner).get(kind).copied();
        let at = remembered.unwrap_or_else(|| self.search(kind));
        at.map(|at| &self.all[at])
    }

    fn search(&self, kind: &str) -> Option<usize> {
        let literal = self.literal.get(kind).copied();
        let before = |at: usize| literal.is_none_or(|literal| at < literal);
        let glob = self.globs.iter().take_while(|(_, at)| before(*at)).find(|(glob, _)| glob.matches(kind));
        let found = glob.map(|(_, at)| *at).or(literal);
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(kind.to_owned(), found);
        found
    }
}

#[cfg(test)]
mod tests;
