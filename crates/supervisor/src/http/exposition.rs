//! Prometheus' text format, version 0.0.4. Written by hand: every number comes ready from the database, so that there is no
//! registry to keep, and what is left of the format are these lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// What a metric's numbers may do.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Only grow, or begin anew.
    Counter,
    Gauge,
}

/// Adds a metric with its samples; without any it is left out. A label that is empty is none, and samples of the same labels
/// are added up: two servers of one name must not make the whole page invalid.
pub(super) fn add<'a>(
    page: &mut String,
    name: &str,
    kind: Kind,
    help: &str,
    samples: impl IntoIterator<Item = (Labels<'a>, f64)>,
) {
    let mut sums: BTreeMap<Labels, f64> = BTreeMap::new();
    for (mut labels, value) in samples {
        labels.retain(|(_, value)| !value.is_empty());
        *sums.entry(labels).or_default() += value;
    }
    if sums.is_empty() {
        return;
    }
    let kind = match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    let _ = writeln!(page, "# HELP {name} {}\n# TYPE {name} {kind}", escaped(help, false));
    for (labels, value) in sums {
        page.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let open = if at == 0 { '{' } else { ',' };
            let _ = write!(page, "{open}{label}=\"{}\"", escaped(text, true));
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(page, "{close} {value}");
    }
}

fn escaped(text: &str, label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if label { text.replace('"', "\\\"") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strange_names_stay_one_line_and_equals_are_added_up() {
        let mut page = String::new();
        let name = "a \"b\"\\\nc";
        let samples = [(vec![("name", name), ("zone", "")], 1.5), (vec![("name", name)], 2.0), (vec![], 1e18)];
        add(&mut page, "things", Kind::Gauge, "Things\nof a kind.", samples);
        add(&mut page, "nothing", Kind::Counter, "None.", []);
        let expected = "# HELP things Things\\nof a kind.\n# TYPE things gauge\nthings 1000000000000000000\n\
                        things{name=\"a \\\"b\\\"\\\\\\nc\"} 3.5\n";
        assert_eq!(page, expected);
    }
}
