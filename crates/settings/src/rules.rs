//! What settings must hold between them.

use crate::error::Problem;
use crate::load::Loaded;
use crate::values::show_duration;

pub(crate) fn broken(loaded: &Loaded) -> Vec<Problem> {
    let s = &loaded.settings;
    let mut problems = Vec::new();
    let mut rule = |holds: bool, path: &str, what: String| {
        if !holds {
            problems.push(Problem { place: loaded.place(path), path: Some(path.to_owned()), what });
        }
    };
    rule(!s.server.zone.is_empty(), "server.zone", "it is empty".to_owned());
    // A scheduler's or generic server without workers is sound; one without any role does nothing.
    rule(!s.server.roles.names().is_empty(), "server.roles", "a server without a role does nothing; name one".to_owned());
    let mut ordered = |lesser: (&str, std::time::Duration), greater: (&str, std::time::Duration)| {
        // The place of the one that was said: of two defaults none is wrong.
        let path = if loaded.places.contains_key(lesser.0) { lesser.0 } else { greater.0 };
        rule(
            lesser.1 <= greater.1,
            path,
            format!("{} ({}) is more than {} ({})", lesser.0, show_duration(lesser.1), greater.0, show_duration(greater.1)),
        );
    };
    ordered(("refresh.debounce", s.refresh.debounce), ("refresh.debounce_max", s.refresh.debounce_max));
    ordered(("workers.backoff_first", s.workers.backoff_first), ("workers.backoff_max", s.workers.backoff_max));
    ordered(("workers.heartbeat", s.workers.heartbeat), ("workers.progress_timeout", s.workers.progress_timeout));
    ordered(("server.tick", s.server.tick), ("server.lease", s.server.lease));
    problems
}
