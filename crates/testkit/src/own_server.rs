//! A PostgreSQL server of a test's own, which it may stop and start under its program's feet.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::server::{as_server_user, other_user, programs, run};

/// What was committed must outlive the server, not the machine.
const SETTINGS: &str = "-c fsync=off -c synchronous_commit=on -c listen_addresses= -c max_connections=200 \
    -c shared_buffers=64MB -c autovacuum=off";

/// Stopped and removed when dropped.
#[derive(Debug)]
pub struct OwnServer {
    bin: PathBuf,
    folder: tempfile::TempDir,
}

impl OwnServer {
    /// Runs, and has an empty database.
    ///
    /// # Panics
    /// When there is no server and none can be started: the test has failed, and the message says what to install.
    pub fn new() -> Self {
        match Self::initialised() {
            Ok(server) => server,
            Err(e) => panic!("this test needs PostgreSQL: {e:#}"),
        }
    }

    fn initialised() -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for a server's data")?;
        // The server's own user must get through.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))?;
        let server = Self { bin: programs()?, folder };
        std::fs::create_dir(server.data())?;
        if let Some(user) = other_user()? {
            run(&["chown".to_owned(), user, text(server.data())])?;
        }
        let initdb = ["-D", &text(server.data()), "-U", "stocktake", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        run(&as_server_user(&text(server.bin.join("initdb")), &initdb)?)?;
        server.control(&["start"])?;
        Ok(server)
    }

    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=stocktake", self.data().display())
    }

    /// As a crash would: connections are cut, what was not committed is undone at the next start.
    ///
    /// # Panics
    /// When it cannot be stopped: the test has failed.
    pub fn crash(&self) {
        self.control(&["-m", "immediate", "stop"]).expect("stop the test's own server");
    }

    /// # Panics
    /// When it cannot be started: the test has failed.
    pub fn start(&self) {
        self.control(&["start"]).expect("start the test's own server");
    }

    fn control(&self, words: &[&str]) -> Result<()> {
        let data = text(self.data());
        let log = text(self.data().join("log"));
        let settings = format!("{SETTINGS} -c unix_socket_directories={data}");
        let mut all = vec!["-D", data.as_str(), "-l", &log, "-w", "-t", "60", "-o", &settings];
        all.extend(words);
        run(&as_server_user(&text(self.bin.join("pg_ctl")), &all)?)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

fn text(path: PathBuf) -> String {
    path.display().to_string()
}

impl Default for OwnServer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = self.control(&["-m", "immediate", "stop"]);
    }
}
