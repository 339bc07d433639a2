//! Rules at work: what new events lead to beyond their routes. Notes and asked refreshes become part of the transaction that
//! stores the events, webhooks and commands jobs in it: each happens exactly as often as its event is stored.

mod facts;
mod judging;
mod objects;
mod telling;
mod trying;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use stocktake_events::handle::{Consequences, Extra, NewEvent, Whose};
use stocktake_model::Menu;
use stocktake_provider::BoxFuture;
use stocktake_queue::Queue;
use stocktake_refresh::requests::Ask;
use stocktake_rules::{Consequence, Mentions, Rule, Rules, Targets, Variable};
use stocktake_settings::Settings;
use stocktake_store::{Statement, StoreError, params};

use crate::job::{Job as _, new_job};
use crate::kinds::{RunCommand, SendWebhook};
use crate::named;

pub use facts::Known;
use judging::{Judge, elsewhere};
use telling::Bodies;
pub use trying::{Caused, Tried, jobs_of, try_rules};

/// A rule that cannot be evaluated is told of so often at most: its next event may come in a millisecond.
const TELL_EVERY: Duration = Duration::from_mins(10);

/// For all evaluations of one batch together; hundreds of rules take milliseconds.
const AT_MOST: Duration = Duration::from_secs(10);

/// The rules of an installation, applied to new events.
#[derive(Debug)]
pub struct Ruling {
    queue: Queue,
    rules: Arc<Rules>,
    menu: Arc<Menu>,
    /// By rule: when it was told of last, and how often it was kept quiet since.
    told: Mutex<HashMap<String, (Instant, u64)>>,
}

impl Ruling {
    pub fn new(queue: Queue, rules: Arc<Rules>, menu: Arc<Menu>) -> Self {
        Self { queue, rules, menu, told: Mutex::default() }
    }

    fn unclear(&self, rule: &Rule, event: &NewEvent, why: &str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match told.get_mut(&rule.name) {
            Some((last, quiet)) if now.duration_since(*last) < TELL_EVERY => *quiet += 1,
            known => {
                let quiet = known.map_or(0, |(_, quiet)| *quiet);
                told.insert(rule.name.clone(), (now, 0));
                let (rule, event) = (&rule.name, &event.event.kind);
                tracing::warn!(rule, event, why, quiet, "a rule cannot be evaluated; its event has no consequences");
            }
        }
    }

    async fn extra(&self, whose: &Whose, events: &[NewEvent]) -> Result<Extra, StoreError> {
        let mut extra = Extra::default();
        if self.rules.is_empty() {
            return Ok(extra);
        }
        let store = self.queue.store();
        let mut known = Known::new(whose, events);
        let mut asked = Mentions::default();
        self.rules.iter().for_each(|rule| asked.join(rule.mentions()));
        known.look_up(store, &self.menu, &(0..events.len()).collect::<Vec<_>>(), asked.variables()).await?;
        let judge = Judge { known, rules: Arc::clone(&self.rules), left: AT_MOST };
        let (mut judge, (applied, unclear)) = elsewhere(judge, Judge::applied).await?;
        let rules: Vec<&Rule> = self.rules.iter().collect();
        for ((at, n), why) in unclear {
            self.unclear(rules[n], &events[at], &why);
        }
        // Only now, and only of the events that rules apply to: what is told, as opposed to what is asked.
        for variable in Variable::ALL {
            let telling = |rule: &Rule| rule.tells_everything() || rule.mentions_of_actions().has(variable);
            let mut of: Vec<_> = applied.iter().filter(|(_, n)| telling(rules[*n])).map(|(at, _)| *at).collect();
            of.dedup();
            judge.known.look_up(store, &self.menu, &of, [variable].into_iter()).await?;
        }
        let (judge, answers) = elsewhere(judge, |judge| judge.consequences(applied)).await?;
        let mut bodies = Bodies::new();
        for ((at, n), answer) in answers {
            match answer {
                Ok(consequences) => {
                    for consequence in consequences.into_iter().enumerate() {
                        let body = |cause: &Cause| bodies.of(cause, &judge.known, at);
                        self.add(&mut extra, whose, &events[at], rules[n], consequence, body);
                    }
                }
                Err(why) => self.unclear(rules[n], &events[at], &why),
            }
        }
        Ok(extra)
    }

    fn add(
        &self,
        extra: &mut Extra,
        whose: &Whose,
        event: &NewEvent,
        rule: &Rule,
        (n, consequence): (usize, Consequence),
        body: impl FnOnce(&Cause) -> Value,
    ) {
        let delivery = delivery(whose, &event.key, &rule.name, n);
        let cause = Cause { provider: whose.id, event: event.key.clone(), rule: rule.name.clone(), delivery };
        let job = match consequence {
            Consequence::Refresh(targets) => {
                extra.asks.extend(asks(&targets, event));
                return;
            }
            Consequence::Note(text) => {
                match event.targets.first().filter(|target| !target.is_whole()) {
                    Some(about) => {
                        extra.statements.push(note(whose, event, rule, &about.collection, &about.reference, &text));
                    }
                    None => {
                        self.unclear(rule, event, "note: the event is about no object, so there is nothing to write it to");
                    }
                }
                return;
            }
            Consequence::Webhook(webhook) => new_job(&SendWebhook { webhook, body: body(&cause), cause }),
            Consequence::Command { arguments, timeout } => {
                let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
                new_job(&RunCommand { arguments, timeout_ms, body: body(&cause), cause })
            }
        };
        extra.lanes.push(job.lane.name.clone());
        extra.statements.push(self.queue.statement(&job));
    }
}

impl Consequences for Ruling {
    fn of<'a>(&'a self, whose: &'a Whose, events: &'a [NewEvent]) -> BoxFuture<'a, Result<Extra, StoreError>> {
        Box::pin(self.extra(whose, events))
    }
}

/// Why a job of a rule is there.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    pub provider: stocktake_store::ProviderId,
    /// The event's key.
    pub event: String,
    pub rule: String,
    /// The same however often it is tried, and no other's.
    pub delivery: String,
}

/// The rules that the settings name; none if they name no file. Also for who wants to know before anything happens.
pub fn read(settings: &Settings, menu: &Menu) -> anyhow::Result<Option<Rules>> {
    match settings.events.rules.as_str() {
        "" => Ok(None),
        file => load(Path::new(file), "events.rules of the settings", menu).map(Some),
    }
}

/// Those of a file; `by`: who names it. An error is [`crate::Unreadable`] or [`stocktake_rules::RulesError`].
pub fn load(path: &Path, by: &'static str, menu: &Menu) -> anyhow::Result<Rules> {
    Ok(Rules::parse(path, &named::read(path, by)?, menu)?)
}

/// What a refresh of a rule asks for.
pub fn asks(targets: &Targets, event: &NewEvent) -> Vec<Ask> {
    let of = |collection: &str, reference: Option<&str>| match reference {
        Some(reference) if !reference.is_empty() => Ask::Target(stocktake_model::Target::one(collection, reference)),
        _ => Ask::Collection(collection.to_owned()),
    };
    match targets {
        Targets::OfEvent => event.targets.iter().map(|target| of(&target.collection, Some(&target.reference))).collect(),
        Targets::These(these) => these.iter().map(|(collection, by)| of(collection, by.as_deref())).collect(),
    }
}

/// The kinds of jobs that rules put.
pub const KINDS: [&str; 2] = [SendWebhook::KIND, RunCommand::KIND];

fn note(whose: &Whose, event: &NewEvent, rule: &Rule, collection: &str, reference: &str, text: &str) -> Statement {
    let sql = "insert into notes (provider_id, collection, ref, author, body, event_id) \
               values ($1, $2, $3, $4, $5, (select id from events where provider_id = $1 and key = $6))";
    // Some databases hold no such sign in a text, and it would sink the whole batch.
    let text = text.replace('\0', "\u{FFFD}");
    Statement::new(sql, params![whose.id, collection, reference, format!("rule {}", rule.name), text, &event.key])
}

/// By what it is of, so that a batch that is handled twice makes no second one.
fn delivery(whose: &Whose, key: &str, rule: &str, n: usize) -> String {
    let text = serde_json::to_string(&(whose.id.0, key, rule, n)).unwrap_or_default();
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(text.as_bytes()))
}
