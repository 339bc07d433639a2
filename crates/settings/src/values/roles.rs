//! What a server may take upon itself.

use super::Value;
use crate::error::did_you_mean;
use crate::plain::Plain;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Runs the refresh workers of providers.
    Refresh,
    /// Catches what happens in providers' systems.
    EventCatcher,
    /// Reads, links and routes events.
    EventHandler,
    /// Runs workers for everything that belongs to no provider's worker.
    Generic,
    /// Sends webhooks and runs commands of rules.
    Actions,
    /// May be the one that asks for what is due.
    Scheduler,
}

impl Role {
    pub const ALL: [Self; 6] =
        [Self::Refresh, Self::EventCatcher, Self::EventHandler, Self::Generic, Self::Actions, Self::Scheduler];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::EventCatcher => "event_catcher",
            Self::EventHandler => "event_handler",
            Self::Generic => "generic",
            Self::Actions => "actions",
            Self::Scheduler => "scheduler",
        }
    }
}

/// In the order of [`Role::ALL`], each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    pub fn all() -> Self {
        Self(Role::ALL.to_vec())
    }

    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|role| role.name()).collect()
    }

    fn of<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut roles = Vec::new();
        for word in words {
            let found = Role::ALL.into_iter().find(|role| role.name() == word);
            roles.push(found.ok_or_else(|| {
                let known: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
                let meant = did_you_mean(word, known.iter().copied()).unwrap_or_default();
                format!("there is no role '{word}'{meant}; there are {}", known.join(", "))
            })?);
        }
        roles.sort_unstable();
        roles.dedup();
        Ok(Self(roles))
    }
}

impl Value for Roles {
    const FORM: &'static str = "a list of refresh, event_catcher, event_handler, generic, actions, scheduler";

    fn read(plain: &Plain) -> Result<Self, String> {
        match plain {
            Plain::List(items) => Self::of(items.iter().map(String::as_str)),
            other => Err(super::wrong(other, "a list: [\"refresh\", \"generic\"]")),
        }
    }

    /// With commas between them.
    fn read_word(word: &str) -> Result<Self, String> {
        Self::of(word.split(',').map(str::trim).filter(|word| !word.is_empty()))
    }

    fn shown(&self) -> Plain {
        Plain::List(self.names().into_iter().map(ToOwned::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_names_every_role() {
        let names = Role::ALL.map(Role::name).join(", ");
        assert_eq!(Roles::FORM, format!("a list of {names}"));
    }
}
