//! What the compiler and the evaluator of conditions say, in our words.

use cel::{ExecutionError, ParseErrors};
use serde_json::Value;

use crate::expression::Mistake;

pub(crate) fn unknown<'a>(what: &str, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let meant = meant(word, known.clone());
    if meant.is_empty() {
        return format!("there is no {what} '{word}'; there are {}", known.collect::<Vec<_>>().join(", "));
    }
    format!("there is no {what} '{word}'{meant}")
}

/// ` (did you mean 'vm'?)`
pub(crate) fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    stocktake_settings::did_you_mean(word, known).unwrap_or_default()
}

/// Which character of the text a byte belongs to, counted from 1.
pub(crate) fn character(text: &str, offset: usize) -> usize {
    text.char_indices().take_while(|(at, _)| *at < offset).count() + 1
}

pub(crate) fn syntax(text: &str, errors: &ParseErrors) -> Vec<Mistake> {
    // The first one is the cause; what follows is the parser finding its way back.
    let Some(first) = errors.errors.first() else {
        return vec![Mistake { at: 0, what: "it is not CEL".to_owned() }];
    };
    let (line, column) = (usize::try_from(first.pos.0).unwrap_or(0), usize::try_from(first.pos.1).unwrap_or(0));
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(|line| line.chars().count()).sum();
    let at = if line == 0 { 0 } else { before + column.max(1) };
    vec![Mistake { at, what: plain(&first.msg) }]
}

fn plain(message: &str) -> String {
    let message = message.trim();
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    // The whole grammar follows, which helps nobody.
    let message = message.split(" expecting {").next().unwrap_or(message);
    message.replace("'<EOF>'", "the end").replace("<EOF>", "the end")
}

/// Why an evaluation failed.
pub(crate) fn error(error: &ExecutionError) -> String {
    let text = match error {
        ExecutionError::NoSuchKey(key) => format!("there is no '{key}' in it; `has(…)` tells whether there is"),
        ExecutionError::NoSuchOverload(overload) => {
            let types = overload.argument_types().join(" and ").replace("null_type", "null");
            match overload.function().trim_matches(|c| matches!(c, '_' | '@')) {
                "[" | "." | "" | "[_]" => {
                    let of = overload.argument_types().first().map_or("it", String::as_str).replace("null_type", "null");
                    format!("{of} has no fields")
                }
                name => format!("'{name}' does not go with {types}"),
            }
        }
        ExecutionError::UndeclaredReference(name) => format!("there is no function '{name}' for it"),
        other => other.to_string(),
    };
    cut(&text, 300)
}

pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A result as JSON.
pub(crate) fn json(value: &cel::Value) -> Result<Value, String> {
    Ok(match value {
        cel::Value::Null => Value::Null,
        cel::Value::Bool(value) => Value::Bool(*value),
        cel::Value::Int(number) => Value::from(*number),
        cel::Value::UInt(number) => Value::from(*number),
        cel::Value::Float(number) => Value::from(*number),
        cel::Value::String(text) => Value::String(text.as_str().to_owned()),
        cel::Value::List(items) => Value::Array(items.iter().map(json).collect::<Result<_, _>>()?),
        cel::Value::Map(map) => {
            let mut fields = serde_json::Map::new();
            for (key, value) in map.map.iter() {
                fields.insert(key.to_string(), json(value)?);
            }
            Value::Object(fields)
        }
        _ => return Err("it yields what cannot be written down".to_owned()),
    })
}

/// A kind of value, for people.
pub(crate) const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
