//! The scheduler: on exactly one server. Keeps a schedule for each provider and a few of the house, and starts what is due,
//! each tick once however many servers there are.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use stocktake_jobs::{CheckCredentials, Purge, new_job};
use stocktake_queue::{NewJob, Queue, trace};
use stocktake_refresh::requests::{self, Ask};
use stocktake_settings::Schedule;
use stocktake_store::fleet::{self, Due, Served};
use stocktake_store::{ProviderId, Statement, Store};
use tracing::Instrument as _;

use crate::error::SupervisorError;
use crate::options::Options;

const REFRESH: &str = "refresh:";
const CREDENTIALS: &str = "credentials:";
const PURGE: &str = "purge";
const HOUR: Duration = Duration::from_hours(1);
/// A job that has been due for so long becomes urgent: nothing waits for ever behind what is more urgent.
const OLD: Duration = Duration::from_mins(10);
const RAISE_EVERY: Duration = Duration::from_mins(1);

/// How often the table is looked at although nothing changed.
const LOOK_EVERY: Duration = Duration::from_secs(15);

/// Name → whose, and when.
type Wanted = BTreeMap<String, (Option<ProviderId>, String)>;

#[derive(Debug, Default)]
pub(crate) struct Scheduler {
    /// What the table should have, and when it was last held against that: others had this role before.
    written: Option<(Wanted, Instant)>,
    raised: Option<Instant>,
}

impl Scheduler {
    pub(crate) async fn tick(
        &mut self,
        options: &Options,
        store: &Store,
        queue: &Queue,
        providers: &[Served],
    ) -> Result<(), SupervisorError> {
        self.write(store, wanted(options, providers)).await?;
        if self.raised.is_none_or(|at| at.elapsed() >= RAISE_EVERY) {
            queue.raise_old(OLD).await?;
            self.raised = Some(Instant::now());
        }
        for due in fleet::due(store).await? {
            // One that this program does not know, or cannot read, is left to whoever wrote it.
            let Ok(schedule) = due.spec.parse::<Schedule>() else { continue };
            let now = Timestamp::from_microsecond(due.now).unwrap_or_default();
            let next = schedule.next_after(now, &due.name, options.refresh_jitter).map(Timestamp::as_microsecond);
            // What a tick starts belongs to a trace that begins here.
            let span = tracing::info_span!("tick", schedule = due.name, trace_id = tracing::field::Empty);
            trace::follow(&span, None);
            let (starts, lane) = span.in_scope(|| starts(queue, &due));
            if fleet::take_tick(store, &due, next, &starts).instrument(span).await? && due.next_on.is_some() {
                tracing::info!(schedule = due.name, "a tick is taken");
                queue.announce(lane.as_deref());
            }
        }
        Ok(())
    }

    async fn write(&mut self, store: &Store, wanted: Wanted) -> Result<(), SupervisorError> {
        let fresh = |(written, at): &(Wanted, Instant)| *written == wanted && at.elapsed() < LOOK_EVERY;
        if self.written.as_ref().is_some_and(fresh) {
            return Ok(());
        }
        let stored = fleet::schedules(store).await?;
        let stored: BTreeMap<_, _> = stored.into_iter().map(|schedule| (schedule.name, schedule.spec)).collect();
        for (name, (provider, spec)) in &wanted {
            if stored.get(name) != Some(spec) {
                fleet::set_schedule(store, name, *provider, spec).await?;
            }
        }
        // Of providers that are paused or gone; what a newer program put there is not this one's to judge.
        let ours = |name: &str| name.starts_with(REFRESH) || name.starts_with(CREDENTIALS);
        for name in stored.keys().filter(|name| ours(name) && !wanted.contains_key(*name)) {
            fleet::forget_schedule(store, name).await?;
        }
        self.written = Some((wanted, Instant::now()));
        Ok(())
    }
}

/// Which schedules there should be.
fn wanted(options: &Options, providers: &[Served]) -> Wanted {
    let mut wanted = BTreeMap::new();
    for provider in providers.iter().filter(|p| p.enabled && p.status != "removing") {
        let refresh = provider.refresh_schedule.clone().unwrap_or_else(|| options.refresh_schedule.to_string());
        wanted.insert(format!("{REFRESH}{}", provider.id), (Some(provider.id), refresh));
        let check = Schedule::Every(options.credentials_every).to_string();
        wanted.insert(format!("{CREDENTIALS}{}", provider.id), (Some(provider.id), check));
    }
    wanted.insert(PURGE.to_owned(), (None, Schedule::Every(HOUR).to_string()));
    wanted
}

/// What a tick starts, and on which lane.
fn starts(queue: &Queue, due: &Due) -> (Vec<Statement>, Option<String>) {
    match (due.name.as_str(), due.provider_id) {
        (name, Some(provider)) if name.starts_with(REFRESH) => {
            let asked = requests::statements(queue, provider, &[Ask::Everything], "schedule", requests::AT_ONCE);
            (asked.into(), Some(requests::lane(provider)))
        }
        (name, Some(provider)) if name.starts_with(CREDENTIALS) => one(queue, &new_job(&CheckCredentials { provider })),
        (PURGE, _) => one(queue, &new_job(&Purge {})),
        _ => (Vec::new(), None),
    }
}

fn one(queue: &Queue, job: &NewJob) -> (Vec<Statement>, Option<String>) {
    (vec![queue.statement_unless_waiting(job)], Some(job.lane.name.clone()))
}

#[cfg(test)]
mod tests {
    use stocktake_store::registry::Standing;

    use super::*;
    use crate::options::tests::options;

    #[test]
    fn each_provider_has_its_own_schedule_or_the_houses() {
        let provider = |id, enabled, schedule: Option<&str>| Served {
            id: ProviderId(id),
            name: format!("cloud{id}"),
            zone: "elsewhere".to_owned(),
            enabled,
            generation: 1,
            status: "ok".to_owned(),
            credentials: Standing::unknown(),
            refreshed: true,
            refresh_schedule: schedule.map(str::to_owned),
            event_source: None,
        };
        let all = [provider(1, true, None), provider(2, true, Some("off")), provider(3, false, None)];
        let wanted = wanted(&options(), &all);
        let of = |name: &str| wanted.get(name).map(|(_, spec)| spec.as_str());
        assert_eq!((of("refresh:1"), of("refresh:2"), of("refresh:3")), (Some("24h"), Some("off"), None));
        assert!(of("credentials:1").is_some() && of("credentials:3").is_none() && of("purge").is_some());
    }
}
