//! An installation: a database, a settings file with short times, and whoever works in it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, FakeCloud, PASSWORD};
use stocktake_model::{Menu, menus};
use stocktake_queue::{Filter, JobRecord, Queue, State};
use stocktake_refresh::requests::{self, AT_ONCE, Ask};
use stocktake_store::fleet::{self, WorkerFilter, WorkerRecord, WorkerState};
use stocktake_store::registry::{self, ProviderRecord, RunFilter, RunRecord, RunState};
use stocktake_store::{ProviderId, Row, Store, params};
use stocktake_testkit::TestDatabase;

use crate::process::Process;
use crate::wait::{until, until_so};

const SETTINGS: &str = r#"
[server]
lease = "3s"
tick = "200ms"
listen = "off"
drain_timeout = "20s"

[workers]
heartbeat = "300ms"
stop_timeout = "20s"
backoff_first = "100ms"

[queue]
lease = "4s"
poll = "500ms"

[refresh]
lease = "4s"
"#;

pub(crate) struct House {
    home: tempfile::TempDir,
    pub(crate) store: Store,
    pub(crate) queue: Queue,
    logs: AtomicU32,
    pub(crate) url: String,
    _database: Option<TestDatabase>,
}

impl House {
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let url = database.url.clone();
        Self::at(url, Some(database)).await
    }

    /// `database`: None if somebody else keeps it.
    pub(crate) async fn at(url: String, database: Option<TestDatabase>) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("stocktake.toml"), SETTINGS).unwrap();
        let store = Store::open(&url).await.unwrap();
        let queue = Queue::new(store.clone());
        Self { home, store, queue, logs: AtomicU32::new(0), url, _database: database }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stocktake"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("STOCKTAKE_DATABASE", &self.url)
            .env("STOCKTAKE_KEY_FILE", self.path("stocktake.key"))
            .env("STOCKTAKE_CONFIG", self.path("stocktake.toml"))
            .env("STOCKTAKE_LOG", "info")
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        command
    }

    /// A command's answer; it must have gone well.
    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> String {
        self.run_with_input(words, "")
    }

    #[track_caller]
    fn run_with_input(&self, words: &[&str], input: &str) -> String {
        let mut command = self.command(words);
        command.env_remove("STOCKTAKE_LOG").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let words: Vec<_> = words.iter().copied().chain(["-o", "json"]).collect();
        serde_json::from_str(&self.run(&words)).unwrap()
    }

    /// A cloud that is registered and that nobody has read yet.
    pub(crate) async fn cloud(&self, name: &str, seed: u64) -> FakeCloud {
        let cloud = FakeCloud::start(CloudSpec::small().with_seed(seed)).await.unwrap();
        self.register(name, &cloud);
        cloud
    }

    pub(crate) fn register(&self, name: &str, cloud: &FakeCloud) {
        let url = format!("auth_url={}", cloud.auth_url());
        let mut words = vec!["provider", "add", name, "--set", &url, "--set", "username=admin"];
        words.extend(["--set", "project_name=admin", "--secret-stdin", "password"]);
        self.run_with_input(&words, PASSWORD);
    }

    /// A main server with so many variables more.
    pub(crate) fn server(&self, name: &str, variables: &[(&str, &str)]) -> Process {
        let mut command = self.command(&["server", "--name", name]);
        command.envs(variables.iter().copied());
        Process::start(command, self.log(name), false)
    }

    /// A worker of nobody's: what it says is heard by the test.
    pub(crate) fn refresher(&self, provider: &str) -> Process {
        let command = self.command(&["worker", "refresh", "--provider", provider]);
        Process::start(command, self.log("worker"), true)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.path(&format!("{}-{name}.log", self.logs.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) async fn provider(&self, name: &str) -> ProviderRecord {
        registry::find(&self.store, name).await.unwrap()
    }

    pub(crate) async fn id(&self, name: &str) -> ProviderId {
        self.provider(name).await.id
    }

    pub(crate) async fn ask(&self, name: &str, ask: Ask) {
        requests::ask(&self.queue, self.id(name).await, &[ask], "test", AT_ONCE).await.unwrap();
    }

    /// Waits until nothing is asked of it, and its last run has ended well; says which run that was.
    pub(crate) async fn served(&self, name: &str) -> RunRecord {
        until(&format!("{name} to be refreshed"), async || {
            let id = self.id(name).await;
            if requests::pending(&self.store).await.ok()?.contains_key(&id) {
                return None;
            }
            self.runs(name).await.into_iter().next().filter(|run| run.state == RunState::Ok)
        })
        .await
    }

    /// Newest first.
    pub(crate) async fn runs(&self, name: &str) -> Vec<RunRecord> {
        let filter = RunFilter { provider: Some(self.id(name).await), ..RunFilter::default() };
        registry::list_runs(&self.store, &filter).await.unwrap()
    }

    pub(crate) async fn runs_in(&self, name: &str, state: RunState) -> Vec<RunRecord> {
        self.runs(name).await.into_iter().filter(|run| run.state == state).collect()
    }

    /// Newest first.
    pub(crate) async fn jobs(&self) -> Vec<JobRecord> {
        self.queue.list(&Filter { limit: 10_000, ..Filter::default() }).await.unwrap()
    }

    /// Waits until no job is left that has not ended, and none was given up.
    pub(crate) async fn quiet(&self) {
        let ended = |job: &JobRecord| matches!(job.state, State::Done | State::Cancelled);
        until_so("all jobs to be done", async || self.jobs().await.iter().all(ended)).await;
    }

    /// Living workers, `all`: also those that have ended.
    pub(crate) async fn workers(&self, all: bool) -> Vec<WorkerRecord> {
        fleet::workers(&self.store, &WorkerFilter { ended: all, ..WorkerFilter::default() }).await.unwrap()
    }

    /// The refresh worker of a provider, as soon as it runs and `fits`.
    pub(crate) async fn worker(&self, provider: &str, fits: impl Fn(&WorkerRecord) -> bool) -> WorkerRecord {
        until(&format!("a worker of {provider}"), async || {
            let fits =
                |w: &WorkerRecord| w.provider.as_deref() == Some(provider) && w.state == WorkerState::Running && fits(w);
            self.workers(false).await.into_iter().find(fits)
        })
        .await
    }

    /// How a worker ended.
    pub(crate) async fn ended(&self, pid: i64) -> WorkerRecord {
        until(&format!("the end of worker {pid}"), async || {
            self.workers(true).await.into_iter().find(|w| w.pid == Some(pid) && w.ended_on.is_some())
        })
        .await
    }

    /// Refs of a provider's VMs that are there.
    pub(crate) async fn vms(&self, name: &str) -> BTreeSet<String> {
        let sql = "select ems_ref from vms where provider_id = $1 and archived_on is null";
        let rows = self.store.query(sql, &params![self.id(name).await]).await.unwrap();
        rows.iter().map(|row| row.get(0).unwrap()).collect()
    }

    /// Every row of every collection, all columns.
    pub(crate) async fn inventory(&self) -> Vec<(&'static str, Vec<Row>)> {
        let menu = Menu::builder().pick(menus::all()).build().unwrap();
        let mut all = Vec::new();
        for (_, collection) in menu.iter() {
            let sql = format!("select * from {} order by id", collection.name);
            all.push((collection.name, self.store.query(&sql, &[]).await.unwrap()));
        }
        all
    }
}

impl Drop for House {
    /// What the processes said is worth reading when a test has failed.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let logs = std::fs::read_dir(self.home.path()).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut logs: Vec<_> = logs.filter(|path| path.extension().is_some_and(|is| is == "log")).collect();
        logs.sort();
        for log in logs {
            eprintln!("--- {}\n{}", log.display(), tail(&log));
        }
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(80)..].join("\n")
}
