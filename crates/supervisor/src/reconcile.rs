//! Desired against running workers, by set and generation: what to start, drain and kill. Pure.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use stocktake_store::fleet::WorkerId;

use crate::limits::Limits;
use crate::place::{Place, Wanted};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Started, and not heard of yet.
    Starting,
    Running,
    /// Asked to stop.
    Draining,
}

/// A running process as its server sees it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) id: WorkerId,
    pub(crate) place: Place,
    pub(crate) generation: i64,
    pub(crate) settings: u64,
    pub(crate) stage: Stage,
    /// Since when it is in this stage.
    pub(crate) since: Instant,
    pub(crate) heard: Instant,
    pub(crate) progressed: Instant,
    /// Whether it has a job.
    pub(crate) busy: bool,
    /// Whether it was asked to stop after its job.
    pub(crate) retiring: bool,
    /// What it said it does.
    pub(crate) doing: Option<String>,
    /// Resident memory in bytes.
    pub(crate) rss: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Start(Place),
    /// Ask to stop, and say why.
    Drain(WorkerId, String),
    /// Ask to stop after its job, and say why. One that needs more than it may have would never get through if it were
    /// interrupted: its successor would need as much.
    Retire(WorkerId, String),
    Kill(WorkerId, String),
}

/// What to do now. A place is filled only when nobody is in it any more, the one who drains included: two refreshers of one
/// provider would be one too many. `barred`: places that may not be filled before then.
pub(crate) fn actions(
    desired: &BTreeMap<Place, Wanted>,
    seen: &[Seen],
    barred: &BTreeMap<Place, Instant>,
    limits: impl Fn(&str) -> Limits,
    now: Instant,
) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut filled: BTreeMap<&Place, WorkerId> = BTreeMap::new();
    for worker in seen {
        let twice = worker.stage != Stage::Draining && filled.insert(&worker.place, worker.id).is_some();
        let limits = limits(worker.place.kind);
        if let Some(why) = beyond_help(worker, &limits, now) {
            actions.push(Action::Kill(worker.id, why));
        } else if worker.stage != Stage::Draining
            && let Some(why) = unwanted(worker, desired, twice).or_else(|| ailing(worker, &limits, now))
        {
            actions.push(Action::Drain(worker.id, why));
        } else if worker.stage == Stage::Running
            && !worker.retiring
            && let Some(why) = too_large(worker, &limits).or_else(|| outdated(worker, desired))
        {
            actions.push(Action::Retire(worker.id, why));
        }
    }
    for place in desired.keys() {
        let free = seen.iter().all(|worker| worker.place != *place);
        if free && barred.get(place).is_none_or(|until| *until <= now) {
            actions.push(Action::Start(place.clone()));
        }
    }
    actions
}

/// One that would not hear being asked to stop, or has no more time.
fn beyond_help(worker: &Seen, limits: &Limits, now: Instant) -> Option<String> {
    let over = |since: Instant, limit: Duration| now.saturating_duration_since(since) > limit;
    if worker.rss > limits.memory_kill {
        return Some(took(worker, limits.memory_kill));
    }
    match worker.stage {
        Stage::Starting if over(worker.since, limits.start) => {
            Some(format!("it said nothing within {} s of its start", limits.start.as_secs()))
        }
        Stage::Running if over(worker.heard, limits.silence) => {
            Some(format!("it said nothing for {} s, {}", limits.silence.as_secs(), doing(worker)))
        }
        Stage::Draining if over(worker.since, limits.stop) => {
            Some(format!("it did not stop within {} s of being asked to, {}", limits.stop.as_secs(), doing(worker)))
        }
        _ => None,
    }
}

fn unwanted(worker: &Seen, desired: &BTreeMap<Place, Wanted>, twice: bool) -> Option<String> {
    match desired.get(&worker.place) {
        _ if twice => Some("another worker has its place".to_owned()),
        None => Some("it is not wanted any more".to_owned()),
        Some(wanted) if wanted.generation != worker.generation => {
            Some(format!("settings changed (generation {} to {})", worker.generation, wanted.generation))
        }
        Some(_) => None,
    }
}

/// One that still hears, but does not do well.
fn ailing(worker: &Seen, limits: &Limits, now: Instant) -> Option<String> {
    let still = now.saturating_duration_since(worker.progressed);
    if worker.stage == Stage::Running && worker.busy && still > limits.standstill {
        return Some(format!("no progress for {} s, {}", still.as_secs(), doing(worker)));
    }
    None
}

/// One that would be started with other settings today. Its job is worth more than they are.
fn outdated(worker: &Seen, desired: &BTreeMap<Place, Wanted>) -> Option<String> {
    let wanted = desired.get(&worker.place)?;
    (wanted.settings != worker.settings).then(|| "the settings it was started with changed".to_owned())
}

fn too_large(worker: &Seen, limits: &Limits) -> Option<String> {
    (worker.rss > limits.memory).then(|| took(worker, limits.memory))
}

fn took(worker: &Seen, limit: u64) -> String {
    format!("it took {} MiB of memory, more than {}, {}", mib(worker.rss), mib(limit), doing(worker))
}

fn doing(worker: &Seen) -> String {
    match &worker.doing {
        Some(what) => format!("while {what}"),
        None if worker.busy => "with a job".to_owned(),
        None => "while idle".to_owned(),
    }
}

fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

#[cfg(test)]
mod tests;
