//! The metrics: one long table of what is told. All of it is read from the database when somebody asks, so that any server
//! tells of the whole installation and a restart loses nothing; only what is of this very process comes from the kernel.

use std::collections::BTreeMap;
use std::time::Duration;

use stocktake_model::Listed;
use stocktake_queue::{Depth, Queue};
use stocktake_store::fleet::{self, ServerRecord, ServerState, WorkerFilter, WorkerRecord, WorkerState};
use stocktake_store::registry::{self, EventSourceRecord, Recency, RegistryError, RunTotals};
use stocktake_store::{ProviderId, Store};

use super::event_metrics::events;
use super::exposition::{Kind, Labels, add};
use crate::error::SupervisorError;
use crate::proc;

/// Everything at one moment.
#[derive(Debug)]
pub(super) struct Numbers {
    providers: Vec<Recency>,
    collections: BTreeMap<ProviderId, Collections>,
    totals: Vec<RunTotals>,
    queue: Vec<Depth>,
    workers: Vec<WorkerRecord>,
    servers: Vec<ServerRecord>,
    events: Vec<EventSourceRecord>,
}

/// A provider's collections, those that it does not offer left out.
#[derive(Debug, Default)]
struct Collections {
    known: u64,
    complete: u64,
    /// When the one was seen whole that waits for that the longest. None: one never was.
    verified_on: Option<i64>,
}

pub(super) async fn read(store: &Store, queue: &Queue) -> Result<Numbers, SupervisorError> {
    let registry = |error| match error {
        RegistryError::Store(error) => SupervisorError::Store(error),
        other => SupervisorError::Store(stocktake_store::StoreError::Bug(other.to_string())),
    };
    let mut collections: BTreeMap<ProviderId, Collections> = BTreeMap::new();
    for one in registry::latest_per_collection(store).await.map_err(registry)? {
        if matches!(one.listed, Listed::NotAsked { .. }) {
            continue;
        }
        let of = collections.entry(one.provider_id).or_default();
        of.verified_on = if of.known == 0 { one.complete_on } else { of.verified_on.min(one.complete_on) };
        of.known += 1;
        of.complete += u64::from(one.listed.is_complete());
    }
    Ok(Numbers {
        collections,
        providers: registry::recency(store).await.map_err(registry)?,
        totals: registry::run_totals(store).await.map_err(registry)?,
        queue: queue.depths().await?,
        workers: fleet::workers(store, &WorkerFilter::default()).await?,
        servers: fleet::servers(store, false).await?,
        events: registry::event_sources(store).await.map_err(registry)?,
    })
}

/// The whole page. `numbers`: None while the database is away.
pub(super) fn page(version: &str, numbers: Option<&Numbers>) -> String {
    let mut page = String::new();
    let p = &mut page;
    let one = |value: f64| [(Labels::new(), value)];
    add(p, "stocktake_build_info", Kind::Gauge, "The program that answers.", [(vec![("version", version)], 1.0)]);
    let up = f64::from(u8::from(numbers.is_some()));
    add(p, "stocktake_database_up", Kind::Gauge, "Whether the database answered; 0: all else is missing.", one(up));
    if let Some((rss, cpu)) = proc::usage(std::process::id()) {
        add(p, "process_resident_memory_bytes", Kind::Gauge, "Memory of the server that answers.", one(rss as f64));
        add(
            p,
            "process_cpu_seconds_total",
            Kind::Counter,
            "Processor time of the server that answers.",
            one(cpu.as_secs_f64()),
        );
    }
    if let Some(numbers) = numbers {
        refreshes(p, numbers);
        freshness(p, numbers);
        queue(p, numbers);
        workers(p, numbers);
        servers(p, numbers);
        events(p, &numbers.events);
    }
    page
}

fn refreshes(p: &mut String, Numbers { totals, providers, .. }: &Numbers) {
    let runs = |value: fn(&RunTotals) -> f64| totals.iter().map(move |t| (of_run(t), value(t)));
    add(p, "stocktake_refresh_runs_total", Kind::Counter, "Refreshes that ended.", runs(|t| t.runs as f64));
    let help = "How long refreshes took, in all.";
    add(p, "stocktake_refresh_seconds_total", Kind::Counter, help, runs(|t| t.millis as f64 / 1_000.0));
    let rows = totals.iter().flat_map(|t| {
        let outcomes = [
            ("created", t.created),
            ("updated", t.updated),
            ("unchanged", t.unchanged),
            ("archived", t.archived),
            ("deleted", t.deleted),
            ("held", t.held),
        ];
        outcomes.map(|(outcome, rows)| {
            let mut labels = of_run(t);
            labels.push(("outcome", outcome));
            (labels, rows as f64)
        })
    });
    let help = "Rows of the inventory that refreshes were about, by what became of them.";
    add(p, "stocktake_refresh_rows_total", Kind::Counter, help, rows);
    let api = |value: fn(&RunTotals) -> u64| {
        totals.iter().map(move |t| (vec![("provider", t.provider.as_str())], value(t) as f64))
    };
    add(p, "stocktake_api_calls_total", Kind::Counter, "Calls of providers' APIs by refreshes.", api(|t| t.api_calls));
    add(p, "stocktake_api_retries_total", Kind::Counter, "Calls that were made again.", api(|t| t.api_retries));
    add(
        p,
        "stocktake_api_throttled_total",
        Kind::Counter,
        "Calls that were answered with: too many.",
        api(|t| t.api_throttled),
    );
    add(p, "stocktake_api_received_bytes_total", Kind::Counter, "Bytes of answers.", api(|t| t.api_bytes));
    let last = providers.iter().filter_map(|r| Some((named(r), seconds(r.last_micros?))));
    add(
        p,
        "stocktake_refresh_last_duration_seconds",
        Kind::Gauge,
        "How long the last refresh took, whatever came of it.",
        last,
    );
}

fn freshness(p: &mut String, Numbers { providers, collections, .. }: &Numbers) {
    let enabled = providers.iter().map(|r| (named(r), f64::from(u8::from(r.enabled))));
    add(p, "stocktake_provider_enabled", Kind::Gauge, "1: it is worked on; 0: it is paused.", enabled);
    let credentials =
        providers.iter().map(|r| (vec![("provider", r.name.as_str()), ("state", r.credentials.as_str())], 1.0));
    add(p, "stocktake_provider_credentials", Kind::Gauge, "The state of its credentials, as a label.", credentials);
    let fresh = providers.iter().filter_map(|r| Some((named(r), seconds(r.now - r.complete_on?))));
    let help = "Since the last full refresh that saw everything; missing: there was none.";
    add(p, "stocktake_provider_freshness_seconds", Kind::Gauge, help, fresh);
    let of = |r: &Recency| collections.get(&r.provider);
    let verified = providers.iter().filter_map(|r| Some((named(r), seconds(r.now - of(r)?.verified_on?))));
    let help = "Since the collection was seen whole that waits for that the longest; missing: one never was.";
    add(p, "stocktake_provider_verified_age_seconds", Kind::Gauge, help, verified);
    let known = providers.iter().filter_map(|r| Some((named(r), of(r)?.known as f64)));
    add(p, "stocktake_provider_collections_known", Kind::Gauge, "Collections that the provider offers.", known);
    let complete = providers.iter().filter_map(|r| Some((named(r), of(r)?.complete as f64)));
    let help = "Collections that were seen whole when all of them was last asked for.";
    add(p, "stocktake_provider_collections_complete", Kind::Gauge, help, complete);
}

fn queue(p: &mut String, Numbers { queue, providers, .. }: &Numbers) {
    let names: BTreeMap<String, &str> = providers.iter().map(|r| (r.provider.to_string(), r.name.as_str())).collect();
    // A lane of one provider is told with its name, as everything else is; ids mean nothing to those who watch.
    let told: Vec<_> = queue
        .iter()
        .map(|depth| {
            let split = depth.lane.split_once(':').and_then(|(lane, id)| Some((lane, *names.get(id)?)));
            let (lane, provider) = split.unwrap_or((&depth.lane, ""));
            (depth, lane, provider)
        })
        .collect();
    let jobs = told.iter().map(|(depth, lane, provider)| {
        (vec![("lane", *lane), ("provider", *provider), ("state", depth.state.name())], depth.jobs as f64)
    });
    add(p, "stocktake_queue_jobs", Kind::Gauge, "Jobs that have not ended, and parked ones.", jobs);
    let mut oldest: BTreeMap<(&str, &str), Duration> = BTreeMap::new();
    for (depth, lane, provider) in &told {
        if let Some(age) = depth.oldest_due {
            let known = oldest.entry((lane, provider)).or_default();
            *known = age.max(*known);
        }
    }
    let oldest =
        oldest.into_iter().map(|((lane, provider), age)| (vec![("lane", lane), ("provider", provider)], age.as_secs_f64()));
    let help = "For how long the job waits that could have been started and waits the longest.";
    add(p, "stocktake_queue_oldest_due_seconds", Kind::Gauge, help, oldest);
}

fn workers(p: &mut String, Numbers { workers, .. }: &Numbers) {
    let slots: Vec<String> = workers.iter().map(|worker| worker.slot.to_string()).collect();
    let each = |value: fn(&WorkerRecord) -> Option<f64>| {
        workers.iter().zip(&slots).filter_map(move |(worker, slot)| {
            let provider = worker.provider.as_deref().unwrap_or_default();
            let labels =
                vec![("kind", worker.kind.as_str()), ("provider", provider), ("server", &worker.server), ("slot", slot)];
            Some((labels, value(worker)?))
        })
    };
    let up = each(|w| Some(f64::from(u8::from(w.state == WorkerState::Running))));
    add(p, "stocktake_worker_up", Kind::Gauge, "1: it works; 0: it starts or is asked to stop.", up);
    let rss = each(|w| w.rss_bytes.map(|bytes| bytes as f64));
    add(p, "stocktake_worker_resident_memory_bytes", Kind::Gauge, "Memory of its process.", rss);
    let cpu = each(|w| w.cpu_millis.map(|millis| millis as f64 / 1_000.0));
    add(
        p,
        "stocktake_worker_cpu_seconds_total",
        Kind::Counter,
        "Processor time of its process; begins anew with each.",
        cpu,
    );
    let restarts = each(|w| Some(w.restarts as f64));
    let help = "How often its place was filled again since its server began.";
    add(p, "stocktake_worker_restarts_total", Kind::Counter, help, restarts);
}

fn servers(p: &mut String, Numbers { servers, .. }: &Numbers) {
    let up = servers.iter().map(|server| {
        let works = server.alive && server.state == ServerState::Running;
        (vec![("server", server.name.as_str()), ("zone", server.zone.as_str())], f64::from(u8::from(works)))
    });
    let help = "1: it works; 0: it starts or stops, or gave no sign of life for longer than its lease.";
    add(p, "stocktake_server_up", Kind::Gauge, help, up);
}

fn of_run(t: &RunTotals) -> Labels<'_> {
    vec![("mode", &t.mode), ("provider", &t.provider), ("state", t.state.name())]
}

fn named(recency: &Recency) -> Labels<'_> {
    vec![("provider", &recency.name)]
}

fn seconds(micros: i64) -> f64 {
    micros.max(0) as f64 / 1e6
}
