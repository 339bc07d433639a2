use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::{Listed, Scope};
use stocktake_queue::{Claim, Lane, NewJob};
use stocktake_saver::Counts;
use stocktake_store::fleet::{self, NewServer, NewWorker, WorkerId, WorkerReport, WorkerState};
use stocktake_store::registry::{self, CollectionRun, NewProvider, NewRun, RunEnd, RunState, Usage, Vault};
use stocktake_store::{Lease, ProviderId, params};
use stocktake_testkit::TestDatabase;

use super::*;

const LONG: Duration = Duration::from_mins(10);

stocktake_testkit::on_both!(
    a_page_tells_of_everything,
    without_a_schema_no_server_is_ready_and_the_page_says_so,
    many_who_ask_are_one_reading,
);

async fn a_page_tells_of_everything(database: TestDatabase) {
    let store = database.store().await;
    fill(&store).await;
    let page = endpoints(&store).metrics().await;
    check(&page);
    insta::with_settings!({snapshot_path => "snapshots", prepend_module_to_snapshot => false, snapshot_suffix => ""}, {
        insta::assert_snapshot!("metrics", masked(&page));
    });
}

async fn without_a_schema_no_server_is_ready_and_the_page_says_so(database: TestDatabase) {
    let empty = database.empty().await;
    let store = empty.store().await;
    let endpoints = endpoints(&store);
    let why = endpoints.ready().await.expect_err("there is no schema");
    assert!(why.contains("migrate"), "{why}");
    let page = endpoints.metrics().await;
    check(&page);
    assert!(page.contains("\nstocktake_database_up 0\n"), "{page}");
    assert!(!page.contains("stocktake_queue"), "{page}");
}

async fn many_who_ask_are_one_reading(database: TestDatabase) {
    let store = database.store().await;
    let endpoints = endpoints(&store);
    assert_eq!(endpoints.ready().await, Ok(()));
    let first = endpoints.metrics().await;
    fill(&store).await;
    assert!(Arc::ptr_eq(&first, &endpoints.metrics().await), "it is not read anew for each");
    endpoints.page.lock().await.take();
    assert_ne!(first, endpoints.metrics().await);
}

fn endpoints(store: &Store) -> Endpoints {
    let health = Health::default();
    health.leases_for(LONG);
    health.turned();
    health.renewed();
    Endpoints::new(store.clone(), Queue::new(store.clone()), health, "1.2.3".to_owned())
}

/// Two providers, one of them refreshed; a server with its workers; jobs.
async fn fill(store: &Store) {
    let (cloud1, cloud2) = (provider(store, "cloud1").await, provider(store, "cloud2").await);
    refreshed_whole(store, cloud2).await;
    registry::pause(store, cloud2).await.expect("it is paused");
    refreshes(store, cloud1).await;
    jobs(store, cloud1).await;
    events(store, cloud1, cloud2).await;
    let new = NewServer {
        name: "blue".to_owned(),
        host: "host1".to_owned(),
        pid: 1,
        version: "1.2.3".to_owned(),
        zone: "default".to_owned(),
        roles: vec!["refresh".to_owned()],
    };
    let server = fleet::register_server(store, &new, LONG).await.expect("a server");
    for (kind, provider, state) in
        [("refresh", Some(cloud1), WorkerState::Running), ("generic", None, WorkerState::Draining)]
    {
        let (id, host) = (WorkerId::new(), "host1".to_owned());
        let new = NewWorker { id, server, kind: kind.to_owned(), provider, slot: 1, host, generation: 1, restarts: 2 };
        fleet::add_worker(store, &new).await.expect("a worker");
        let report = WorkerReport {
            id,
            state,
            pid: Some(7),
            heard: true,
            progressed: true,
            job: None,
            doing: None,
            progress: None,
            rss_bytes: Some(20 << 20),
            cpu_millis: Some(1_500),
        };
        fleet::report_workers(store, &[report]).await.expect("its report");
    }
}

async fn provider(store: &Store, name: &str) -> ProviderId {
    let folder = tempfile::tempdir().expect("a folder");
    let new = NewProvider {
        name: name.to_owned(),
        kind: "openstack".to_owned(),
        zone: "default".to_owned(),
        settings: BTreeMap::new(),
        secrets: BTreeMap::new(),
        event_source: Some("amqp".to_owned()),
    };
    registry::add(store, &Vault::new(folder.path().join("key")), new).await.expect("a provider").id
}

/// One full run that saw all there is.
async fn refreshed_whole(store: &Store, provider: ProviderId) {
    let new = NewRun {
        provider,
        scope: &Scope::Full,
        trigger: "cli",
        owner: "here:1",
        lease_token: None,
        approves: None,
        trace_id: None,
    };
    let whole = CollectionRun { listed: Some(Listed::Complete), ..CollectionRun::default() };
    let end = RunEnd { state: RunState::Ok, error: None, ..RunEnd::failed("") };
    let end = RunEnd { collections: [("vms".to_owned(), whole)].into(), ..end };
    let run = registry::begin_run(store, &new).await.expect("a run");
    registry::end_run(store, run, provider, &Scope::Full, &end).await.expect("its end");
}

/// One full run with a collection that failed and one that the provider does not offer, one that failed.
async fn refreshes(store: &Store, provider: ProviderId) {
    let Lease { token, .. } = store.acquire_lease(provider, "here:1", LONG).await.expect("a lease");
    let new = NewRun {
        provider,
        scope: &Scope::Full,
        trigger: "cli",
        owner: "here:1",
        lease_token: Some(token),
        approves: None,
        trace_id: None,
    };
    let collection = |listed, counts| CollectionRun { counts, listed: Some(listed) };
    let counts = Counts { created: 5, updated: 4, unchanged: 3, archived: 2, deleted: 1, ..Counts::default() };
    let collections = [
        ("vms", collection(Listed::Complete, counts)),
        ("flavors", collection(Listed::Complete, Counts::default())),
        ("images", collection(Listed::Failed { error: "503".to_owned() }, Counts::default())),
        ("stacks", collection(Listed::NotAsked { reason: "none".to_owned() }, Counts::default())),
    ];
    let failed = RunEnd::failed("nobody answers");
    let ended = RunEnd {
        state: RunState::Ok,
        error: None,
        collections: collections.map(|(name, run)| (name.to_owned(), run)).into(),
        usage: Usage { calls: 40, retries: 2, throttled: 1, bytes: 123_456 },
        ..failed.clone()
    };
    for (end, millis) in [(ended, 1_500), (failed, 250)] {
        let run = registry::begin_run(store, &new).await.expect("a run");
        registry::end_run(store, run, provider, &Scope::Full, &end).await.expect("its end");
        registry::count_run(store, provider, "full", &end, millis).await.expect("its sums");
    }
}

/// Two wait, one of them for its time; one is parked.
async fn jobs(store: &Store, provider: ProviderId) {
    let queue = Queue::new(store.clone());
    let of_provider = format!("refresh:{provider}");
    queue.put(&NewJob::new("refresh_provider", Lane::exclusive(&of_provider))).await.expect("a job");
    queue.put(&NewJob::new("purge", Lane::shared("generic"))).await.expect("a job");
    let claim = Claim { lanes: vec!["generic".to_owned()], owner: "here:1".to_owned(), ttl: LONG, limit: 1 };
    let taken = queue.claim(&claim).await.expect("a claim").pop().expect("the job");
    queue.park(&taken, "it cannot be done").await.expect("it is parked");
    queue.put(&NewJob::new("purge", Lane::shared("generic")).delay(LONG)).await.expect("a job");
}

/// One provider's events are caught and wait for a handler, another's source never told any.
async fn events(store: &Store, caught: ProviderId, quiet: ProviderId) {
    let sources = "insert into event_sources (provider_id, source, state, last_event_on, received, poisoned, gaps) \
                   values ($1, 'amqp', 'catching', now(), 12, 2, 1), ($2, 'polling', 'failed', null, 0, 0, 0)";
    store.execute(sources, &params![caught, quiet]).await.expect("sources");
    let batches = "insert into event_batches (provider_id, events, body) values ($1, 3, $2), ($1, 4, $2)";
    store.execute(batches, &params![caught, Vec::<u8>::new()]).await.expect("batches");
}

/// With numbers that depend on the moment or the machine left out.
fn masked(page: &str) -> String {
    let passing = |name: &str| name.starts_with("process_") || (name.starts_with("stocktake") && name.ends_with("_seconds"));
    let mask = |line: &str| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        match line.rsplit_once(' ') {
            Some((series, _)) if passing(name) => format!("{series} #"),
            _ => line.to_owned(),
        }
    };
    page.lines().map(mask).collect::<Vec<_>>().join("\n")
}

/// What Prometheus' own checker looks for: each sample belongs to the metric announced before it, no series is there twice,
/// names and values can be read, counters are named like counters and nothing else is.
fn check(page: &str) {
    assert!(page.ends_with('\n'));
    let (mut metrics, mut series) = (BTreeSet::new(), BTreeSet::new());
    let (mut described, mut current) = (String::new(), (String::new(), String::new()));
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a text");
            assert!(metrics.insert(name), "{name} is there twice");
            assert!(help.ends_with('.'), "{help}");
            name.clone_into(&mut described);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert_eq!(name, described);
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name} is a {kind}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            for unit in ["_ms", "_millis", "_micros", "_kb", "_mib", "_minutes", "_age"] {
                assert!(!name.trim_end_matches("_total").ends_with(unit), "{name} is in no base unit");
            }
            current = (name.to_owned(), kind.to_owned());
        } else {
            let (of, value) = line.rsplit_once(' ').expect("a value");
            assert!(value.parse::<f64>().is_ok_and(|value| value >= 0.0), "{line}");
            assert!(series.insert(of), "{of} is there twice");
            let (name, labels) = of.split_once('{').map_or((of, ""), |(name, labels)| (name, labels));
            assert_eq!(name, current.0, "a sample of another metric");
            assert!(labels.is_empty() || labels.ends_with("\"}"), "{line}");
        }
    }
    assert!(!series.is_empty());
}
