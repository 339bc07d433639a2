//! What a rule can do, read from its table.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::not_a;
use crate::reading::{Reading, Spot, entry};
use crate::rule::{Action, Command, HeaderValue, Refresh, Webhook, WebhookAddress};
use crate::template::Template;
use crate::words;

/// What a receiver that answers at all answers within.
const WEBHOOK: Duration = Duration::from_secs(10);
/// A program may do something; a generic worker waits for it.
const COMMAND: Duration = Duration::from_secs(30);

/// Headers whose values are secrets: the file with the rules is no place for them.
const SECRET: &[&str] = &["authorization", "proxy-authorization", "cookie", "x-api-key", "x-auth-token", "api-key"];
/// Headers that we set.
const OURS: &[&str] = &["content-type", "content-length", "host", "user-agent", "transfer-encoding", "connection"];
pub(crate) const PREFIX: &str = "stocktake-";

const FORM_OF_TARGETS: &str = "true, or a list of { collection = \"…\", ref = \"…\" }";

type Written<'i> = Spanned<DeValue<'i>>;

pub(super) fn refresh(reading: &mut Reading<'_>, value: &Written<'_>, at: &Spot) -> Option<Action> {
    let items = match value.get_ref() {
        DeValue::Boolean(true) => return Some(Action::Refresh(Refresh::OfEvent)),
        DeValue::Boolean(false) => {
            reading.wrong(at, "'false' is what is done without it; leave it out");
            return None;
        }
        DeValue::Array(items) if !items.is_empty() => items,
        other => {
            reading.wrong(at, not_a(other, FORM_OF_TARGETS));
            return None;
        }
    };
    let targets: Vec<_> = items.iter().map(|item| target(reading, item, at)).collect();
    targets.into_iter().collect::<Option<Vec<_>>>().map(|targets| Action::Refresh(Refresh::These(targets)))
}

fn target(reading: &mut Reading<'_>, item: &Written<'_>, at: &Spot) -> Option<(String, Option<Template>)> {
    let spot = Spot { offset: item.span().start, what: at.what.clone() };
    let DeValue::Table(table) = item.get_ref() else {
        reading.wrong(&spot, not_a(item.get_ref(), FORM_OF_TARGETS));
        return None;
    };
    reading.only(table, &["collection", "ref"], &at.what);
    let Some((value, at)) = entry(table, "collection", &spot) else {
        reading.wrong(&spot, "a target has no collection");
        return None;
    };
    let collection = reading.text_of(value, &at)?;
    if reading.menu.ix(&collection).is_none() {
        let known = reading.menu.iter().map(|(_, c)| c.name);
        let what = format!("there is no collection '{collection}'{}", words::meant(&collection, known));
        reading.wrong(&at, what);
        return None;
    }
    let Some((value, at)) = entry(table, "ref", &spot) else {
        reading.wrong(&spot, "a target has no ref; write \"*\" for the whole collection");
        return None;
    };
    match reading.text_of(value, &at)?.as_str() {
        "*" => Some((collection, None)),
        text => template(reading, text, &at).map(|by| (collection, Some(by))),
    }
}

pub(super) fn note(reading: &mut Reading<'_>, value: &Written<'_>, at: &Spot) -> Option<Action> {
    let text = reading.text_of(value, at)?;
    if text.trim().is_empty() {
        reading.wrong(at, "it is empty");
        return None;
    }
    template(reading, &text, at).map(Action::Note)
}

pub(super) fn command(reading: &mut Reading<'_>, value: &Written<'_>, at: &Spot) -> Option<Action> {
    const FORM: &str = "a list [\"program\", \"argument\", …], or { run = [\"program\", …], timeout = \"30s\" }";
    let mut timeout = Some(COMMAND);
    let (items, at) = match value.get_ref() {
        DeValue::Array(items) => (items, at.clone()),
        DeValue::Table(table) => {
            reading.only(table, &["run", "timeout"], &at.what);
            if let Some((value, at)) = entry(table, "timeout", at) {
                timeout = reading.duration(value, &at);
            }
            match entry(table, "run", at) {
                Some((value, at)) if value.get_ref().is_array() => (value.get_ref().as_array()?, at),
                _ => {
                    reading.wrong(at, format!("it says no program; write {FORM}"));
                    return None;
                }
            }
        }
        other => {
            reading.wrong(at, not_a(other, FORM));
            return None;
        }
    };
    let words: Vec<_> = items.iter().map(|item| reading.text_of(item, &at)).collect();
    let words = words.into_iter().collect::<Option<Vec<_>>>()?;
    let Some((program, arguments)) = words.split_first().filter(|(program, _)| !program.trim().is_empty()) else {
        reading.wrong(&at, format!("it says no program; write {FORM}"));
        return None;
    };
    // What runs is for the administrator to say, not for an event.
    if program.contains("${") {
        reading.wrong(&at, "the program itself holds no ${…}, only its arguments do");
        return None;
    }
    let arguments: Vec<_> = arguments.iter().map(|text| template(reading, text, &at)).collect();
    let arguments = arguments.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Action::Command(Command { program: program.clone(), arguments, timeout: timeout? }))
}

pub(super) fn webhook(reading: &mut Reading<'_>, value: &Written<'_>, at: &Spot) -> Option<Action> {
    let DeValue::Table(table) = value.get_ref() else {
        reading.wrong(at, not_a(value.get_ref(), "{ url = \"https://…\", secret_file = \"…\" }"));
        return None;
    };
    reading.only(table, &["url", "url_file", "secret_file", "unsigned", "timeout", "headers"], &at.what);
    let address = address(reading, table, at);
    let secret_file = match (entry(table, "secret_file", at), entry(table, "unsigned", at)) {
        (Some((value, at)), None) => reading.file(value, &at).map(Some),
        (None, Some((value, _))) if value.get_ref().as_bool() == Some(true) => Some(None),
        (None, None) => {
            reading
                .wrong(at, "nothing signs it; write secret_file = \"…\", or unsigned = true if its receiver checks nothing");
            None
        }
        (Some(_), Some((_, at))) => {
            reading.wrong(&at, "it is signed by secret_file; leave one of them out");
            None
        }
        (None, Some((value, at))) => {
            reading.wrong(&at, not_a(value.get_ref(), "true, or leave it out"));
            None
        }
    };
    let timeout = match entry(table, "timeout", at) {
        Some((value, at)) => reading.duration(value, &at),
        None => Some(WEBHOOK),
    };
    let headers = match entry(table, "headers", at) {
        Some((value, at)) => headers(reading, value, &at),
        None => Some(BTreeMap::new()),
    };
    Some(Action::Webhook(Webhook { address: address?, secret_file: secret_file?, timeout: timeout?, headers: headers? }))
}

fn address(reading: &mut Reading<'_>, table: &DeTable<'_>, at: &Spot) -> Option<WebhookAddress> {
    match (entry(table, "url", at), entry(table, "url_file", at)) {
        (Some((value, at)), None) => {
            let text = reading.text_of(value, &at)?;
            let wrong = match url::Url::parse(&text) {
                Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                    Some("it begins with neither https:// nor http://".to_owned())
                }
                Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                    Some("it holds a user; write a header that is read from a file, or url_file".to_owned())
                }
                Ok(_) => None,
                Err(error) => Some(format!("it is no address: {error}")),
            };
            if let Some(wrong) = wrong {
                reading.wrong(&at, wrong);
                return None;
            }
            Some(WebhookAddress::Url(text))
        }
        (None, Some((value, at))) => reading.file(value, &at).map(WebhookAddress::File),
        _ => {
            reading.wrong(at, "write url = \"https://…\", or url_file = \"…\" for an address that is a secret");
            None
        }
    }
}

fn headers(reading: &mut Reading<'_>, value: &Written<'_>, at: &Spot) -> Option<BTreeMap<String, HeaderValue>> {
    let DeValue::Table(table) = value.get_ref() else {
        reading.wrong(at, not_a(value.get_ref(), "{ Name = \"value\", Other = { file = \"…\" } }"));
        return None;
    };
    let mut headers = BTreeMap::new();
    for (name, value) in table {
        let at = at.inner(name.span().start, name.get_ref());
        let lower = name.get_ref().to_ascii_lowercase();
        if lower.is_empty() || !lower.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            reading.wrong(&at, "a header's name has letters, digits and dashes");
        } else if OURS.contains(&lower.as_str()) || lower.starts_with(PREFIX) {
            reading.wrong(&at, "this header is set by stocktake itself");
        } else if let DeValue::Table(table) = value.get_ref() {
            reading.only(table, &["file"], &at.what);
            match entry(table, "file", &at) {
                Some((value, at)) => {
                    headers.extend(reading.file(value, &at).map(|file| (lower, HeaderValue::File(file))));
                }
                None => reading.wrong(&at, "write a text, or { file = \"…\" }"),
            }
        } else if SECRET.contains(&lower.as_str()) {
            reading.wrong(&at, "its value is a secret; write it into a file of its own: { file = \"…\" }");
        } else if let Some(text) = reading.text_of(value, &at) {
            if text.bytes().any(|b| b < b' ' && b != b'\t' || b == 0x7f) {
                reading.wrong(&at, "a header's value is one line");
            } else {
                headers.insert(lower, HeaderValue::Text(text));
            }
        }
    }
    Some(headers)
}

fn template(reading: &mut Reading<'_>, text: &str, at: &Spot) -> Option<Template> {
    match Template::compile(text, reading.menu) {
        Ok(template) => Some(template),
        Err(mistakes) => {
            reading.mistakes(at, mistakes);
            None
        }
    }
}
