//! What is wrong with settings, where, and what was probably meant.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

/// Where a value was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Default,
    File { path: PathBuf, line: usize },
    Environment { variable: String },
    CommandLine { option: &'static str },
}

impl Place {
    /// Where a byte of a file's text stands.
    pub fn in_text(path: impl Into<PathBuf>, text: &str, offset: usize) -> Self {
        Self::File { path: path.into(), line: line_of(text, offset) }
    }
}

/// Counted from 1.
pub fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Environment { variable } => write!(f, "variable {variable}"),
            Self::CommandLine { option } => f.write_str(option),
        }
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub place: Place,
    /// `server.zone`; none where the text itself cannot be read.
    pub path: Option<String>,
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.path {
            Some(path) => write!(f, "{}: {path}: {}", self.place, self.what),
            None => write!(f, "{}: {}", self.place, self.what),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the settings file {path} does not exist; {by} names it")]
    Missing { path: PathBuf, by: &'static str },
    #[error("the settings file {path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// All that is wrong, so that it can be corrected in one go.
    #[error("{}", listed(.0, "settings are wrong"))]
    Invalid(Vec<Problem>),
}

/// The only one, or all of them below how many `many` there are.
pub fn listed(problems: &[Problem], many: &str) -> String {
    match problems {
        [only] => only.to_string(),
        all => {
            let lines: Vec<_> = all.iter().map(ToString::to_string).collect();
            format!("{} {many}:\n  {}", all.len(), lines.join("\n  "))
        }
    }
}

/// ` (did you mean 'zone'?)`, where a known word differs in few letters.
pub fn did_you_mean<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    nearest(word, known).map(|near| format!(" (did you mean '{near}'?)"))
}

/// The known word that differs in few letters.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let near = known.map(|known| (strsim::damerau_levenshtein(word, known), known)).min()?;
    (near.0 <= limit).then_some(near.1)
}
