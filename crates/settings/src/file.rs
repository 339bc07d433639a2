//! The settings file: TOML, taken apart into values that know their line.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use crate::error::{Place, Problem};
use crate::load::Said;
use crate::plain::Plain;
use crate::section::Raw;

/// What the text says, and what in it cannot be a setting.
pub(crate) fn said(path: &Path, text: &str) -> (Vec<Said>, Vec<Problem>) {
    let place = |offset: usize| Place::in_text(path, text, offset);
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let place = place(error.span().map_or(0, |span| span.start));
            return (Vec::new(), vec![Problem { place, path: None, what: format!("not TOML: {}", error.message().trim()) }]);
        }
    };
    let (mut said, mut problems) = (Vec::new(), Vec::new());
    for (section, value) in table.get_ref() {
        let name = section.get_ref().to_string();
        let DeValue::Table(keys) = value.get_ref() else {
            let what = "settings stand in sections; write [section] above it".to_owned();
            problems.push(Problem { place: place(section.span().start), path: Some(name), what });
            continue;
        };
        if keys.is_empty() {
            // Said all the same: a section nobody knows must not pass for being empty.
            said.push(Said {
                section: name.clone(),
                key: None,
                place: place(section.span().start),
                raw: Raw::Word(String::new()),
            });
        }
        for (key, value) in keys {
            let (key, place) = (key.get_ref().to_string(), place(key.span().start));
            match plain(value.get_ref()) {
                Ok(plain) => {
                    said.push(Said { section: name.clone(), key: Some(key), place, raw: Raw::Typed(plain) });
                }
                Err(what) => problems.push(Problem { place, path: Some(format!("{name}.{key}")), what }),
            }
        }
    }
    (said, problems)
}

fn plain(value: &DeValue<'_>) -> Result<Plain, String> {
    match value {
        DeValue::String(text) => Ok(Plain::Text(text.to_string())),
        DeValue::Boolean(value) => Ok(Plain::Bool(*value)),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            parsed.map(Plain::Integer).map_err(|_| format!("{} is too large a number", number.as_str()))
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse();
            parsed.map(Plain::Float).map_err(|_| format!("{} is not a number", number.as_str()))
        }
        DeValue::Array(items) => {
            let text = |item: &DeValue<'_>| item.as_str().map(ToOwned::to_owned);
            let items: Option<Vec<_>> = items.iter().map(|item| text(item.get_ref())).collect();
            items.map(Plain::List).ok_or_else(|| "a list of anything but text is no setting's value".to_owned())
        }
        DeValue::Table(_) => Err("a section within a section is no setting".to_owned()),
        DeValue::Datetime(_) => Err("a date is no setting's value".to_owned()),
    }
}
