//! A provider, a source that does as it is told, and catchers that may be killed.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use stocktake_events::{Catch, End, LANE, Observer, catch, unpack};
use stocktake_provider::RawEvent;
use stocktake_queue::{Debounce, Filter, JobRecord, Queue};
use stocktake_store::registry::{self, EventSourceRecord, SourceState};
use stocktake_store::{ProviderId, Store, params};
use stocktake_testkit::TestDatabase;
use stocktake_testkit::scripted::ScriptedSource;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub(crate) const MOST: usize = 50;

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) provider: ProviderId,
    pub(crate) source: ScriptedSource,
    pub(crate) _database: Option<TestDatabase>,
}

/// A process that catches.
pub(crate) struct Catcher {
    task: JoinHandle<End>,
    stop: watch::Sender<bool>,
    pub(crate) told: Arc<Mutex<Vec<(SourceState, String)>>>,
}

impl Catcher {
    /// As by `kill -9`: wherever it was.
    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }

    pub(crate) async fn stop(self) -> End {
        self.stop.send(true).unwrap();
        self.task.await.unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn ended(self) -> End {
        tokio::time::timeout(Duration::from_secs(30), self.task).await.expect("it ends").unwrap()
    }

    pub(crate) fn states(&self) -> Vec<SourceState> {
        self.told.lock().unwrap().iter().map(|(state, _)| *state).collect()
    }
}

struct Listener(Arc<Mutex<Vec<(SourceState, String)>>>);

impl Observer for Listener {
    fn state(&self, state: SourceState, words: &str) {
        self.0.lock().unwrap().push((state, words.to_owned()));
    }

    fn caught(&self, _events: usize, _poison: usize) {}

    fn quiet(&self) {}
}

impl World {
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let store = database.store().await;
        Self { _database: Some(database), ..Self::over(store).await }
    }

    pub(crate) async fn over(store: Store) -> Self {
        let sql = "insert into providers (name, type, event_source) values ('cloud', 'test', 'scripted') returning id";
        let provider = store.query_one(sql, &params![]).await.unwrap().get(0).unwrap();
        Self { store, provider, source: ScriptedSource::default(), _database: None }
    }

    /// Its pauses are short, so that nobody waits long for the next try.
    pub(crate) fn catcher(&self) -> Catcher {
        self.catcher_with((Duration::from_millis(10), Duration::from_millis(50)))
    }

    pub(crate) fn catcher_with(&self, pauses: (Duration, Duration)) -> Catcher {
        let (stop, mut asked) = watch::channel(false);
        let told = Arc::new(Mutex::new(Vec::new()));
        let (listener, queue) = (Listener(Arc::clone(&told)), Queue::new(self.store.clone()));
        let (provider, source) = (self.provider, self.source.clone());
        let task = tokio::spawn(async move {
            let debounce = Debounce { quiet: Duration::from_millis(100), at_most: Duration::from_millis(500) };
            let catching = Catch { queue: &queue, provider, source: &source, most: MOST, pauses, debounce };
            let stopped = async move {
                let _ = asked.wait_for(|asked| *asked).await;
            };
            catch(&catching, &listener, stopped).await
        });
        Catcher { task, stop, told }
    }

    pub(crate) fn queue(&self) -> Queue {
        Queue::new(self.store.clone())
    }

    pub(crate) async fn row(&self) -> EventSourceRecord {
        registry::event_source(&self.store, self.provider).await.unwrap().expect("somebody caught")
    }

    pub(crate) async fn state(&self) -> Option<SourceState> {
        registry::event_source(&self.store, self.provider).await.unwrap().map(|row| row.state)
    }

    pub(crate) async fn position(&self) -> Option<String> {
        let sql = "select position from event_sources where provider_id = $1";
        self.store.query_one(sql, &params![self.provider]).await.unwrap().get(0).unwrap()
    }

    /// Everything stored, batch by batch.
    pub(crate) async fn batches(&self) -> Vec<Vec<RawEvent>> {
        let sql = "select body from event_batches where provider_id = $1 order by id";
        let rows = self.store.query(sql, &params![self.provider]).await.unwrap();
        rows.iter().map(|row| unpack(&row.get::<Vec<u8>>(0).unwrap()).unwrap()).collect()
    }

    pub(crate) async fn keys(&self) -> Vec<String> {
        self.batches().await.into_iter().flatten().map(|event| event.key).collect()
    }

    pub(crate) async fn jobs(&self, lane: &str) -> Vec<JobRecord> {
        let filter = Filter { lanes: vec![lane.to_owned()], limit: 10_000, ..Filter::default() };
        self.queue().list(&filter).await.unwrap()
    }

    pub(crate) async fn handle_jobs(&self) -> Vec<JobRecord> {
        self.jobs(LANE).await
    }

    /// What is asked of the provider: collection, ref, by whom, how often.
    pub(crate) async fn asked(&self) -> Vec<(String, String, String, i64)> {
        let sql = "select collection, ref, trigger_by, asked from refresh_targets where provider_id = $1";
        let rows = self.store.query(sql, &params![self.provider]).await.unwrap();
        rows.iter().map(|r| (r.get(0).unwrap(), r.get(1).unwrap(), r.get(2).unwrap(), r.get(3).unwrap())).collect()
    }

    pub(crate) async fn acknowledged(&self, count: usize) {
        until("the acknowledgements", async || self.source.acknowledged() == count).await;
    }

    pub(crate) async fn catching(&self) {
        until("somebody to catch", async || self.state().await == Some(SourceState::Catching)).await;
    }
}

pub(crate) fn keys(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|n| ScriptedSource::event(n).key).collect()
}

/// Everything that was asked for: nothing in particular.
pub(crate) fn everything(times: i64) -> Vec<(String, String, String, i64)> {
    vec![(String::new(), String::new(), "event_gap".to_owned(), times)]
}

pub(crate) async fn until<F: Future<Output = bool>>(what: &str, so: impl Fn() -> F) {
    let start = Instant::now();
    while !so().await {
        assert!(start.elapsed() < Duration::from_secs(30), "waited 30 s for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
