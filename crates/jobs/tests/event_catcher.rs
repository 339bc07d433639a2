//! The catcher as a worker: what it tells, and how it comes by its source.
#![allow(clippy::unwrap_used, missing_docs)]

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use stocktake_jobs::Context;
use stocktake_jobs::workers::{self, Does};
use stocktake_queue::Queue;
use stocktake_settings::Settings;
use stocktake_store::registry::{self, NewProvider, SourceState, Vault};
use stocktake_store::{ProviderId, Store};
use stocktake_testkit::{ScriptedType, TestDatabase};
use stocktake_worker::{Reporter, Stop, WorkerStage, reside};
use tokio::task::JoinHandle;

stocktake_testkit::on_both!(
    it_tells_what_it_catches_and_ends_when_asked,
    a_source_that_cannot_be_had_is_said_and_waited_for,
    without_its_provider_it_gives_up,
);

struct World {
    store: Store,
    kind: ScriptedType,
    provider: ProviderId,
    context: Arc<Context>,
    _folder: tempfile::TempDir,
    _database: TestDatabase,
}

struct Worker {
    report: Reporter,
    stop: Stop,
    task: JoinHandle<anyhow::Result<()>>,
}

impl World {
    async fn new(database: TestDatabase) -> Self {
        let (store, folder, kind) = (database.store().await, tempfile::tempdir().unwrap(), ScriptedType::default());
        let vault = Vault::new(folder.path().join("key"));
        let new = NewProvider {
            name: "cloud".to_owned(),
            kind: ScriptedType::NAME.to_owned(),
            zone: "default".to_owned(),
            settings: [].into(),
            secrets: [].into(),
            event_source: Some("scripted".to_owned()),
        };
        let provider = registry::add(&store, &vault, new).await.unwrap().id;
        let mut settings = Settings::default();
        (settings.events.backoff_first, settings.events.backoff_max) =
            (Duration::from_millis(10), Duration::from_millis(50));
        let queue = Queue::new(store.clone());
        let context = Context::new(store.clone(), queue, vault, settings, vec![Arc::new(kind.clone())]);
        Self { store, kind, provider, context: Arc::new(context), _folder: folder, _database: database }
    }

    fn worker(&self) -> Worker {
        let Does::Resident(work) = workers::find("event_catcher").unwrap().does else { panic!("it claims jobs") };
        let (report, stop) = (Reporter::default(), Stop::default());
        let work = work(Arc::clone(&self.context), self.provider, report.clone(), stop.clone());
        let (told, asked) = (report.clone(), stop.clone());
        let task = tokio::spawn(async move { reside(work, &told, &asked).await });
        Worker { report, stop, task }
    }

    async fn state(&self) -> Option<SourceState> {
        registry::event_source(&self.store, self.provider).await.unwrap().map(|row| row.state)
    }
}

async fn it_tells_what_it_catches_and_ends_when_asked(database: TestDatabase) {
    let world = World::new(database).await;
    let worker = world.worker();
    let doing = || worker.report.now().doing.unwrap_or_default();
    until("it to catch", async || doing() == "catching: no events yet").await;
    assert_eq!(worker.report.now().stage, WorkerStage::Running);
    world.kind.source.tell_all(0..3);
    world.kind.source.poison("it is no JSON", b"x".to_vec());
    until("it to tell", async || worker.report.now().progress.is_some_and(|p| p["aside"] == 1)).await;
    assert!(doing().starts_with("catching: 3 events, last "), "{}", doing());
    assert_eq!(worker.report.now().progress.unwrap()["events"], json!(3));
    assert_eq!(worker.report.now().job, None, "it has no job, so nobody takes it for one that stands still");
    let ticks = worker.report.now().ticks;
    world.kind.source.be_quiet();
    until("a sign of life", async || worker.report.now().ticks > ticks).await;
    worker.stop.ask_after_job("it took too much memory");
    worker.task.await.unwrap().unwrap();
    assert_eq!(worker.report.now().stage, WorkerStage::Draining);
    assert_eq!(world.state().await, Some(SourceState::Stopped));
}

async fn a_source_that_cannot_be_had_is_said_and_waited_for(database: TestDatabase) {
    let world = World::new(database).await;
    world.kind.name_nonsense();
    let worker = world.worker();
    until("it to fail", async || world.state().await == Some(SourceState::Failed)).await;
    let row = registry::event_source(&world.store, world.provider).await.unwrap().unwrap();
    let why =
        "the settings of cloud do not do; correct them with `stocktake provider edit cloud`\nevent_url: it is no address";
    assert_eq!((row.source.as_str(), row.message.as_deref()), ("scripted", Some(why)));
    assert!(row.retry_on.is_some());
    world.kind.name_none();
    let says = |what: &str| worker.report.now().doing.is_some_and(|doing| doing.contains(what));
    until("it to miss a source", async || says("name no source of events")).await;
    // Whatever was wrong is mended, and nobody starts it anew.
    world.kind.name_source();
    world.kind.source.tell_all(0..2);
    until("it to catch", async || world.kind.source.acknowledged() == 2).await;
    assert_eq!(world.state().await, Some(SourceState::Catching));
    worker.stop.ask("enough");
    worker.task.await.unwrap().unwrap();
}

async fn without_its_provider_it_gives_up(database: TestDatabase) {
    let world = World::new(database).await;
    registry::remove(&world.store, world.provider, |_| {}).await.unwrap();
    let gone = world.worker().task.await.unwrap().unwrap_err().to_string();
    assert!(gone.ends_with("is not registered any more"), "{gone}");
}

async fn until<F: Future<Output = bool>>(what: &str, so: impl Fn() -> F) {
    let start = Instant::now();
    while !so().await {
        assert!(start.elapsed() < Duration::from_secs(30), "waited 30 s for {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
