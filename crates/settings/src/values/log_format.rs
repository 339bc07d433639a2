//! How log lines look.

use super::{Value, text};
use crate::plain::Plain;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// An object a line, for machines.
    Json,
}

impl Value for LogFormat {
    const FORM: &'static str = "text or json";

    fn read(plain: &Plain) -> Result<Self, String> {
        match text(plain, Self::FORM)? {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("'{other}' is not {}", Self::FORM)),
        }
    }

    fn shown(&self) -> Plain {
        Plain::Text(if *self == Self::Text { "text" } else { "json" }.to_owned())
    }
}
