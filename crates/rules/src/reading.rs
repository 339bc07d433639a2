//! Reading a table of TOML where every mistake is told, with its line.

use std::path::Path;

use stocktake_model::Menu;
use stocktake_settings::{Place, Problem, line_of};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::expression::Mistake;
use crate::words;

/// What the walk knows and gathers.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) path: &'a Path,
    pub(crate) text: &'a str,
    pub(crate) menu: &'a Menu,
    pub(crate) problems: Vec<Problem>,
}

/// A place in the file: the bytes it begins at, and what people call it.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) offset: usize,
    pub(crate) what: String,
}

impl Spot {
    pub(crate) fn inner(&self, offset: usize, key: &str) -> Self {
        Self { offset, what: format!("{}.{key}", self.what) }
    }
}

impl Reading<'_> {
    pub(crate) fn line(&self, offset: usize) -> usize {
        line_of(self.text, offset)
    }

    pub(crate) fn wrong(&mut self, at: &Spot, what: impl Into<String>) {
        let place = Place::in_text(self.path, self.text, at.offset);
        let path = (!at.what.is_empty()).then(|| at.what.clone());
        self.problems.push(Problem { place, path, what: what.into() });
    }

    pub(crate) fn mistakes(&mut self, at: &Spot, mistakes: Vec<Mistake>) {
        for mistake in mistakes {
            self.wrong(at, mistake.to_string());
        }
    }

    /// Tells of every key that is not one of `known`.
    pub(crate) fn only(&mut self, table: &DeTable<'_>, known: &[&str], within: &str) {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let meant = words::meant(name, known.iter().copied());
                let there = if meant.is_empty() { format!("; there are {}", known.join(", ")) } else { String::new() };
                let spot = Spot { offset: key.span().start, what: within.to_owned() };
                self.wrong(&spot, format!("there is no '{name}'{meant}{there}"));
            }
        }
    }

    pub(crate) fn text_of(&mut self, value: &Spanned<DeValue<'_>>, at: &Spot) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            other => {
                self.wrong(at, format!("it is {}; write a text in quotes", kind(other)));
                None
            }
        }
    }

    pub(crate) fn duration(&mut self, value: &Spanned<DeValue<'_>>, at: &Spot) -> Option<std::time::Duration> {
        const LONGEST: std::time::Duration = std::time::Duration::from_mins(10);
        let text = self.text_of(value, at)?;
        match stocktake_settings::parse_duration(&text) {
            Ok(duration) if duration.is_zero() || duration > LONGEST => {
                self.wrong(at, format!("'{text}' is not between 1ms and 10m"));
                None
            }
            Ok(duration) => Some(duration),
            Err(what) => {
                self.wrong(at, what);
                None
            }
        }
    }

    /// A file's name, beside the rules file where it is not absolute.
    pub(crate) fn file(&mut self, value: &Spanned<DeValue<'_>>, at: &Spot) -> Option<std::path::PathBuf> {
        let text = self.text_of(value, at)?;
        if text.trim().is_empty() {
            self.wrong(at, "it is empty; write the name of a file");
            return None;
        }
        Some(self.path.parent().unwrap_or(Path::new("")).join(text))
    }
}

/// The value of a key with its place.
pub(crate) fn entry<'t, 'i>(table: &'t DeTable<'i>, key: &str, within: &Spot) -> Option<(&'t Spanned<DeValue<'i>>, Spot)> {
    let (name, value) = table.iter().find(|(name, _)| name.get_ref() == key)?;
    Some((value, within.inner(name.span().start, key)))
}

pub(crate) const fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
