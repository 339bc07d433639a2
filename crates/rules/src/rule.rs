//! A rule as it was read: a name, a condition, what is done.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::condition::Condition;
use crate::mentions::Mentions;
use crate::template::Template;

#[derive(Debug)]
pub struct Rule {
    pub name: String,
    /// Where it begins in its file.
    pub line: usize,
    pub condition: Condition,
    pub actions: Vec<Action>,
}

#[derive(Debug)]
pub enum Action {
    Refresh(Refresh),
    Webhook(Webhook),
    Command(Command),
    /// Written down about the object of the event.
    Note(Template),
}

#[derive(Debug)]
pub enum Refresh {
    /// What the event's route says.
    OfEvent,
    /// Collections with what names the object; none: the whole collection.
    These(Vec<(String, Option<Template>)>),
}

/// Whom to tell. Holds no secret, only the names of files that do: it is kept in jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    pub address: WebhookAddress,
    /// The key that signs. None: unsigned, because the rule says so.
    pub secret_file: Option<PathBuf>,
    #[serde(with = "millis")]
    pub timeout: Duration,
    #[serde(default)]
    pub headers: BTreeMap<String, HeaderValue>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookAddress {
    Url(String),
    /// A file that holds it: some addresses are secrets themselves.
    File(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeaderValue {
    Text(String),
    File(PathBuf),
}

/// A program and its arguments; no shell reads them.
#[derive(Debug)]
pub struct Command {
    pub program: String,
    pub arguments: Vec<Template>,
    pub timeout: Duration,
}

impl Action {
    /// As it is written in a rules file.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Refresh(_) => "refresh",
            Self::Webhook(_) => "webhook",
            Self::Command(_) => "command",
            Self::Note(_) => "note",
        }
    }

    /// Whether it hands on all that is known of the event.
    const fn tells_everything(&self) -> bool {
        matches!(self, Self::Webhook(_) | Self::Command(_))
    }

    fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Refresh(Refresh::OfEvent) | Self::Webhook(_) => Vec::new(),
            Self::Refresh(Refresh::These(targets)) => targets.iter().filter_map(|(_, by)| by.as_ref()).collect(),
            Self::Command(command) => command.arguments.iter().collect(),
            Self::Note(text) => vec![text],
        }
    }
}

impl Rule {
    /// What its condition needs to know.
    pub fn mentions(&self) -> &Mentions {
        self.condition.mentions()
    }

    /// What its texts need to know once it applies.
    pub fn mentions_of_actions(&self) -> Mentions {
        let mut all = Mentions::default();
        for template in self.actions.iter().flat_map(Action::templates) {
            all.join(template.mentions());
        }
        all
    }

    /// Whether it hands on everything known of the event once it applies, objects included.
    pub fn tells_everything(&self) -> bool {
        self.actions.iter().any(Action::tells_everything)
    }
}

/// Durations in what is kept: whole milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
