//! A user with a shell, a database and a cloud.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, Control, FakeCloud, PASSWORD};
use stocktake_store::Store;
use stocktake_testkit::TestDatabase;

pub(crate) struct Shell {
    pub(crate) cloud: FakeCloud,
    pub(crate) home: tempfile::TempDir,
    database: TestDatabase,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Shell {
    /// Nothing is registered yet.
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let cloud = FakeCloud::start(CloudSpec::small()).await.unwrap();
        Self { cloud, home: tempfile::tempdir().unwrap(), database }
    }

    /// The cloud is registered as `cloud1`.
    pub(crate) async fn registered(database: TestDatabase) -> Self {
        let shell = Self::new(database).await;
        shell.add("cloud1", PASSWORD, &[]).ok();
        shell
    }

    /// And read.
    pub(crate) async fn refreshed(database: TestDatabase) -> Self {
        let shell = Self::registered(database).await;
        shell.run(&["refresh", "cloud1"]).ok();
        shell
    }

    /// The database behind it.
    pub(crate) async fn store(&self) -> Store {
        self.database.store().await
    }

    pub(crate) fn control(&self) -> Control {
        self.cloud.control()
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        self.home.path().join("keys/stocktake.key")
    }

    /// A command as it would be typed, ready to run.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stocktake"));
        command
            .args(words)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("STOCKTAKE_DATABASE", &self.database.url)
            .env("STOCKTAKE_KEY_FILE", self.key_file())
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Done {
        Done::of(self.command(words).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, words: &[&str], input: &str) -> Done {
        let mut child = self.command(words).stdin(Stdio::piped()).spawn().unwrap();
        // One that refuses its arguments does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Done::of(child.wait_with_output().unwrap())
    }

    pub(crate) fn add(&self, name: &str, password: &str, more: &[&str]) -> Done {
        let url = format!("auth_url={}", self.cloud.auth_url());
        let mut words =
            vec!["provider", "add", name, "--set", &url, "--set", "username=admin", "--set", "project_name=admin"];
        words.extend(["--secret-stdin", "password"]);
        words.extend(more);
        self.run_with_input(&words, password)
    }

    /// What a command answers in JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let words: Vec<_> = words.iter().copied().chain(["-o", "json"]).collect();
        serde_json::from_str(&self.run(&words).ok()).unwrap()
    }
}

impl Done {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What it printed; it must have gone well and said nothing else.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
        self.out
    }

    /// What it complained of; it must have ended with this code.
    #[track_caller]
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        assert!(self.err.starts_with("error: "), "{}", self.err);
        assert!(!self.err.contains("panicked") && !self.err.contains("backtrace"), "{}", self.err);
        self.err
    }
}
