//! Comma-separated values as RFC 4180 has them, with line feeds.

use stocktake_store::query::Value;

use crate::output::human;

pub(crate) fn line<'a>(fields: impl IntoIterator<Item = std::borrow::Cow<'a, str>>) -> String {
    let mut line = String::new();
    for (n, field) in fields.into_iter().enumerate() {
        if n > 0 {
            line.push(',');
        }
        if field.contains([',', '"', '\n', '\r']) {
            line.push('"');
            line.push_str(&field.replace('"', "\"\""));
            line.push('"');
        } else {
            line.push_str(&field);
        }
    }
    line
}

/// A value as it is; nothing for null, a name for a link.
pub(super) fn field(value: &Value) -> std::borrow::Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::Bool(value) => value.to_string().into(),
        Value::Int(value) => value.to_string().into(),
        Value::Float(value) => value.to_string().into(),
        Value::Time(moment) => human::moment(*moment).into(),
        Value::Text(text) | Value::Json(text) => text.as_str().into(),
        Value::Link { name, .. } => name.as_str().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_quoted_is_quoted() {
        assert_eq!(line(["a".into(), "b,c".into(), "d\"e".into(), "".into()]), "a,\"b,c\",\"d\"\"e\",");
        assert_eq!(field(&Value::Null), "");
        assert_eq!(field(&Value::Time(0)), "1970-01-01T00:00:00Z");
    }
}
