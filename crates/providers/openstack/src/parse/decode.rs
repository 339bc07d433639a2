//! Pages into records: the one place that knows which JSON library there is.
//!
//! A page is split into its records first and each is read by itself, so that one that cannot be read leaves the others
//! whole.

use serde::Deserialize;
use sonic_rs::{JsonValueTrait, LazyValue};

/// A JSON value left as it came.
pub(crate) type Json<'a> = LazyValue<'a>;

/// The page does not have the promised shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Shape {
    #[error("the page is not UTF-8")]
    NotText,
    #[error("the page has no '{0}'")]
    NoRoot(&'static str),
    #[error("'{0}' is not a list")]
    NotAList(&'static str),
    #[error("the page breaks off or is not JSON: {0}")]
    NotJson(String),
}

pub(crate) fn text(body: &[u8]) -> Result<&str, Shape> {
    std::str::from_utf8(body).map_err(|_| Shape::NotText)
}

/// The value at the top of the page under `root`.
pub(crate) fn root<'a>(body: &'a str, root: &'static str) -> Result<Json<'a>, Shape> {
    match sonic_rs::get(body, [root]) {
        Ok(value) => Ok(value),
        Err(e) if e.is_not_found() => Err(Shape::NoRoot(root)),
        Err(e) => Err(Shape::NotJson(e.to_string())),
    }
}

/// The records of a page, each as its JSON text.
pub(crate) fn records<'a>(
    body: &'a str,
    name: &'static str,
) -> Result<impl Iterator<Item = Result<&'a str, Shape>> + use<'a>, Shape> {
    let items = if let Some(list) = leading_list(body, name) {
        sonic_rs::to_array_iter(list)
    } else {
        let list = root(body, name)?;
        if !list.is_array() {
            return Err(Shape::NotAList(name));
        }
        list.into_array_iter().ok_or(Shape::NotAList(name))?
    };
    Ok(items.map(|item| item.map_err(|e| Shape::NotJson(e.to_string())).and_then(|v| borrowed(&v))))
}

/// The list with what follows it, when it stands first in the page, as it nearly always does: nothing need be skipped to
/// find it, nor to find its end.
fn leading_list<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let key = body.trim_ascii_start().strip_prefix('{')?.trim_ascii_start().strip_prefix('"')?;
    let rest = key.strip_prefix(name)?.strip_prefix('"')?;
    let list = rest.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
    list.starts_with('[').then_some(list)
}

/// The entries of an object, each as its name and JSON text.
pub(crate) fn entries(object: &str) -> impl Iterator<Item = (String, Json<'_>)> {
    sonic_rs::to_object_iter(object).map_while(Result::ok).map(|(name, value)| (name.to_string(), value))
}

/// One record, read into its type; texts are borrowed from the page.
pub(crate) fn record<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    // Derived readers would take a list for an object whose names were left out.
    if !json.starts_with('{') {
        return Err("not an object".to_owned());
    }
    sonic_rs::from_str(json).map_err(|e| e.to_string().lines().next().unwrap_or_default().to_owned())
}

/// A text under `name` of a record, without reading the rest into anything.
pub(crate) fn text_at(record: &str, name: &str) -> Option<String> {
    let value = sonic_rs::get(record, [name]).ok()?;
    match value.as_str() {
        Some(text) => Some(text.to_owned()),
        None => value.as_i64().map(|n| n.to_string()),
    }
}

fn borrowed<'a>(value: &Json<'a>) -> Result<&'a str, Shape> {
    match value.as_raw_cow() {
        std::borrow::Cow::Borrowed(raw) => Ok(raw.trim_end()),
        std::borrow::Cow::Owned(_) => Err(Shape::NotJson("not borrowed from the page".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all<'a>(body: &'a str, name: &'static str) -> Result<Vec<Result<&'a str, Shape>>, Shape> {
        records(body, name).map(Iterator::collect)
    }

    #[test]
    fn records_are_split_wherever_the_root_stands() {
        let body = r#"{"links": [{"a": "]"}], "things": [{"id": "1"}, 7 , "x\"y"], "n": 0}"#;
        assert_eq!(all(body, "things"), Ok(vec![Ok(r#"{"id": "1"}"#), Ok("7"), Ok(r#""x\"y""#)]));
        assert_eq!(all(r#"{"things": []}"#, "things"), Ok(vec![]));
    }

    #[test]
    fn a_page_of_another_shape_is_told() {
        assert_eq!(all(r#"{"others": []}"#, "things"), Err(Shape::NoRoot("things")));
        assert_eq!(all(r#"{"things": {}}"#, "things"), Err(Shape::NotAList("things")));
        assert!(matches!(all("", "things"), Err(Shape::NotJson(_) | Shape::NoRoot(_))));
        assert!(all("[]", "things").is_err());
        assert!(all("<html>", "things").is_err());
    }

    #[test]
    fn a_page_that_breaks_off_is_told() {
        let whole = r#"{"things": [{"id": "1"}, {"id": "2"}]}"#;
        for cut in 1..whole.len() - 1 {
            let told = all(&whole[..cut], "things").map_or(true, |records| records.iter().any(Result::is_err));
            assert!(told, "{}", &whole[..cut]);
        }
    }

    #[test]
    fn one_text_is_found_without_the_rest() {
        assert_eq!(text_at(r#"{"a": {"id": "no"}, "id": "yes"}"#, "id"), Some("yes".to_owned()));
        assert_eq!(text_at(r#"{"id": 5}"#, "id"), Some("5".to_owned()));
        assert_eq!(text_at("[]", "id"), None);
    }
}
