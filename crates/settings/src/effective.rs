//! The settings that count, each with its source, fit to be shown.

use std::fmt::Write as _;

use serde::Serialize;

use crate::error::Place;
use crate::key::Reload;
use crate::load::Loaded;
use crate::plain::Plain;
use crate::tree::Settings;

/// One setting as it stands. Passwords are left out.
#[derive(Debug, Clone, Serialize)]
pub struct Effective {
    #[serde(skip)]
    pub section: &'static str,
    #[serde(skip)]
    pub name: &'static str,
    /// `server.zone`
    pub key: String,
    pub value: Plain,
    /// `default`, `/etc/stocktake/stocktake.toml, line 3`, `variable STOCKTAKE__SERVER__ZONE`, `--database`
    pub source: Place,
    pub reload: Reload,
}

impl Loaded {
    /// All of them, in the order of the reference.
    pub fn effective(&self) -> Vec<Effective> {
        let one = |key: crate::key::Key| {
            let (path, value) = (key.path(), self.settings.shown(&key).unwrap_or_else(|| key.default.clone()));
            let source = self.place(&path);
            Effective { section: key.section, name: key.name, key: path, value, source, reload: key.reload }
        };
        Settings::keys().into_iter().map(one).collect()
    }

    /// A settings file that says the same, with each value's source beside it.
    pub fn to_toml(&self) -> String {
        let (mut text, mut section) = (String::new(), "");
        for one in self.effective() {
            if one.section != section {
                let gap = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{gap}[{}]", one.section);
                section = one.section;
            }
            let _ = writeln!(text, "{} = {} # {}", one.name, one.value, one.source);
        }
        text
    }
}
