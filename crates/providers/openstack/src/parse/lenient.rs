//! Values as real clouds send them: absent, null, a number as a string, a flag as `"True"`. Borrowed from the page where
//! the text has no escapes.
//!
//! What cannot be read even so is an error, and the record becomes an issue: a wrong value is never taken for none.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

pub(super) use super::nested::{IdOf, List, Map};

use super::time;

/// A text; numbers and flags are taken as their text.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Text<'a>(pub(super) Option<Cow<'a, str>>);

impl Text<'_> {
    pub(super) fn get(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// Services say "nothing" by an empty text as often as by null.
    pub(super) fn filled(&self) -> Option<&str> {
        self.get().filter(|text| !text.is_empty())
    }

    pub(super) fn or<'t>(&'t self, other: &'t Self) -> &'t Self {
        if self.filled().is_some() { self } else { other }
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Int(pub(super) Option<i64>);

impl Int {
    /// The number times `unit`; one that does not fit is none.
    pub(super) fn times(self, unit: i64) -> Option<i64> {
        self.0.and_then(|n| n.checked_mul(unit))
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag(pub(super) Option<bool>);

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time(pub(super) Option<i64>);

/// A visitor for scalars: what it makes of each kind of value.
macro_rules! scalar {
    ($of:ty, $expecting:literal, text: $text:expr, int: $int:expr, float: $float:expr, flag: $flag:expr) => {
        impl<'de: 'a, 'a> Deserialize<'de> for $of {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Scalar<'a>(PhantomData<&'a ()>);
                impl<'de: 'a, 'a> Visitor<'de> for Scalar<'a> {
                    type Value = $of;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    fn visit_unit<E: Error>(self) -> Result<$of, E> {
                        Ok(Default::default())
                    }
                    fn visit_none<E: Error>(self) -> Result<$of, E> {
                        Ok(Default::default())
                    }
                    fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<$of, E> {
                        let read: fn(Cow<'a, str>) -> Option<$of> = $text;
                        read(Cow::Borrowed(v)).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(v), &self))
                    }
                    fn visit_str<E: Error>(self, v: &str) -> Result<$of, E> {
                        let read: fn(Cow<'a, str>) -> Option<$of> = $text;
                        read(Cow::Owned(v.to_owned())).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(v), &self))
                    }
                    fn visit_i64<E: Error>(self, v: i64) -> Result<$of, E> {
                        let read: fn(i64) -> Option<$of> = $int;
                        read(v).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Signed(v), &self))
                    }
                    fn visit_u64<E: Error>(self, v: u64) -> Result<$of, E> {
                        let read: fn(i64) -> Option<$of> = $int;
                        let fits = i64::try_from(v).ok().and_then(read);
                        fits.ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(v), &self))
                    }
                    fn visit_f64<E: Error>(self, v: f64) -> Result<$of, E> {
                        let read: fn(f64) -> Option<$of> = $float;
                        read(v).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Float(v), &self))
                    }
                    fn visit_bool<E: Error>(self, v: bool) -> Result<$of, E> {
                        let read: fn(bool) -> Option<$of> = $flag;
                        read(v).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Bool(v), &self))
                    }
                }
                deserializer.deserialize_any(Scalar(PhantomData))
            }
        }
    };
}

scalar!(Text<'a>, "a text",
    text: |v| Some(Text(Some(v))),
    int: |v| Some(Text(Some(Cow::Owned(v.to_string())))),
    float: |v| Some(Text(Some(Cow::Owned(v.to_string())))),
    flag: |v| Some(Text(Some(Cow::Borrowed(if v { "true" } else { "false" })))));

scalar!(Int, "a whole number",
    text: |v| if v.is_empty() { Some(Int(None)) } else { v.trim().parse().ok().map(|n| Int(Some(n))) },
    int: |v| Some(Int(Some(v))),
    float: |v| (v.fract() == 0.0 && v.abs() < 9.0e15).then_some(Int(Some(v as i64))),
    flag: |_| None);

scalar!(Flag, "true or false",
    text: |v| match &*v {
        "" => Some(Flag(None)),
        v if v.eq_ignore_ascii_case("true") => Some(Flag(Some(true))),
        v if v.eq_ignore_ascii_case("false") => Some(Flag(Some(false))),
        _ => None,
    },
    int: |v| match v { 0 => Some(Flag(Some(false))), 1 => Some(Flag(Some(true))), _ => None },
    float: |_| None,
    flag: |v| Some(Flag(Some(v))));

scalar!(Time, "a time like 2026-11-22T08:28:28Z",
    text: |v| if v.is_empty() { Some(Time(None)) } else { time::micros(&v).map(|t| Time(Some(t))) },
    int: |_| None,
    float: |_| None,
    flag: |_| None);

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
        sonic_rs::from_str(json).map_err(|e| e.to_string())
    }

    #[test]
    fn numbers_come_as_texts_and_texts_as_numbers() {
        assert_eq!(read::<Int>("3"), Ok(Int(Some(3))));
        assert_eq!(read::<Int>("\"-3\""), Ok(Int(Some(-3))));
        assert_eq!(read::<Int>("3.0"), Ok(Int(Some(3))));
        assert_eq!(read::<Int>("\"\""), Ok(Int(None)), "nova's swap");
        assert_eq!(read::<Int>("null"), Ok(Int(None)));
        assert!(read::<Int>("\"many\"").is_err());
        assert!(read::<Int>("3.5").is_err());
        assert!(read::<Int>("99999999999999999999").is_err());
        assert_eq!(read::<Text<'_>>("12"), Ok(Text(Some("12".into()))));
        assert!(read::<Text<'_>>("[]").is_err());
        assert_eq!(read::<Flag>("\"True\""), Ok(Flag(Some(true))));
        assert_eq!(read::<Flag>("0"), Ok(Flag(Some(false))));
        assert!(read::<Flag>("\"perhaps\"").is_err());
    }

    #[test]
    fn texts_without_escapes_are_borrowed() {
        assert!(matches!(read::<Text<'_>>("\"plain\""), Ok(Text(Some(Cow::Borrowed("plain"))))));
        let escaped = read::<Text<'_>>(r#""a\"b\u00e9""#).expect("a text");
        assert_eq!(escaped.get(), Some("a\"bé"));
    }
}
