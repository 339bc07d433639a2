//! Where in a payload a ref stands: `instance_id|uuid`, `port.device_id`, `volume_attachment[].server_id`.

use serde_json::Value;

/// Where the refs of a route's target are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The whole collection, whatever the payload says.
    Whole,
    /// The first of these that leads anywhere.
    FirstOf(Vec<Path>),
}

/// Names of members, outermost first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    name: String,
    /// The member is a list, each item of which is followed.
    each: bool,
}

impl Place {
    /// The error says what is wrong with the text.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "*" {
            return Ok(Self::Whole);
        }
        text.split('|').map(|path| Path::parse(path.trim())).collect::<Result<_, _>>().map(Self::FirstOf)
    }
}

impl Path {
    fn parse(text: &str) -> Result<Self, String> {
        let step = |word: &str| {
            let (name, each) = word.strip_suffix("[]").map_or((word, false), |name| (name, true));
            let sound = !name.is_empty() && !name.contains(['[', ']', '*', '|']) && !name.contains(char::is_whitespace);
            sound.then(|| Step { name: name.to_owned(), each })
        };
        let steps: Option<Vec<_>> = text.split('.').map(step).collect();
        steps.map(Self).ok_or_else(|| {
            format!("'{text}' is no path into a payload; write name, a.b, list[].id, alternatives as a|b, or * for the whole collection")
        })
    }

    /// Adds what stands there. Whatever is no ref (null, an empty text, an object) is passed over.
    pub(super) fn find(&self, payload: &Value, found: &mut Vec<String>) {
        follow(payload, &self.0, found);
    }
}

fn follow(value: &Value, steps: &[Step], found: &mut Vec<String>) {
    let Some((step, rest)) = steps.split_first() else {
        match value {
            Value::String(text) if !text.is_empty() => found.push(text.clone()),
            Value::Number(number) if !number.is_f64() => found.push(number.to_string()),
            _ => {}
        }
        return;
    };
    match value.get(&step.name) {
        Some(Value::Array(items)) if step.each => items.iter().for_each(|item| follow(item, rest, found)),
        Some(member) if !step.each => follow(member, rest, found),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(path: &str) -> Vec<String> {
        let payload = json!({
            "id": "a", "none": null, "empty": "", "n": 7, "half": 1.5, "o": {"router:id": "r", "list": [1, 2]},
            "list": [{"id": "x"}, {"id": null}, {"id": "y", "of": [{"id": "z"}]}], "ids": ["p", "", "q"],
        });
        let Place::FirstOf(paths) = Place::parse(path).expect(path) else { return vec!["*".to_owned()] };
        let mut found = Vec::new();
        for path in paths {
            path.find(&payload, &mut found);
            if !found.is_empty() {
                break;
            }
        }
        found
    }

    #[test]
    fn refs_are_found_where_a_path_leads() {
        assert_eq!(found("id"), ["a"]);
        assert_eq!(found("n"), ["7"]);
        assert_eq!(found("o.router:id"), ["r"]);
        assert_eq!(found("list[].id"), ["x", "y"]);
        assert_eq!(found("list[].of[].id"), ["z"]);
        assert_eq!(found("ids[]"), ["p", "q"]);
        assert_eq!(found("o.list[]"), ["1", "2"]);
        assert_eq!(found("*"), ["*"]);
        for nothing in ["none", "empty", "half", "o", "list", "list.id", "id[]", "unknown.id", "id.id"] {
            assert_eq!(found(nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn the_first_alternative_that_leads_anywhere_counts() {
        assert_eq!(found("none|unknown | id|n"), ["a"]);
        assert_eq!(found("none|list[].id|id"), ["x", "y"]);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for wrong in ["", "a..b", "a|", "[].id", "a[0].id", "a b", "a.*", ".a"] {
            assert!(Place::parse(wrong).is_err(), "{wrong}");
        }
    }
}
