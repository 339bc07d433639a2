//! A house with one provider, rules, and a worker.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stocktake_events::handle::{Handler, Whose};
use stocktake_events::{Handled, Known, Routes, RoutesText, pack};
use stocktake_jobs::rules::Ruling;
use stocktake_jobs::{Context, Jobs, lanes};
use stocktake_model::Menu;
use stocktake_provider::{Event, EventReader, RawEvent};
use stocktake_queue::{Backoff, Debounce, Filter, JobRecord, Queue, State};
use stocktake_rules::Rules;
use stocktake_settings::Settings;
use stocktake_store::registry::{self, NewProvider, Vault};
use stocktake_store::{ProviderId, Store, params};
use stocktake_testkit::TestDatabase;
use stocktake_worker::{Life, Reporter, Stop, live};

/// Far longer than anything takes.
const PATIENCE: Duration = Duration::from_mins(1);

const ROUTES: &str = r#"
[[route]]
types = ["compute.*"]
group = "power"
severity = "detail"
targets = [{ collection = "vms", ref = "instance_id" }]
"#;

/// Events of tests say what they are in plain words.
#[derive(Debug)]
struct Plain;

impl EventReader for Plain {
    fn routes(&self) -> &'static str {
        ROUTES
    }

    fn read(&self, raw: &RawEvent) -> Result<Event, String> {
        let body: Value = serde_json::from_slice(&raw.body).map_err(|error| error.to_string())?;
        let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
        Ok(Event {
            kind: text("type").unwrap_or_default(),
            at: Some(1_764_097_200_000_000),
            vm: text("vm"),
            host: text("host"),
            payload: body["payload"].clone(),
            ..Event::default()
        })
    }
}

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) provider: ProviderId,
    handler: Handler,
    jobs: Arc<Jobs>,
    pub(crate) folder: tempfile::TempDir,
    _database: TestDatabase,
}

pub(crate) fn menu() -> Menu {
    Menu::builder().pick(stocktake_model::menus::all()).build().unwrap()
}

impl House {
    pub(crate) async fn new(database: TestDatabase, rules: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = database.store().await;
        let vault = Vault::new(folder.path().join("key"));
        let new = NewProvider {
            name: "cloud1".to_owned(),
            kind: "test".to_owned(),
            zone: "default".to_owned(),
            settings: std::collections::BTreeMap::new(),
            secrets: std::collections::BTreeMap::new(),
            event_source: None,
        };
        let provider = registry::add(&store, &vault, new).await.unwrap().id;
        let backoff = Backoff { first: Duration::from_millis(1), most: Duration::from_millis(1) };
        let queue = Queue::with_backoff(store.clone(), backoff);
        let menu = Arc::new(menu());
        let rules = Arc::new(Rules::parse(&folder.path().join("rules.toml"), rules, &menu).unwrap());
        let known = Known { provider: "test", targetable: &["vms"], listable: &["vms"] };
        let routes = Arc::new(Routes::read(&[RoutesText { name: "routes", text: ROUTES }], known).unwrap());
        let handler = Handler {
            queue: queue.clone(),
            whose: Whose { id: provider, name: "cloud1".to_owned(), kind: "test".to_owned() },
            reader: Arc::new(Plain),
            routes,
            consequences: Arc::new(Ruling::new(queue.clone(), rules, menu)),
            debounce: Debounce { quiet: Duration::ZERO, at_most: Duration::ZERO },
        };
        let context = Context::new(store.clone(), queue.clone(), vault, Settings::default(), Vec::new());
        let jobs = Arc::new(Jobs { context: Arc::new(context) });
        Self { store, queue, provider, handler, jobs, folder, _database: database }
    }

    /// A file beside the rules, for its owner alone.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        chmod(&path, 0o600);
        path
    }

    pub(crate) async fn vm(&self, id: i64, reference: &str, name: &str) {
        let sql = "insert into vms (id, provider_id, ems_ref, digest, created_on, updated_on, name) \
                   values ($1, $2, $3, 0, now(), now(), $4)";
        self.store.execute(sql, &params![id, self.provider, reference, name]).await.unwrap();
    }

    /// Catches and handles a batch of events, each with a key.
    pub(crate) async fn happens(&self, events: &[(&str, Value)]) -> Handled {
        let raw = |(key, body): &(&str, Value)| RawEvent {
            key: (*key).to_owned(),
            via: "test".to_owned(),
            body: body.to_string().into_bytes().into(),
        };
        let body = pack(&events.iter().map(raw).collect::<Vec<_>>());
        let sql = "insert into event_batches (provider_id, events, body) values ($1, $2, $3) returning id";
        let row = self.store.query_one(sql, &params![self.provider, events.len() as i64, body]).await.unwrap();
        self.handler.handle(row.get(0).unwrap()).await.unwrap().expect("the batch was there")
    }

    pub(crate) async fn deleted(&self, key: &str) -> Handled {
        self.happens(&[(key, deleted())]).await
    }

    pub(crate) async fn all_jobs(&self, kind: &str) -> Vec<JobRecord> {
        let filter = Filter { kinds: vec![kind.to_owned()], limit: 100, ..Filter::default() };
        let jobs = self.queue.list(&filter).await.unwrap();
        let mut full = Vec::new();
        for job in jobs {
            full.push(self.queue.get(job.id).await.unwrap());
        }
        full
    }

    /// Lets a worker work until the one job of a kind is `state`.
    pub(crate) async fn works_until(&self, kind: &str, state: State) -> JobRecord {
        self.works_while(kind, |job| job.state == state).await
    }

    pub(crate) async fn works_while(&self, kind: &str, done: impl Fn(&JobRecord) -> bool) -> JobRecord {
        let stop = Stop::default();
        let life = Life {
            queue: self.queue.clone(),
            lanes: vec![lanes::ACTIONS.to_owned()],
            owner: "test".to_owned(),
            lease: PATIENCE,
            poll: Duration::from_millis(20),
        };
        let worker = tokio::spawn(live(life, Arc::clone(&self.jobs) as _, Reporter::default(), stop.clone()));
        let began = Instant::now();
        let job = loop {
            let job = self.all_jobs(kind).await.pop().expect("a job");
            if done(&job) {
                break job;
            }
            assert!(began.elapsed() < PATIENCE, "{} after {} attempts: {:?}", job.state, job.attempts, job.error);
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        stop.ask("the test is over");
        worker.await.unwrap().unwrap();
        job
    }
}

pub(crate) fn deleted() -> Value {
    json!({"type": "compute.instance.delete.end", "vm": "u-1", "payload": {"instance_id": "u-1", "state": "deleted"}})
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}
