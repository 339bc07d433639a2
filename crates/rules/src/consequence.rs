//! What follows from an event: for each rule whether it applies, and what is to be done then.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::facts::Facts;
use crate::rule::{Action, Refresh, Rule, Webhook, millis};

/// What one rule makes of one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It applies; all its actions, in their order.
    Matched(Vec<Consequence>),
    NotMatched,
    /// Nobody can tell, and why. Nothing is done then, not even the actions that could be.
    Unclear(String),
}

/// Something to be done, with every text filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consequence {
    Refresh(Targets),
    Webhook(Webhook),
    Command {
        arguments: Vec<String>,
        #[serde(with = "millis", rename = "timeout_ms")]
        timeout: Duration,
    },
    Note(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Targets {
    /// Those of the event's route.
    OfEvent,
    /// Collection and ref; none: the whole collection.
    These(Vec<(String, Option<String>)>),
}

impl Rule {
    /// Whether its condition holds; the error says why nobody can tell.
    pub fn applies(&self, facts: &Facts<'_>) -> Result<bool, String> {
        self.condition.holds(facts)
    }

    /// What its actions come to, of an event that it applies to.
    pub fn consequences(&self, facts: &Facts<'_>) -> Result<Vec<Consequence>, String> {
        let of = |action: &Action| action.consequence(facts).map_err(|why| format!("{}: {why}", action.name()));
        self.actions.iter().map(of).collect()
    }

    pub fn evaluate(&self, facts: &Facts<'_>) -> Verdict {
        match self.applies(facts).and_then(|applies| applies.then(|| self.consequences(facts)).transpose()) {
            Ok(Some(consequences)) => Verdict::Matched(consequences),
            Ok(None) => Verdict::NotMatched,
            Err(why) => Verdict::Unclear(why),
        }
    }
}

impl Action {
    fn consequence(&self, facts: &Facts<'_>) -> Result<Consequence, String> {
        Ok(match self {
            Self::Refresh(Refresh::OfEvent) => Consequence::Refresh(Targets::OfEvent),
            Self::Refresh(Refresh::These(targets)) => {
                let named = targets.iter().map(|(collection, by)| {
                    let by = by.as_ref().map(|by| by.render(facts)).transpose()?;
                    // An empty ref would be the whole collection.
                    match by.as_deref() {
                        Some("") => Err(format!("the ref of one of {collection} is empty")),
                        _ => Ok((collection.clone(), by)),
                    }
                });
                Consequence::Refresh(Targets::These(named.collect::<Result<_, _>>()?))
            }
            Self::Webhook(webhook) => Consequence::Webhook(webhook.clone()),
            Self::Command(command) => {
                let mut arguments = vec![command.program.clone()];
                for argument in &command.arguments {
                    let text = argument.render(facts)?;
                    // The system ends a text there.
                    if text.contains('\0') {
                        return Err(format!("'{}' holds a zero byte", argument.text()));
                    }
                    arguments.push(text);
                }
                Consequence::Command { arguments, timeout: command.timeout }
            }
            Self::Note(text) => Consequence::Note(text.render(facts)?),
        })
    }
}
