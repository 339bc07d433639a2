//! The part of the outside world that finding a cloud depends on, as a value: variables and directories.

use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    working_directory: PathBuf,
    system_directory: PathBuf,
}

impl Environment {
    /// The process's own.
    pub fn of_process() -> Self {
        // Names that are not text cannot be ours.
        let text = |(k, v): (std::ffi::OsString, std::ffi::OsString)| Some((k.into_string().ok()?, v.into_string().ok()?));
        Self {
            variables: std::env::vars_os().filter_map(text).collect(),
            working_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            system_directory: PathBuf::from("/etc/openstack"),
        }
    }

    /// One made by hand.
    pub fn new(working_directory: impl Into<PathBuf>, system_directory: impl Into<PathBuf>) -> Self {
        Self {
            variables: BTreeMap::new(),
            working_directory: working_directory.into(),
            system_directory: system_directory.into(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// A variable; an empty one counts as not set.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|v| !v.is_empty())
    }

    /// Where files of a kind may be, the first to exist counts: the one a variable names, then the working directory, the
    /// user's configuration, the system's.
    pub(super) fn candidates(&self, variable: &str, stem: &str) -> Vec<PathBuf> {
        let user = self
            .variable("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| self.variable("HOME").map(|home| PathBuf::from(home).join(".config")))
            .map(|config| config.join("openstack"));
        let directories = std::iter::once(self.working_directory.clone()).chain(user).chain([self.system_directory.clone()]);
        let files = directories.flat_map(|d| ["yaml", "yml", "json"].map(|e| d.join(format!("{stem}.{e}"))));
        self.variable(variable).map(|path| self.working_directory.join(path)).into_iter().chain(files).collect()
    }
}
