//! Rules: when something happens and a condition holds, something is done. The file they are written in, their conditions,
//! and what follows from one event, as values.
//!
//! Pure: knows no database, no queue, no provider and no clock. Who evaluates hands in what is known of an event as JSON
//! ([`Facts`]) and is handed back what is to be done ([`Consequence`]); which facts a rule can use is known when its file is
//! read ([`Mentions`]), so that nothing is looked up in vain. Conditions are CEL, compiled once, by a kept crate.

mod condition;
mod consequence;
mod explain;
mod expression;
mod facts;
mod file;
mod limits;
mod mentions;
mod reading;
mod rule;
mod template;
mod words;

pub use condition::Condition;
pub use consequence::{Consequence, Targets, Verdict};
pub use explain::{Explained, Term};
pub use facts::{Facts, Variable};
pub use file::{Rules, RulesError};
pub use mentions::Mentions;
pub use rule::{Action, Command, HeaderValue, Refresh, Rule, Webhook, WebhookAddress};
pub use template::Template;
