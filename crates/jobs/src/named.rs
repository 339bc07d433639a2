//! Files of events that the settings name: routes and rules. What they say is for others to understand; reading them is I/O.

use std::path::{Path, PathBuf};

/// Told to whoever wrote the settings.
#[derive(Debug, thiserror::Error)]
#[error("{path} cannot be read: {source}; {by} names it")]
pub struct Unreadable {
    path: PathBuf,
    by: &'static str,
    source: std::io::Error,
}

/// `by`: the setting or the option.
pub(crate) fn read(path: &Path, by: &'static str) -> Result<String, Unreadable> {
    std::fs::read_to_string(path).map_err(|source| Unreadable { path: path.to_owned(), by, source })
}
