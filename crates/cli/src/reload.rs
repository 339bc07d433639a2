//! Settings that are read again while a server runs: at SIGHUP, and when their file changed, or that of routes or of rules which
//! they name. Wrong ones are told with their place and change nothing.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use stocktake_settings::{Change, Inputs, Problem, Reload, Settings, SettingsError, diff, load};
use stocktake_supervisor::{Options, Program};
use tokio::sync::watch;

use crate::children::Children;
use crate::kind::Kind;
use crate::logging::{self, Tuner};
use crate::verbs::rule::checked;

/// How often the file is looked at. Not watched: a file that is put in another's place, or comes over a network, is not told.
const LOOK: Duration = Duration::from_secs(2);

/// What a server was started with, and what must hear of changes.
#[derive(Debug)]
pub(crate) struct Reloader {
    pub(crate) inputs: Inputs,
    pub(crate) settings: Settings,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) options: watch::Sender<Options>,
    pub(crate) children: Children,
    pub(crate) tuner: Tuner,
    /// Whether the lines' filter comes from the settings, not from `-v` or `-q`.
    pub(crate) filter_is_set: bool,
}

/// Moment, size and file number of each place where settings may be. A file that is written anew differs in one of them.
type Stamp = Vec<Option<(SystemTime, u64, u64)>>;

impl Reloader {
    /// Never returns.
    pub(crate) async fn run(mut self, mut hangups: tokio::signal::unix::Signal) {
        let (mut seen, mut events_seen) = (self.stamp(), self.stamp_of_events());
        // A change of routes or rules stays due while the settings cannot be read: they may be mended at another look.
        let mut handlers_due = false;
        loop {
            let asked = tokio::select! {
                Some(()) = hangups.recv() => true,
                () = tokio::time::sleep(LOOK) => false,
            };
            let (now, events_now) = (self.stamp(), self.stamp_of_events());
            if asked || now != seen || events_now != events_seen {
                let why = if asked { "it was asked to (SIGHUP)" } else { "their file changed" };
                handlers_due |= events_now != events_seen;
                if self.read(why, handlers_due) {
                    handlers_due = false;
                }
                (seen, events_seen) = (now, self.stamp_of_events());
            }
        }
    }

    fn check(&self, settings: &Settings) -> anyhow::Result<()> {
        checked(settings, &self.kinds, None).into_iter().try_for_each(|one| one.found.map(drop))
    }

    fn stamp(&self) -> Stamp {
        stamp(&self.file.clone().map_or_else(|| self.inputs.usual(), |file| vec![file]))
    }

    /// Of the files that event handlers read.
    fn stamp_of_events(&self) -> Stamp {
        stamp(&[&self.settings.events.routes, &self.settings.events.rules].map(PathBuf::from))
    }

    /// `handlers`: what only event handlers read is another. Says whether what was read counts from now on.
    fn read(&mut self, why: &str, handlers: bool) -> bool {
        let loaded = load(&self.inputs).and_then(|loaded| {
            let path = "log.filter".to_owned();
            match logging::check(&loaded.settings.log.filter) {
                Ok(()) => Ok(loaded),
                Err(what) => {
                    Err(SettingsError::Invalid(vec![Problem { place: loaded.place(&path), path: Some(path), what }]))
                }
            }
        });
        let loaded = match loaded {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::error!(%error, "the settings are wrong; going on with those from before");
                return false;
            }
        };
        if let Err(error) = self.check(&loaded.settings) {
            tracing::error!(%error, "the routes or rules are wrong; going on with what was before");
            return false;
        }
        self.file = loaded.file;
        let changes = diff(&self.settings, &loaded.settings);
        tracing::info!(why, changes = changes.len(), "settings read again");
        if handlers {
            tracing::info!("routes or rules changed; workers are replaced");
        } else if changes.is_empty() {
            return true;
        }
        changes.iter().for_each(tell);
        if self.filter_is_set {
            self.tuner.set(&loaded.settings.log.filter);
        }
        let replaced = handlers || changes.iter().any(|change| change.reload == Reload::NewWorkers);
        let program = Program::this(self.children.environment(&loaded.settings));
        self.options.send_modify(|options| *options = options.with(&loaded.settings, program, replaced));
        self.settings = loaded.settings;
        true
    }
}

fn stamp(places: &[PathBuf]) -> Stamp {
    use std::os::unix::fs::MetadataExt as _;
    let stamp = |path: &PathBuf| {
        let meta = std::fs::metadata(path).ok()?;
        Some((meta.modified().ok()?, meta.len(), meta.ino()))
    };
    places.iter().map(stamp).collect()
}

fn tell(change: &Change) {
    let Change { key, from, to, reload } = change;
    let (from, to) = (from.to_string(), to.to_string());
    match reload {
        Reload::Live => tracing::info!(key, from, to, "a setting changed and counts from now on"),
        Reload::NewWorkers => tracing::info!(key, from, to, "a setting changed; workers are replaced"),
        Reload::Restart => {
            tracing::warn!(key, from, to, "a setting changed and counts when the server is started again");
        }
    }
}
