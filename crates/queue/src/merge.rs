//! What becomes of the payload when a wish is merged into a job that waits.

use std::collections::HashSet;

use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// The payload that waits stays.
    Keep,
    /// The newer payload takes its place.
    Replace,
    /// The lists under this name become one, without what is in both twice; all else stays as it waits.
    UnionOf(&'static str),
}

impl Merge {
    pub(crate) fn apply(&self, waiting: Value, new: &Value) -> Value {
        match self {
            Self::Keep => waiting,
            Self::Replace => new.clone(),
            Self::UnionOf(name) => union(waiting, new, name),
        }
    }
}

fn union(mut waiting: Value, new: &Value, name: &str) -> Value {
    let added = new.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(object) = waiting.as_object_mut() else { return new.clone() };
    let list = object.entry(name).or_insert_with(|| Value::Array(Vec::new()));
    match list {
        Value::Array(list) => {
            // By text: values have no order, and lists of thousands must not be compared each with each.
            let mut known: HashSet<String> = list.iter().map(Value::to_string).collect();
            list.extend(added.iter().filter(|value| known.insert(value.to_string())).cloned());
        }
        other => *other = Value::Array(added.to_vec()),
    }
    waiting
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn payloads_merge_as_told() {
        let (waiting, new) = (json!({"t": [1, "1", {"a": 2}], "why": "x"}), json!({"t": ["1", 3, 3, {"a": 2}], "why": "y"}));
        assert_eq!(Merge::Keep.apply(waiting.clone(), &new), waiting);
        assert_eq!(Merge::Replace.apply(waiting.clone(), &new), new);
        let union = Merge::UnionOf("t");
        assert_eq!(union.apply(waiting.clone(), &new), json!({"t": [1, "1", {"a": 2}, 3], "why": "x"}));
        assert_eq!(union.apply(json!({}), &new), json!({"t": ["1", 3, {"a": 2}]}));
        assert_eq!(union.apply(waiting.clone(), &json!({})), waiting);
        assert_eq!(union.apply(Value::Null, &new), new);
    }
}
