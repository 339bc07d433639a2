//! The jobs that events become, run as a worker runs them, on both databases.
#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use stocktake_events::pack;
use stocktake_jobs::{Context, HandleEvents, Jobs, Purge, RefreshLater, new_job};
use stocktake_model::Menu;
use stocktake_provider::{
    Capability, Configuration, ConnectError, Event, EventReader, Form, Provider, ProviderType, RawEvent, Traffic,
};
use stocktake_queue::{Claim, Queue};
use stocktake_settings::Settings;
use stocktake_store::registry::Vault;
use stocktake_store::{ProviderId, Store, params};
use stocktake_testkit::TestDatabase;
use stocktake_worker::{Doing, Ended, Reporter, Stop, Work as _};

#[derive(Debug)]
struct Plain;

impl ProviderType for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn title(&self) -> &'static str {
        "Plain"
    }

    fn form(&self) -> Form {
        Form { fields: Vec::new() }
    }

    fn menu(&self) -> Arc<Menu> {
        Arc::new(Menu::builder().build().unwrap())
    }

    fn capabilities(&self) -> Vec<Capability> {
        Vec::new()
    }

    fn targetable(&self) -> &'static [&'static str] {
        &["vms"]
    }

    fn connect(&self, _: &Configuration, _: Traffic) -> Result<Arc<dyn Provider>, ConnectError> {
        unreachable!("events need no connection")
    }

    fn event_reader(&self) -> Option<Arc<dyn EventReader>> {
        Some(Arc::new(Self))
    }
}

impl EventReader for Plain {
    fn routes(&self) -> &'static str {
        "[[route]]\ntypes = [\"vm.*\"]\ntargets = [{ collection = \"vms\", ref = \"id\" }]\nlook_again = [\"100ms\"]\n"
    }

    fn read(&self, raw: &RawEvent) -> Result<Event, String> {
        let payload: Value = serde_json::from_slice(&raw.body).map_err(|error| error.to_string())?;
        Ok(Event { kind: payload["type"].as_str().unwrap_or_default().to_owned(), payload, ..Event::default() })
    }
}

struct World {
    jobs: Jobs,
    queue: Queue,
    store: Store,
    provider: ProviderId,
    _database: TestDatabase,
}

impl World {
    async fn new(database: TestDatabase, settings: Settings) -> Self {
        let store = database.store().await;
        let queue = Queue::new(store.clone());
        let sql =
            "insert into providers (name, type, zone, settings) values ('cloud', 'plain', 'default', '{}') returning id";
        let provider = store.query_one(sql, &[]).await.unwrap().get(0).unwrap();
        let types: Vec<Arc<dyn ProviderType>> = vec![Arc::new(Plain)];
        let context = Context::new(store.clone(), queue.clone(), Vault::new("no key is needed"), settings, types);
        Self { jobs: Jobs { context: Arc::new(context) }, queue, store, provider, _database: database }
    }

    async fn batch(&self, events: &[RawEvent]) -> HandleEvents {
        let sql = "insert into event_batches (provider_id, events, body) values ($1, $2, $3) returning id";
        let params = params![self.provider, events.len() as i64, pack(events)];
        let batch = self.store.query_one(sql, &params).await.unwrap().get(0).unwrap();
        HandleEvents { provider: self.provider, batch }
    }

    /// Puts it, and runs it when it is due.
    async fn run<J: stocktake_jobs::Job>(&self, job: &J) -> Ended {
        let new = new_job(job);
        let lanes = vec![new.lane.name.clone()];
        self.queue.put_unless_waiting(&new).await.unwrap();
        let claim = Claim { lanes, owner: "here:1".to_owned(), ttl: Duration::from_mins(10), limit: 1 };
        let start = std::time::Instant::now();
        let job = loop {
            assert!(start.elapsed() < Duration::from_mins(1), "never due");
            if let Some(job) = self.queue.claim(&claim).await.unwrap().pop() {
                break job;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let doing = Doing { job: job.clone(), owner: claim.owner, report: Reporter::default(), stop: Stop::default() };
        let ended = self.jobs.run(doing).await;
        self.queue.done(&job, None).await.unwrap();
        ended
    }

    async fn count(&self, from: &str) -> i64 {
        self.store.query_one(&format!("select count(*) from {from}"), &[]).await.unwrap().get(0).unwrap()
    }
}

fn event(key: &str, vm: &str) -> RawEvent {
    let body = json!({"type": "vm.changed", "id": vm}).to_string();
    RawEvent { key: key.to_owned(), via: "test".to_owned(), body: Bytes::from(body) }
}

fn done(ended: Ended) -> Value {
    match ended {
        Ended::Done(Some(result)) | Ended::DoneAndGone(result) => result,
        other => panic!("{other:?}"),
    }
}

async fn a_batch_is_handled_and_looked_at_again(database: TestDatabase) {
    let world = World::new(database, Settings::default()).await;
    let job = world.batch(&[event("k", "a"), event("l", "b")]).await;
    assert_eq!(done(world.run(&job).await), json!({"stored": 2, "known": 0, "aside": 0, "unrouted": 0, "asked": 2}));
    let again = done(world.run(&job).await);
    // The job that looks again may be due first; one way or the other the batch is not handled twice.
    assert!(again == json!({"left out": "another handled the batch"}) || again.get("asked").is_some(), "{again}");
    let later = RefreshLater { provider: world.provider, wait_millis: 100 };
    while world.count("refresh_later").await > 0 {
        done(world.run(&later).await);
    }
    assert_eq!(world.count("refresh_targets where asked = 2").await, 2);
    assert_eq!((world.count("events").await, world.count("event_batches").await), (2, 0));
}

async fn routes_that_cannot_be_read_hold_events_up_and_lose_none(database: TestDatabase) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "[[route]]\ntypes = [\"vm.*\"]\ngroup = \"powr\"").unwrap();
    let mut settings = Settings::default();
    settings.events.routes = file.path().display().to_string();
    let world = World::new(database, settings).await;
    let job = world.batch(&[event("k", "a")]).await;
    match world.run(&job).await {
        Ended::HandBack { why, .. } => {
            assert!(why.contains("line 3: there is no group 'powr' (did you mean 'power'?)"), "{why}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!((world.count("events").await, world.count("event_batches").await), (0, 1));
    std::fs::write(file.path(), "[[route]]\ntypes = [\"vm.*\"]\nignore = true\n").unwrap();
    assert_eq!(done(world.run(&job).await)["stored"], 1);
    assert_eq!(world.count("refresh_targets").await, 0, "the user's route goes before the provider's");
}

async fn a_batch_of_a_provider_that_goes_is_taken_away(database: TestDatabase) {
    let world = World::new(database, Settings::default()).await;
    let job = world.batch(&[event("k", "a")]).await;
    world.store.execute("update providers set status = 'removing'", &[]).await.unwrap();
    assert!(done(world.run(&job).await).get("left out").is_some());
    assert_eq!((world.count("events").await, world.count("event_batches").await), (0, 0));
    world.store.execute("delete from providers", &[]).await.unwrap();
    assert!(done(world.run(&job).await).get("left out").is_some());
    let later = RefreshLater { provider: world.provider, wait_millis: 100 };
    assert!(done(world.run(&later).await).get("left out").is_some());
}

async fn old_events_are_purged(database: TestDatabase) {
    let mut settings = Settings::default();
    settings.events.keep = Duration::ZERO;
    let world = World::new(database, settings).await;
    let job = world.batch(&[event("k", "a"), event("l", "b")]).await;
    done(world.run(&job).await);
    assert_eq!(done(world.run(&Purge {}).await)["events"], 2);
    assert_eq!(world.count("events").await, 0);
}

stocktake_testkit::on_both!(
    a_batch_is_handled_and_looked_at_again,
    routes_that_cannot_be_read_hold_events_up_and_lose_none,
    a_batch_of_a_provider_that_goes_is_taken_away,
    old_events_are_purged,
);
