//! Log lines: to standard error. The verbs of a person tell them to those who ask; a server and its workers tell them by the
//! settings, each line with the worker, provider, job and run it is about.

use stocktake_settings::{LogFormat, Place, Problem, SettingsError};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt, reload};

use crate::app::App;
use crate::args::Global;
use crate::traces::{self, Boxed};

/// For a verb that a person waits for: `-v`, or `STOCKTAKE_LOG=stocktake_http=trace`. `traces`: where its spans go.
pub(crate) fn for_people(global: &Global, traces: Option<Boxed>) {
    let level = match (global.verbose, global.quiet) {
        (0, true) => "off",
        (0, false) => "error",
        (1, _) => "warn,stocktake=info",
        _ => "info,stocktake=debug",
    };
    let filter = EnvFilter::try_from_env("STOCKTAKE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colours(global)).with_filter(filter).boxed();
    // A second run in one process (tests) keeps the first one's logging.
    drop(tracing_subscriber::registry().with(layers(lines, traces)).try_init());
}

fn layers(lines: Boxed, traces: Option<Boxed>) -> Vec<Boxed> {
    std::iter::once(lines).chain(traces).collect()
}

/// The running filter of a server, to be changed when the settings change.
#[derive(Debug, Clone)]
pub(crate) struct Tuner(reload::Handle<EnvFilter, Registry>);

impl Tuner {
    pub(crate) fn set(&self, filter: &str) {
        if let Ok(filter) = read(filter) {
            // Fails only when the subscriber is gone, and then nobody writes lines.
            let _ = self.0.reload(filter);
        }
    }
}

/// For a server or a worker: by `log.filter` and `log.format`, unless `-v` or `-q` say otherwise. What goes wrong in the
/// program itself is a log line, too. `process`: what this one does, for traces.
pub(crate) fn for_service(app: &App, process: &str) -> anyhow::Result<Tuner> {
    let filter = filter(app)?;
    let (filter, handle) = reload::Layer::new(read(&filter).map_err(|what| wrong(app, what))?);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match app.settings()?.log.format {
        LogFormat::Text => lines.with_ansi(colours(&app.global)).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(false).boxed(),
    };
    let traces = traces::layer(app, process)?;
    drop(tracing_subscriber::registry().with(layers(lines.with_filter(filter).boxed(), traces)).try_init());
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let what = panic.payload_as_str().unwrap_or("it left no words");
        tracing::error!(place, "a mistake in the program, worth a report: {what}");
    }));
    Ok(Tuner(handle))
}

/// What `-v` and `-q` make of a service's lines; a variable counts more, as for every verb.
pub(crate) fn typed(app: &App) -> anyhow::Result<Option<&'static str>> {
    if matches!(app.loaded()?.place("log.filter"), Place::Environment { .. }) {
        return Ok(None);
    }
    Ok(match (app.global.verbose, app.global.quiet) {
        (0, false) => None,
        (0, true) => Some("error"),
        (1, _) => Some("info,stocktake=debug"),
        _ => Some("debug,stocktake=trace"),
    })
}

fn filter(app: &App) -> anyhow::Result<String> {
    typed(app)?.map_or_else(|| app.settings().map(|s| s.log.filter.clone()), |level| Ok(level.to_owned()))
}

/// Whether a filter can be read; the error says what is wrong with it.
pub(crate) fn check(filter: &str) -> Result<(), String> {
    read(filter).map(drop)
}

fn read(filter: &str) -> Result<EnvFilter, String> {
    // A bare word that is no level would be taken for a module's name, and a typing mistake would silence everything.
    for part in filter.split(',').map(str::trim).filter(|part| !part.contains(['=', '['])) {
        let level = part.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
        if part.is_empty() || !(level || part.starts_with("stocktake")) {
            return Err(format!("'{part}' is no level; there are error, warn, info, debug, trace and off"));
        }
    }
    EnvFilter::builder().parse(filter).map_err(|error| format!("'{filter}' is no filter: {error}"))
}

/// The error that tells where the filter was said.
fn wrong(app: &App, what: String) -> anyhow::Error {
    let path = "log.filter".to_owned();
    let place = app.loaded().map_or(Place::Default, |loaded| loaded.place(&path));
    SettingsError::Invalid(vec![Problem { place, path: Some(path), what }]).into()
}

fn colours(global: &Global) -> bool {
    !global.no_color && console::colors_enabled_stderr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_would_silence_everything_is_refused() {
        for good in ["info", "off", "INFO", "info,stocktake_http=debug", "warn, stocktake", "info,[run{id}]=trace"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["inof", "", "info,", "stocktake=loud", "info,stocktake[=debug"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        let said = check("inof").expect_err("no level");
        assert_eq!(said, "'inof' is no level; there are error, warn, info, debug, trace and off");
    }
}
