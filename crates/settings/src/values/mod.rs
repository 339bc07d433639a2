//! The types settings have, each with the text it is written as.

mod address;
mod collector;
mod duration;
mod headers;
mod listen;
mod log_format;
mod roles;
mod size;

use std::fmt::Display;
use std::ops::RangeInclusive;

pub use address::Address;
pub use collector::Collector;
pub use duration::{parse_duration, show_duration};
pub use headers::Headers;
pub use listen::Listen;
pub use log_format::LogFormat;
pub use roles::{Role, Roles};
pub use size::ByteSize;

use crate::plain::Plain;
use crate::schedule::Schedule;
use crate::section::Raw;

pub(crate) trait Value: Sized {
    /// What is written, for errors and the reference.
    const FORM: &'static str;

    /// The error says what is wrong, without the value where that may be a secret.
    fn read(plain: &Plain) -> Result<Self, String>;

    /// From a variable, which has only text.
    fn read_word(word: &str) -> Result<Self, String> {
        Self::read(&Plain::Text(word.to_owned()))
    }

    /// As it may be shown.
    fn shown(&self) -> Plain;
}

pub(crate) fn read<T: Value>(raw: &Raw) -> Result<T, String> {
    match raw {
        Raw::Typed(plain) => T::read(plain),
        Raw::Word(word) => T::read_word(word),
    }
}

pub(crate) fn hold<T: Value + PartialOrd>(value: &T, range: &RangeInclusive<T>) -> Result<(), String> {
    if range.contains(value) {
        return Ok(());
    }
    Err(format!("{} is not between {} and {}", value.shown(), range.start().shown(), range.end().shown()))
}

pub(crate) fn limits<T: Value>(limits: &[RangeInclusive<T>]) -> Option<(Plain, Plain)> {
    limits.first().map(|range| (range.start().shown(), range.end().shown()))
}

/// For types that are written as text.
fn text<'a>(plain: &'a Plain, form: &str) -> Result<&'a str, String> {
    match plain {
        Plain::Text(text) => Ok(text.trim()),
        other => Err(wrong(other, form)),
    }
}

fn wrong(plain: &Plain, form: &str) -> String {
    format!("{plain} is {}; write {form}", plain.kind())
}

impl Value for String {
    const FORM: &'static str = "text";

    fn read(plain: &Plain) -> Result<Self, String> {
        text(plain, Self::FORM).map(ToOwned::to_owned)
    }

    fn shown(&self) -> Plain {
        Plain::Text(self.clone())
    }
}

impl Value for bool {
    const FORM: &'static str = "true or false";

    fn read(plain: &Plain) -> Result<Self, String> {
        match plain {
            Plain::Bool(value) => Ok(*value),
            other => Err(wrong(other, Self::FORM)),
        }
    }

    fn read_word(word: &str) -> Result<Self, String> {
        match word.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(format!("'{word}' is not true or false")),
        }
    }

    fn shown(&self) -> Plain {
        Plain::Bool(*self)
    }
}

impl Value for u32 {
    const FORM: &'static str = "a whole number";

    fn read(plain: &Plain) -> Result<Self, String> {
        match plain {
            Plain::Integer(value) => {
                Self::try_from(*value).map_err(|_| format!("{value} is not between 0 and {}", Self::MAX))
            }
            other => Err(wrong(other, Self::FORM)),
        }
    }

    fn read_word(word: &str) -> Result<Self, String> {
        parsed(word, Self::FORM)
    }

    fn shown(&self) -> Plain {
        Plain::Integer((*self).into())
    }
}

impl Value for f64 {
    const FORM: &'static str = "a number";

    fn read(plain: &Plain) -> Result<Self, String> {
        match plain {
            Plain::Float(value) => Ok(*value),
            Plain::Integer(value) => Ok(*value as Self),
            other => Err(wrong(other, Self::FORM)),
        }
    }

    fn read_word(word: &str) -> Result<Self, String> {
        parsed(word, Self::FORM)
    }

    fn shown(&self) -> Plain {
        Plain::Float(*self)
    }
}

impl Value for Schedule {
    const FORM: &'static str = "an interval (24h), a cron expression of five fields in UTC (0 3 * * *), or off";

    fn read(plain: &Plain) -> Result<Self, String> {
        let text = text(plain, Self::FORM)?;
        text.parse().map_err(|error: crate::schedule::BadSchedule| error.to_string())
    }

    fn shown(&self) -> Plain {
        shown(self)
    }
}

fn parsed<T: std::str::FromStr>(word: &str, form: &str) -> Result<T, String> {
    word.trim().parse().map_err(|_| format!("'{word}' is not {form}"))
}

fn shown(value: &impl Display) -> Plain {
    Plain::Text(value.to_string())
}
