//! The rules file: TOML, read whole, so that all that is wrong is told in one go.

use std::collections::BTreeMap;
use std::path::Path;

use stocktake_model::Menu;
use stocktake_settings::{Problem, listed};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::condition::Condition;
use crate::reading::{Reading, Spot, entry, kind};
use crate::rule::{Action, Rule};

mod actions;

/// Names are in job keys and in lists.
const LONGEST_NAME: usize = 64;

/// All that is wrong.
#[derive(Debug, thiserror::Error)]
#[error("{}", listed(.0, "mistakes in the rules"))]
pub struct RulesError(pub Vec<Problem>);

/// All rules of a file, in its order.
#[derive(Debug, Default)]
pub struct Rules {
    rules: Vec<Rule>,
}

impl Rules {
    /// `path`: whose text it is, for messages and for what stands beside it. The menu says which collections there are, and
    /// which fields their objects have.
    pub fn parse(path: &Path, text: &str, menu: &Menu) -> Result<Self, RulesError> {
        let mut reading = Reading { path, text, menu, problems: Vec::new() };
        let rules = match DeTable::parse(text) {
            Ok(table) => rules(&mut reading, table.get_ref()),
            Err(error) => {
                let at = Spot { offset: error.span().map_or(0, |span| span.start), what: String::new() };
                reading.wrong(&at, format!("not TOML: {}", error.message().trim()));
                Vec::new()
            }
        };
        if reading.problems.is_empty() { Ok(Self { rules }) } else { Err(RulesError(reading.problems)) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    pub fn find(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    pub fn len(&self) -> usize {
        self.rules.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }
}

fn rules(reading: &mut Reading<'_>, table: &DeTable<'_>) -> Vec<Rule> {
    reading.only(table, &["rule"], "");
    let top = Spot { offset: 0, what: String::new() };
    let Some((value, _)) = entry(table, "rule", &top) else { return Vec::new() };
    let at = Spot { offset: value.span().start, what: "rule".to_owned() };
    let DeValue::Array(items) = value.get_ref() else {
        reading.wrong(&at, "rules are written as [[rule]], with two brackets");
        return Vec::new();
    };
    let (mut rules, mut names) = (Vec::new(), BTreeMap::new());
    for item in items {
        let DeValue::Table(table) = item.get_ref() else {
            reading.wrong(&at, "rules are written as [[rule]], with two brackets");
            continue;
        };
        let line = reading.line(item.span().start);
        let name = name(reading, table, item);
        let within = Spot { offset: item.span().start, what: format!("rule '{}'", name.as_deref().unwrap_or("?")) };
        if let Some(name) = &name
            && let Some(first) = names.insert(name.clone(), line)
        {
            reading.wrong(&within, format!("line {first} has a rule of this name already"));
        }
        let rule = rule(reading, table, &within);
        if let (Some(name), Some((condition, actions))) = (name, rule) {
            rules.push(Rule { name, line, condition, actions });
        }
    }
    rules
}

fn name(reading: &mut Reading<'_>, table: &DeTable<'_>, item: &Spanned<DeValue<'_>>) -> Option<String> {
    let within = Spot { offset: item.span().start, what: "rule".to_owned() };
    let Some((value, at)) = entry(table, "name", &within) else {
        reading.wrong(&within, "it has no name; write name = \"…\"");
        return None;
    };
    let name = reading.text_of(value, &at)?;
    let sound = !name.trim().is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    if !sound {
        reading.wrong(&at, format!("a name is one line of 1 to {LONGEST_NAME} characters"));
    }
    sound.then_some(name)
}

fn rule(reading: &mut Reading<'_>, table: &DeTable<'_>, within: &Spot) -> Option<(Condition, Vec<Action>)> {
    reading.only(table, &["name", "when", "refresh", "webhook", "command", "note"], &within.what);
    let condition = match entry(table, "when", within) {
        None => {
            reading.wrong(within, "it has no condition; write when = '…', or when = 'true' for every event");
            None
        }
        Some((value, at)) => reading.text_of(value, &at).and_then(|text| match Condition::compile(&text, reading.menu) {
            Ok(condition) => Some(condition),
            Err(mistakes) => {
                reading.mistakes(&at, mistakes);
                None
            }
        }),
    };
    let before = reading.problems.len();
    let mut found = Vec::new();
    for (key, value) in table {
        let at = within.inner(key.span().start, key.get_ref());
        found.extend(match &**key.get_ref() {
            "refresh" => actions::refresh(reading, value, &at),
            "webhook" => actions::webhook(reading, value, &at),
            "command" => actions::command(reading, value, &at),
            "note" => actions::note(reading, value, &at),
            _ => None,
        });
    }
    // In one order, however the file has them.
    found.sort_by_key(|action| ["refresh", "note", "webhook", "command"].iter().position(|name| *name == action.name()));
    if found.is_empty() && reading.problems.len() == before {
        reading.wrong(within, "it does nothing; write refresh, webhook, command or note");
    }
    condition.map(|condition| (condition, found))
}

/// For messages about a value of the wrong kind.
fn not_a(value: &DeValue<'_>, wanted: &str) -> String {
    format!("it is {}; write {wanted}", kind(value))
}
