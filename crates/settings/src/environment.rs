//! Settings in variables: `STOCKTAKE__SECTION__KEY`, and the short names of the few that are said most or that
//! other programs know, too.

use crate::error::{Place, Problem};
use crate::load::Said;
use crate::section::Raw;

const PREFIX: &str = "STOCKTAKE__";

/// Short names; where both are set, the long one counts.
pub(crate) const SHORT: [(&str, &str, &str); 6] = [
    ("STOCKTAKE_DATABASE", "database", "url"),
    ("STOCKTAKE_KEY_FILE", "database", "key_file"),
    ("STOCKTAKE_LOG", "log", "filter"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces", "endpoint"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "traces", "headers"),
    ("OTEL_SERVICE_NAME", "traces", "service"),
];

pub(crate) fn said(environment: &[(String, String)]) -> (Vec<Said>, Vec<Problem>) {
    let (mut said, mut problems) = (Vec::new(), Vec::new());
    let value_of = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    for (variable, section, key) in SHORT {
        // One that is empty is one that was taken back.
        if let Some(value) = value_of(variable).filter(|value| !value.is_empty()) {
            said.push(one(variable, section, key, value));
        }
    }
    for (variable, value) in environment {
        let Some(rest) = variable.strip_prefix(PREFIX) else { continue };
        let rest = rest.to_ascii_lowercase();
        match rest.split_once("__") {
            Some((section, key)) => said.push(one(variable, section, key, value)),
            None => problems.push(Problem {
                place: Place::Environment { variable: variable.clone() },
                path: None,
                what: format!("no setting is named so; write {PREFIX}SECTION__KEY"),
            }),
        }
    }
    (said, problems)
}

fn one(variable: &str, section: &str, key: &str, value: &str) -> Said {
    Said {
        section: section.to_owned(),
        key: Some(key.to_owned()),
        place: Place::Environment { variable: variable.to_owned() },
        raw: Raw::Word(value.to_owned()),
    }
}
