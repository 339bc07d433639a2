//! Routes from TOML, checked against what the type of providers can be asked for. Every mistake is told with its line, and
//! what was probably meant.

use std::time::Duration;

use stocktake_settings::{Place, Problem, line_of, parse_duration};
use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::path::Place as RefPlace;
use super::{Glob, Group, Known, Route, RoutesText, Severity, TargetAt};

const KEYS: &[&str] = &["types", "group", "severity", "targets", "look_again", "ignore", "provider"];

/// Sooner it would be the refresh that is asked for anyway; later, a schedule's business.
const LOOK_AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_hours(1));

/// Adds a text's routes to those that go before it, and its mistakes.
pub(super) fn read(text: RoutesText<'_>, known: Known<'_>, routes: &mut Vec<Route>, problems: &mut Vec<Problem>) {
    let mut page = Page { text, known, problems };
    let table = match DeTable::parse(text.text) {
        Ok(table) => table,
        Err(error) => {
            return page.wrong(error.span().map_or(0, |span| span.start), format!("not TOML: {}", error.message().trim()));
        }
    };
    let first = routes.len();
    for (key, value) in table.get_ref() {
        if key.get_ref() != "route" {
            page.wrong(key.span().start, "only routes stand here; write [[route]] above each".to_owned());
            continue;
        }
        let DeValue::Array(tables) = value.get_ref() else {
            page.wrong(value.span().start, "a route is begun by [[route]], in double brackets".to_owned());
            continue;
        };
        for table in tables {
            match table.get_ref() {
                DeValue::Table(keys) => {
                    if let Some(route) = page.route(table.span().start, keys) {
                        page.hidden(&routes[first..], &route);
                        routes.push(route);
                    }
                }
                _ => page.wrong(table.span().start, "a route is begun by [[route]]".to_owned()),
            }
        }
    }
}

struct Page<'a> {
    text: RoutesText<'a>,
    known: Known<'a>,
    problems: &'a mut Vec<Problem>,
}

type Keys<'t> = DeTable<'t>;
type Item<'t> = Spanned<DeValue<'t>>;

impl Page<'_> {
    fn wrong(&mut self, at: usize, what: String) {
        self.problems.push(Problem { place: Place::in_text(self.text.name, self.text.text, at), path: None, what });
    }

    fn line(&self, at: usize) -> usize {
        line_of(self.text.text, at)
    }

    /// None: it is another provider's, or nothing can be made of it.
    fn route(&mut self, start: usize, keys: &Keys<'_>) -> Option<Route> {
        let get = |name: &str| keys.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value);
        if let Some(provider) = get("provider") {
            let Some(name) = provider.get_ref().as_str() else {
                self.wrong(provider.span().start, "provider: write a type of providers, as text".to_owned());
                return None;
            };
            if name != self.known.provider {
                return None;
            }
        }
        self.unknown_keys(keys);
        let Some(types) = get("types") else {
            self.wrong(start, "a route needs types: which events take it".to_owned());
            return None;
        };
        Some(Route {
            file: self.text.name.to_owned(),
            line: self.line(start),
            types: self.types(types),
            group: get("group").and_then(|v| self.word(v, "group", Group::parse, Group::ALL)).unwrap_or(Group::General),
            severity: get("severity")
                .and_then(|v| self.word(v, "severity", Severity::parse, Severity::ALL))
                .unwrap_or(Severity::Detail),
            look_again: get("look_again").map(|v| self.look_again(v)).unwrap_or_default(),
            ignore: get("ignore").is_some_and(|v| self.yes(v)),
            targets: get("targets").map(|v| self.targets(v)).unwrap_or_default(),
        })
    }

    fn unknown_keys(&mut self, keys: &Keys<'_>) {
        for (key, _) in keys {
            let word: &str = key.get_ref();
            if !KEYS.contains(&word) {
                let meant = did_you_mean(word, KEYS);
                self.wrong(key.span().start, format!("a route has no '{word}'{meant}; it has {}", KEYS.join(", ")));
            }
        }
    }

    fn types(&mut self, value: &Item<'_>) -> Vec<Glob> {
        let types: Vec<_> = self.texts(value, "types").into_iter().map(|(_, text)| Glob::new(&text)).collect();
        if types.is_empty() || types.iter().any(|glob| glob.as_str().is_empty()) {
            self.wrong(value.span().start, "types: name at least one, and none that is empty".to_owned());
        }
        types
    }

    /// A type that an earlier route of the same text takes never comes here: a mistake nobody would find otherwise.
    fn hidden(&mut self, earlier: &[Route], route: &Route) {
        for glob in &route.types {
            let takes = |other: &Glob| other == glob || glob.is_literal() && other.matches(glob.as_str());
            if let Some(before) = earlier.iter().find(|before| before.types.iter().any(takes)) {
                let what = format!("{glob} never comes here: the route in line {} takes it", before.line);
                let place = Place::File { path: route.file.clone().into(), line: route.line };
                self.problems.push(Problem { place, path: None, what });
            }
        }
    }

    fn word<T: Copy + std::fmt::Display>(
        &mut self,
        value: &Item<'_>,
        key: &str,
        parse: fn(&str) -> Option<T>,
        all: &[T],
    ) -> Option<T> {
        let names: Vec<_> = all.iter().map(ToString::to_string).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let word = value.get_ref().as_str();
        let found = word.and_then(parse);
        if found.is_none() {
            let what = match word {
                Some(word) => {
                    format!("there is no {key} '{word}'{}; {key} is one of {}", did_you_mean(word, &names), names.join(", "))
                }
                None => format!("{key} is one of {}, as text", names.join(", ")),
            };
            self.wrong(value.span().start, what);
        }
        found
    }

    fn look_again(&mut self, value: &Item<'_>) -> Vec<Duration> {
        let mut waits = Vec::new();
        for (at, text) in self.texts(value, "look_again") {
            match parse_duration(&text) {
                Ok(wait) if (LOOK_AGAIN.0..=LOOK_AGAIN.1).contains(&wait) => waits.push(wait),
                Ok(_) => self.wrong(at, format!("look_again: {text} is not between 100ms and 1h")),
                Err(why) => self.wrong(at, format!("look_again: {why}")),
            }
        }
        waits
    }

    fn yes(&mut self, value: &Item<'_>) -> bool {
        let DeValue::Boolean(yes) = value.get_ref() else {
            self.wrong(value.span().start, "ignore is true or false".to_owned());
            return false;
        };
        *yes
    }

    fn targets(&mut self, value: &Item<'_>) -> Vec<TargetAt> {
        let items = self.list(value, "targets", "{ collection = \"vms\", ref = \"id\" }");
        items.into_iter().flatten().filter_map(|item| self.target(item)).collect()
    }

    fn target(&mut self, item: &Item<'_>) -> Option<TargetAt> {
        let start = item.span().start;
        let DeValue::Table(keys) = item.get_ref() else {
            self.wrong(start, "a target is written { collection = \"vms\", ref = \"id\" }".to_owned());
            return None;
        };
        let (mut collection, mut at) = (None, None);
        for (key, value) in keys {
            let (word, text): (&str, _) = (key.get_ref(), value.get_ref().as_str());
            match (word, text) {
                ("collection", Some(text)) => collection = Some(text.to_owned()),
                ("ref", Some(text)) => match RefPlace::parse(text) {
                    Ok(place) => at = Some(place),
                    Err(why) => {
                        self.wrong(value.span().start, why);
                        return None;
                    }
                },
                ("collection" | "ref", None) => self.wrong(value.span().start, format!("{word} is a text")),
                _ => self.unknown_in_target(key, word),
            }
        }
        let (Some(collection), Some(at)) = (collection, at) else {
            self.wrong(start, "a target needs collection and ref".to_owned());
            return None;
        };
        self.check(start, &collection, &at);
        Some(TargetAt { collection, at })
    }

    fn unknown_in_target(&mut self, key: &Spanned<DeString<'_>>, word: &str) {
        let meant = did_you_mean(word, &["collection", "ref"]);
        self.wrong(key.span().start, format!("a target has no '{word}'{meant}; it has collection and ref"));
    }

    fn check(&mut self, start: usize, collection: &str, at: &RefPlace) {
        let (of, how) = match at {
            RefPlace::Whole => (self.known.listable, "asked for whole"),
            RefPlace::FirstOf(_) => (self.known.targetable, "asked for one by one"),
        };
        if of.contains(&collection) {
            return;
        }
        let other = if matches!(at, RefPlace::Whole) { self.known.targetable } else { self.known.listable };
        let why = if other.contains(&collection) {
            let instead = if matches!(at, RefPlace::Whole) { "name where its ref stands" } else { "write ref = \"*\"" };
            format!("{collection} of {} cannot be {how}; {instead}", self.known.provider)
        } else {
            let (provider, meant) = (self.known.provider, did_you_mean(collection, of));
            format!("{provider} has no collection '{collection}' that can be {how}{meant}; there are {}", of.join(", "))
        };
        self.wrong(start, why);
    }

    fn list<'v, 't>(&mut self, value: &'v Item<'t>, key: &str, example: &str) -> Option<&'v DeArray<'t>> {
        if let DeValue::Array(items) = value.get_ref() {
            return Some(items);
        }
        self.wrong(value.span().start, format!("{key} is a list: [{example}]"));
        None
    }

    /// With their places.
    fn texts(&mut self, value: &Item<'_>, key: &str) -> Vec<(usize, String)> {
        let mut texts = Vec::new();
        for item in self.list(value, key, "\"…\"").into_iter().flatten() {
            match item.get_ref().as_str() {
                Some(text) => texts.push((item.span().start, text.to_owned())),
                None => self.wrong(item.span().start, format!("{key} is a list of texts")),
            }
        }
        texts
    }
}

fn did_you_mean(word: &str, known: &[&str]) -> String {
    stocktake_settings::did_you_mean(word, known.iter().copied()).unwrap_or_default()
}
