//! What is sent with every request: names may be shown, values are secrets.

use std::fmt;

use super::Value;
use crate::plain::Plain;

/// `name=value,name=value`
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers(String);

impl Headers {
    /// With its values, as it was said.
    pub fn expose(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(self.0.as_str())
    }

    /// Names and values; a value may be percent-encoded, which is left to whoever sends it.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        pairs(&self.0).filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.trim(), value.trim()))
    }
}

fn pairs(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|pair| !pair.is_empty())
}

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, _)) in self.pairs().enumerate() {
            write!(f, "{}{name}=…", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Headers({self})")
    }
}

impl Value for Headers {
    const FORM: &'static str = "NAME=VALUE, several with commas between";

    fn read(plain: &Plain) -> Result<Self, String> {
        // Not by `text`, whose error shows what was said.
        let Plain::Text(text) = plain else { return Err(format!("it is {}; write {}", plain.kind(), Self::FORM)) };
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        let is_pair = |pair: &str| pair.split_once('=').is_some_and(|(name, _)| is_name(name.trim()));
        if let Some(at) = pairs(text).position(|pair| !is_pair(pair)) {
            return Err(format!("its part {} is no header; write {}", at + 1, Self::FORM));
        }
        Ok(Self(text.trim().to_owned()))
    }

    fn shown(&self) -> Plain {
        super::shown(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_sent_and_never_shown() {
        let read = |text: &str| Headers::read(&Plain::Text(text.to_owned()));
        let headers = read("authorization=Basic%20hidden==, x-scope=hidden ,").expect("headers");
        assert_eq!(headers.pairs().collect::<Vec<_>>(), [("authorization", "Basic%20hidden=="), ("x-scope", "hidden")]);
        assert_eq!(headers.to_string(), "authorization=…,x-scope=…");
        assert!(!format!("{headers:?} {}", headers.shown()).contains("hidden"));
        assert_eq!(read("").expect("none").expose(), None);
        for wrong in ["hidden", "a=b,hidden", "=hidden", "a hidden=b"] {
            let error = read(wrong).expect_err(wrong);
            assert!(!error.contains("hidden"), "{error}");
        }
    }
}
