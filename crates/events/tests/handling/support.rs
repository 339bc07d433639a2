//! A provider type's reader in a few lines, handlers over a test's database, and shorter words.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use stocktake_events::handle::{Consequences, Extra, Handled, Handler, NewEvent, Nothing, Whose};
use stocktake_events::{HANDLE, Known, LANE, Routes, RoutesText, pack};
use stocktake_provider::{BoxFuture, Event, EventLevel, EventReader, RawEvent};
use stocktake_queue::{Backoff, Claim, Claimed, Debounce, Lane, NewJob, Queue};
use stocktake_refresh::requests::Ask;
use stocktake_store::{Kind, Param, ProviderId, Statement, Store, StoreError, params};
use stocktake_testkit::TestDatabase;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

/// As a body has them: `{"type": "vm.power_off", "vm": "a", "at": 1, "id": …}`; the whole body is the payload.
#[derive(Debug)]
pub(crate) struct Plain;

pub(crate) const ROUTES: &str = r#"
[[route]]
types = ["vm.settles"]
targets = [{ collection = "vms", ref = "id" }]
look_again = ["2s", "10s"]

[[route]]
types = ["vm.noise"]
targets = [{ collection = "vms", ref = "id" }]
ignore = true

[[route]]
types = ["vm.*"]
group = "power"
severity = "warning"
targets = [{ collection = "vms", ref = "id" }, { collection = "volumes", ref = "volumes[].id" }]

[[route]]
types = ["flavor.*"]
targets = [{ collection = "flavors", ref = "*" }]
"#;

impl EventReader for Plain {
    fn routes(&self) -> &'static str {
        ROUTES
    }

    fn read(&self, raw: &RawEvent) -> Result<Event, String> {
        let body: Value = serde_json::from_slice(&raw.body).map_err(|error| format!("not JSON: {error}"))?;
        let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
        Ok(Event {
            kind: text("type").ok_or("it has no type")?,
            at: body["at"].as_i64(),
            source: text("source"),
            level: match body["level"].as_str() {
                Some("error") => EventLevel::Error,
                Some("warning") => EventLevel::Warning,
                _ => EventLevel::Info,
            },
            message: text("message"),
            vm: text("id"),
            host: text("host"),
            availability_zone: text("zone"),
            tenant: text("tenant"),
            flavor: text("flavor"),
            user: text("user"),
            request: text("request"),
            chain: text("chain"),
            payload: body,
        })
    }
}

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    pub(crate) provider: ProviderId,
}

pub(crate) fn raw(key: &str, body: Value) -> RawEvent {
    RawEvent { key: key.to_owned(), via: "test".to_owned(), body: Bytes::from(body.to_string()) }
}

/// One power event of a VM.
pub(crate) fn power(key: &str, vm: &str) -> RawEvent {
    raw(key, json!({"type": "vm.power_off", "id": vm}))
}

impl World {
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let store = database.store().await;
        let queue = impatient(&store);
        let provider = provider(&store, "cloud").await;
        Self { database, store, queue, provider }
    }

    pub(crate) fn handler(&self) -> Handler {
        handler(self.queue.clone(), self.provider)
    }

    /// What another process would have: other connections, nothing shared.
    pub(crate) async fn neighbour(&self) -> Handler {
        handler(impatient(&self.database.store().await), self.provider)
    }

    pub(crate) async fn batch(&self, events: &[RawEvent]) -> i64 {
        let sql = "insert into event_batches (provider_id, events, body) values ($1, $2, $3) returning id";
        let params = params![self.provider, events.len() as i64, pack(events)];
        self.store.query_one(sql, &params).await.unwrap().get(0).unwrap()
    }

    /// A batch as the catcher stores it, with its job.
    pub(crate) async fn caught(&self, events: &[RawEvent]) -> i64 {
        let batch = self.batch(events).await;
        let payload = json!({"provider": self.provider, "batch": batch});
        self.queue.put(&NewJob::new(HANDLE, Lane::shared(LANE)).payload(payload)).await.unwrap();
        batch
    }

    pub(crate) async fn handle(&self, events: &[RawEvent]) -> Handled {
        let batch = self.batch(events).await;
        self.handler().handle(batch).await.unwrap().expect("the batch is there")
    }

    /// A handler in another process that has read the batch and gone no further.
    pub(crate) async fn slow(&self, batch: i64) -> Slow {
        let pause = Arc::new(Pause { passed: AtomicBool::new(false), gate: Barrier::new(2) });
        let mut handler = self.neighbour().await;
        handler.consequences = Arc::<Pause>::clone(&pause);
        let task = tokio::spawn(async move { handler.handle(batch).await.unwrap() });
        pause.gate.wait().await;
        Slow { pause, task }
    }

    pub(crate) async fn count(&self, from: &str) -> i64 {
        self.store.query_one(&format!("select count(*) from {from}"), &[]).await.unwrap().get(0).unwrap()
    }

    /// What is asked for, and how often: `vms=a 1`.
    pub(crate) async fn asked(&self) -> Vec<String> {
        let sql = "select collection, ref, asked from refresh_targets order by collection, ref";
        let rows = self.store.query(sql, &[]).await.unwrap();
        let line = |row: &stocktake_store::Row| {
            let (collection, reference): (String, String) = (row.get(0).unwrap(), row.get(1).unwrap());
            format!("{collection}={reference} {}", row.get::<i64>(2).unwrap())
        };
        rows.iter().map(line).collect()
    }

    pub(crate) async fn keys(&self) -> Vec<String> {
        let rows = self.store.query("select key from events order by key", &[]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }

    pub(crate) async fn claim(&self, lane: &str) -> Option<Claimed> {
        let claim =
            Claim { lanes: vec![lane.to_owned()], owner: "handler".to_owned(), ttl: Duration::from_mins(10), limit: 1 };
        self.queue.claim(&claim).await.unwrap().pop()
    }

    /// As so many microseconds went by for these rows.
    pub(crate) async fn age(&self, table: &str, column: &str, micros: i64) {
        let span = if self.store.kind() == Kind::Postgres { "$1 * interval '1 microsecond'" } else { "$1" };
        let sql = format!("update {table} set {column} = {column} - {span}");
        self.store.execute(&sql, &[Param::Int(micros)]).await.unwrap();
    }
}

fn impatient(store: &Store) -> Queue {
    Queue::with_backoff(store.clone(), Backoff { first: Duration::ZERO, most: Duration::ZERO })
}

pub(crate) async fn provider(store: &Store, name: &str) -> ProviderId {
    let sql = "insert into providers (name, type, zone, settings) values ($1, 'plain', 'default', '{}') returning id";
    store.query_one(sql, &params![name]).await.unwrap().get(0).unwrap()
}

pub(crate) const DEBOUNCE: Debounce = Debounce { quiet: Duration::from_millis(100), at_most: Duration::from_millis(500) };

pub(crate) fn routes() -> Routes {
    let known = Known { provider: "plain", targetable: &["vms", "volumes"], listable: &["vms", "flavors"] };
    Routes::read(&[RoutesText { name: "own", text: ROUTES }], known).unwrap()
}

fn handler(queue: Queue, provider: ProviderId) -> Handler {
    Handler {
        queue,
        whose: Whose { id: provider, name: "cloud".to_owned(), kind: "plain".to_owned() },
        reader: Arc::new(Plain),
        routes: Arc::new(routes()),
        consequences: Arc::new(Nothing),
        debounce: DEBOUNCE,
    }
}

/// Stops whoever asks for the first time, until it is let go on.
#[derive(Debug)]
pub(crate) struct Pause {
    passed: AtomicBool,
    gate: Barrier,
}

impl Consequences for Pause {
    fn of<'a>(&'a self, _: &'a Whose, _: &'a [NewEvent]) -> BoxFuture<'a, Result<Extra, StoreError>> {
        Box::pin(async {
            if !self.passed.swap(true, Ordering::SeqCst) {
                self.gate.wait().await;
                self.gate.wait().await;
            }
            Ok(Extra::default())
        })
    }
}

pub(crate) struct Slow {
    pause: Arc<Pause>,
    task: JoinHandle<Option<Handled>>,
}

impl Slow {
    /// Says what it made of its batch.
    pub(crate) async fn go_on(self) -> Option<Handled> {
        self.pause.gate.wait().await;
        self.task.await.unwrap()
    }
}

/// A rule that notes each event down.
#[derive(Debug, Default)]
pub(crate) struct Noting {
    pub(crate) asked: AtomicUsize,
    /// Of the next transactions, so many are refused.
    pub(crate) refuse: AtomicUsize,
}

impl Consequences for Noting {
    fn of<'a>(&'a self, whose: &'a Whose, events: &'a [NewEvent]) -> BoxFuture<'a, Result<Extra, StoreError>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let refused = self.refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let note = |event: &NewEvent| {
            let sql = "insert into notes (provider_id, collection, ref, author, body, event_id) values ($1, 'vms', $2, 'rule noting', \
                       $3, (select id from events where provider_id = $1 and key = $4))";
            // A note without a text is refused.
            let text = if refused { Param::Null } else { event.event.kind.as_str().into() };
            let params = [whose.id.into(), event.event.vm.clone().unwrap_or_default().into(), text, (&event.key).into()];
            Statement::new(sql, params)
        };
        let asks = vec![Ask::Collection("volumes".to_owned())];
        let extra = Extra { asks, statements: events.iter().map(note).collect(), lanes: vec!["generic".to_owned()] };
        Box::pin(async { Ok(extra) })
    }
}

/// Asks until it is so. A test that waits in vain fails.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut so: impl FnMut() -> F) {
    let start = Instant::now();
    while !so().await {
        assert!(start.elapsed() < Duration::from_mins(1), "still not so: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
