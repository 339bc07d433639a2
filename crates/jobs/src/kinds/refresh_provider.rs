//! Serves what is asked of one provider: takes all requests, runs one refresh that covers them, takes away those it served.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use anyhow::anyhow;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stocktake_model::{Listed, Scope, Target};
use stocktake_provider::{ConnectError, Progress, Provider};
use stocktake_queue::{Filter, Lane, Priority, State};
use stocktake_refresh::findings;
use stocktake_refresh::requests::{self, Ask, Asked, Attempt};
use stocktake_refresh::{
    Choice, Finished, Observer, Phase, Prices, Refresh, RefreshError, Request, RunReport, Tried, choose, execute,
};
use stocktake_saver::GuardPolicy;
use stocktake_store::query;
use stocktake_store::registry::{self, ProviderRecord, ProviderStatus};
use stocktake_store::{ProviderId, StoreError};
use stocktake_worker::{Doing, Ended, Reporter};

use super::{BUSY, again, provider};
use crate::context::Context;
use crate::job::Job;

/// Parked jobs of a provider that are looked at after a run.
const PARKED: u32 = 100;

/// So few objects are asked for by their ids without reckoning.
const FEW: usize = 8;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshProvider {
    pub provider: ProviderId,
}

impl Job for RefreshProvider {
    const KIND: &'static str = requests::KIND;
    const PRIORITY: Priority = Priority::NORMAL;
    const MAX_ATTEMPTS: u16 = requests::ATTEMPTS;

    fn lane(&self) -> Lane {
        Lane::exclusive(requests::lane(self.provider))
    }

    fn merge_key(&self) -> Option<String> {
        Some(requests::lane(self.provider))
    }

    async fn run(self, context: &Context, doing: &Doing) -> Ended {
        let record = match provider(context, self.provider).await {
            Ok(record) => record,
            Err(ended) => return ended,
        };
        if record.status == ProviderStatus::Removing {
            return Ended::Done(Some(json!({"left out": "the provider is being removed"})));
        }
        if !record.enabled {
            return Ended::HandBack { why: format!("{} is paused", record.name), after: BUSY };
        }
        let ended = serve(context, doing, &record).await;
        let ended = tidied(context, doing, ended).await;
        // Also what a run that failed did not serve: the next attempt takes it anew.
        match requests::release(&context.store, Attempt::of(&doing.job)).await {
            Ok(_) => ended,
            Err(error) => match ended {
                Ended::Done(_) => again(&error.into()),
                ended => ended,
            },
        }
    }
}

async fn serve(context: &Context, doing: &Doing, record: &ProviderRecord) -> Ended {
    match condensed(context, record).await {
        Ok(()) => {}
        Err(error) => return again(&error),
    }
    let asked = match requests::claim(&context.store, record.id, Attempt::of(&doing.job)).await {
        Ok(asked) if asked.is_empty() => return Ended::Done(Some(json!({"left out": "nothing is asked for any more"}))),
        Ok(asked) => asked,
        Err(error) => return again(&error.into()),
    };
    let connected = match context.connect(record).await {
        Ok(provider) => provider,
        Err(error) => return unconnected(context, record, error).await,
    };
    let seed = match registry::seed(&context.store).await {
        Ok(seed) => seed,
        Err(error) => return again(&error.into()),
    };
    let Choice { scope, reasons } = match choice(context, record, connected.as_ref(), &asked).await {
        Ok(choice) => choice,
        Err(error) => return again(&error),
    };
    let guard = GuardPolicy::default();
    let refresh = Refresh { provider_id: record.id, provider: connected, scope, guard, strict: false, seed };
    let trigger = triggers(&asked);
    let (kind, attempt) = (context.store.kind(), Attempt::of(&doing.job));
    let also = |report: &RunReport| vec![requests::served(kind, attempt, served(&asked, report))];
    let tried =
        Tried { generation: record.generation, to_unreachable: context.settings.credentials.failures_to_unreachable };
    let request = Request {
        also: &also,
        credentials: Some(tried),
        choice: &reasons,
        lease: context.settings.refresh.lease,
        ..Request::new(&trigger, &doing.owner)
    };
    let watched = Watched::new(&doing.report);
    match execute(&context.store, &refresh, &request, &watched, doing.stop.asked()).await {
        Ok(finished) => ended(&finished, &asked, &record.name),
        Err(RefreshError::Store(StoreError::Held { holder, .. })) => {
            Ended::HandBack { why: format!("{} is being refreshed by {holder}", record.name), after: BUSY }
        }
        Err(error) => again(&error.into()),
    }
}

async fn condensed(context: &Context, record: &ProviderRecord) -> anyhow::Result<()> {
    let listable = context.provider_type(record)?.listable();
    for collection in requests::condense(&context.store, record.id, &listable).await? {
        tracing::info!(collection, "more objects are asked for than a run takes: the whole collection instead");
    }
    Ok(())
}

/// What is asked is in rows, so one job for it is enough: one that failed leaves them to another that comes anyway, and one
/// that served them takes away those that were parked over them. Else a cloud that is away for days leaves a heap of jobs.
async fn tidied(context: &Context, doing: &Doing, ended: Ended) -> Ended {
    let of_lane = |states: &[State], limit| Filter {
        lanes: vec![doing.job.lane.clone()],
        states: states.to_vec(),
        limit,
        ..Filter::default()
    };
    match ended {
        Ended::Again(error) => match context.queue.list(&of_lane(&[State::Waiting, State::Retrying], 1)).await {
            Ok(others) if !others.is_empty() => {
                tracing::warn!(error, other = %others[0].id, "failed; left to another job that waits for the same");
                Ended::Done(Some(json!({"failed": error, "left to": others[0].id})))
            }
            _ => Ended::Again(error),
        },
        Ended::Done(Some(result)) if result.get("run").is_some() => {
            // Best effort: whatever stays can be seen, and is taken away the next time.
            for parked in context.queue.list(&of_lane(&[State::Parked], PARKED)).await.unwrap_or_default() {
                if let Err(error) = context.queue.cancel(parked.id).await {
                    tracing::debug!(job = %parked.id, %error, "stays parked");
                }
            }
            Ended::Done(Some(result))
        }
        ended => ended,
    }
}

/// Settings that make no connection are written down; a key file or database that cannot be read says nothing of them.
async fn unconnected(context: &Context, record: &ProviderRecord, error: anyhow::Error) -> Ended {
    let Some(settings) = error.downcast_ref::<ConnectError>() else { return again(&error) };
    let (store, finding) = (&context.store, findings::of_settings(settings));
    let enough = context.settings.credentials.failures_to_unreachable;
    match registry::note_credentials(store, record.id, record.generation, &finding, enough).await {
        Ok(_) => again(&error),
        Err(unwritten) => again(&anyhow::Error::from(unwritten).context(format!("{error:#}"))),
    }
}

/// What serves everything asked for at the least cost, and why.
async fn choice(
    context: &Context,
    record: &ProviderRecord,
    provider: &dyn Provider,
    asked: &[Asked],
) -> anyhow::Result<Choice> {
    let full = asked.iter().any(|asked| asked.ask == Ask::Everything);
    let targets: Vec<_> = asked.iter().filter_map(|asked| target(&asked.ask)).collect();
    if !full && targets.len() <= FEW && !targets.iter().any(Target::is_whole) {
        return Ok(Choice { scope: Scope::Targets(targets), reasons: Vec::new() });
    }
    let menu = provider.menu();
    let counts = query::counts(&context.store, &menu).await?;
    let rows = counts.into_iter().filter(|counted| counted.provider == record.id);
    let rows = rows.map(|counted| (menu.get(counted.collection).name.to_owned(), counted.live)).collect();
    let prices = Prices::new(context.provider_type(record)?.as_ref(), provider, rows);
    Ok(choose(&prices, full, &targets))
}

fn target(ask: &Ask) -> Option<Target> {
    match ask {
        Ask::Everything => None,
        Ask::Collection(collection) => Some(Target::whole(collection)),
        Ask::Target(target) => Some(target.clone()),
    }
}

fn triggers(asked: &[Asked]) -> String {
    let triggers: BTreeSet<_> = asked.iter().map(|asked| asked.trigger.as_str()).collect();
    triggers.into_iter().collect::<Vec<_>>().join(", ")
}

/// All but what could be neither read nor said to be gone, whether it was asked for by its id or with its collection.
fn served(asked: &[Asked], report: &RunReport) -> Vec<i64> {
    asked.iter().filter(|asked| is_served(&asked.ask, report)).map(|asked| asked.id).collect()
}

fn is_served(ask: &Ask, report: &RunReport) -> bool {
    let Some(target) = target(ask) else { return true };
    let of = report.collections.iter().find(|of| of.collection == target.collection);
    let listed = of.and_then(|of| of.listed.as_ref());
    // What the system does not have will not be there the next time, either.
    if target.is_whole() && matches!(listed, Some(Listed::NotAsked { .. })) {
        return true;
    }
    if report.targets.contains(&target) {
        return !report.unknown_targets.contains(&target);
    }
    // It was served by a listing, of its collection or of everything: only a whole one has seen or missed it.
    listed.is_some_and(Listed::is_complete)
}

fn ended(finished: &Finished, asked: &[Asked], name: &str) -> Ended {
    let report = &finished.report;
    let unserved = asked.iter().filter(|asked| !is_served(&asked.ask, report)).filter_map(|asked| target(&asked.ask));
    let unserved: Vec<_> = unserved.collect();
    let counts = report.counts();
    match &finished.error {
        Some(RefreshError::Interrupted) => {
            Ended::HandBack { why: "it was interrupted; nothing was saved".to_owned(), after: std::time::Duration::ZERO }
        }
        Some(error) => Ended::Again(format!("refresh of {name} failed, nothing was saved (run {}): {error}", finished.run)),
        None if !unserved.is_empty() => {
            let targets: Vec<_> = unserved.iter().map(ToString::to_string).collect();
            let unread = anyhow!("{} of {name} could not be read (run {})", targets.join(", "), finished.run);
            again(&unread)
        }
        None => Ended::Done(Some(json!({
            "run": finished.run,
            "outcome": report.outcome,
            "mode": report.mode,
            "created": counts.created,
            "updated": counts.updated,
            "archived": counts.archived,
            "deleted": counts.deleted,
            "held": counts.held,
        }))),
    }
}

/// Turns what a refresh tells into the worker's words.
struct Watched<'a> {
    report: &'a Reporter,
    seen: Mutex<(Option<Phase>, BTreeMap<&'static str, u64>)>,
}

impl<'a> Watched<'a> {
    fn new(report: &'a Reporter) -> Self {
        Self { report, seen: Mutex::default() }
    }
}

impl Observer for Watched<'_> {
    fn phase(&self, phase: Phase) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).0 = Some(phase);
        self.report.doing(phase.name());
    }

    fn progress(&self, progress: &Progress) {
        match progress {
            Progress::Started { listing } => self.report.doing(format!("collecting {listing}")),
            Progress::Records { listing, records } => {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                seen.1.insert(listing, *records);
                self.report.progress(json!(seen.1));
            }
            Progress::Ended { .. } => self.report.tick(),
            Progress::Notice(text) => self.report.doing(text.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use stocktake_refresh::CollectionReport;

    use super::*;

    fn report(targets: &[Target], unknown: &[Target], listed: Option<Listed>) -> RunReport {
        let mut report = RunReport::new("full", targets);
        report.unknown_targets = unknown.to_vec();
        let counts = stocktake_saver::Counts::default();
        report.collections.push(CollectionReport { collection: "vms".to_owned(), counts, listed });
        report
    }

    #[test]
    fn what_no_listing_saw_and_nobody_answered_for_is_not_served() {
        let (one, all) = (Target::one("vms", "a"), Target::whole("vms"));
        let (ask_one, ask_all) = (Ask::Target(one.clone()), Ask::Collection("vms".to_owned()));
        let failed = || Some(Listed::Failed { error: "503".to_owned() });
        // Asked for by its id, served by its collection's listing or by everything's.
        for targets in [from_ref(&all), &[]] {
            assert!(is_served(&ask_one, &report(targets, &[], Some(Listed::Complete))));
            assert!(!is_served(&ask_one, &report(targets, targets, failed())));
            assert!(!is_served(&ask_one, &report(targets, &[], None)));
        }
        assert!(is_served(&ask_one, &report(from_ref(&one), &[], None)));
        assert!(!is_served(&ask_one, &report(from_ref(&one), from_ref(&one), None)));
        assert!(!is_served(&ask_all, &report(from_ref(&all), from_ref(&all), failed())));
        let absent = Some(Listed::NotAsked { reason: "no such service".to_owned() });
        assert!(is_served(&ask_all, &report(from_ref(&all), from_ref(&all), absent)), "it will not be there later, either");
        assert!(
            is_served(&Ask::Everything, &report(&[], &[], failed())),
            "a part of everything was seen; the run says which"
        );
    }
}
