//! What a server tells its workers: every setting, by their environment. They read no file, so that one that was spoilt while
//! the server runs spoils no worker, and all of them know the same.

use stocktake_settings::{Plain, Reload, Settings};

use crate::app::App;
use crate::logging;

/// What is not shown as it is.
const SECRET: [&str; 2] = ["database.url", "traces.headers"];

#[derive(Debug)]
pub(crate) struct Children {
    /// What the server started with: what counts only from a start on, counts for its workers, too.
    start: Settings,
    /// What no setting says, or says otherwise.
    more: Vec<(String, String)>,
}

impl Children {
    pub(crate) fn new(app: &App) -> anyhow::Result<Self> {
        // The address has a password, and headers tokens, which settings do not show: nobody else sees a process's environment.
        let mut more = vec![("STOCKTAKE_DATABASE".to_owned(), app.url()?)];
        more.push(("STOCKTAKE_CONFIG".to_owned(), "/dev/null".to_owned()));
        if let Some(filter) = logging::typed(app)? {
            more.push(("STOCKTAKE__LOG__FILTER".to_owned(), filter.to_owned()));
        }
        if let Some(headers) = app.settings()?.traces.headers.expose() {
            more.push(("STOCKTAKE__TRACES__HEADERS".to_owned(), headers.to_owned()));
        }
        if app.global.no_color {
            more.push(("NO_COLOR".to_owned(), "1".to_owned()));
        }
        Ok(Self { start: app.settings()?.clone(), more })
    }

    pub(crate) fn environment(&self, now: &Settings) -> Vec<(String, String)> {
        let keys = Settings::keys().into_iter().filter(|key| !SECRET.contains(&key.path().as_str()));
        let said = keys.filter_map(|key| {
            let of = if key.reload == Reload::Restart { &self.start } else { now };
            Some((key.variable(), word(of.shown(&key)?)))
        });
        said.chain(self.more.iter().cloned()).collect()
    }
}

/// As a variable has it.
fn word(value: Plain) -> String {
    match value {
        Plain::Text(text) => text,
        Plain::List(items) => items.join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use stocktake_settings::{Inputs, load};

    use super::*;

    fn read(environment: Vec<(String, String)>) -> Settings {
        load(&Inputs { environment, ..Inputs::default() }).expect("settings").settings
    }

    #[test]
    fn workers_know_what_the_server_knows_but_not_what_waits_for_a_start() {
        let said = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| (format!("STOCKTAKE__{name}"), (*value).to_owned())).collect()
        };
        let start = read(said(&[("SERVER__ROLES", "refresh,generic"), ("REFRESH__SCHEDULE", "0 3 * * *")]));
        let children = Children { start: start.clone(), more: Vec::new() };
        assert_eq!(read(children.environment(&start)), start, "every setting has a word that is read as it was");
        let later = read(said(&[("LOG__FORMAT", "json"), ("LOG__FILTER", "debug"), ("MEMORY__KILL_FACTOR", "2.5")]));
        let told = read(children.environment(&later));
        assert_eq!((told.log.format, told.server.roles), (start.log.format, start.server.roles));
        assert_eq!((told.log.filter.as_str(), told.memory.kill_factor), ("debug", 2.5));
    }
}
