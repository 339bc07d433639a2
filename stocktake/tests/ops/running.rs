//! A running server, its log lines read as they come.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::shell::Shell;

/// Far above what anything here takes, on a busy machine, too.
const LONG: Duration = Duration::from_mins(1);

/// Ends with the test: whatever happens, its process is killed.
pub(crate) struct Running {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Running {
    /// `stocktake server` with JSON lines, quick turns and settings of the test's.
    pub(crate) fn start(shell: &Shell, settings: &[(&str, &str)]) -> Self {
        Self::start_with(shell, &[], settings)
    }

    pub(crate) fn start_with(shell: &Shell, words: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut command = shell.command(&[&["server", "--quiet"], words].concat());
        command.env("STOCKTAKE__LOG__FORMAT", "json").env("STOCKTAKE_LOG", "info");
        command.env("STOCKTAKE__SERVER__LISTEN", "off").env("STOCKTAKE__SERVER__TICK", "100ms");
        command.envs(settings.iter().map(|(name, value)| (format!("STOCKTAKE__{name}"), value)));
        command.stdout(Stdio::null());
        Self::of(command.spawn().unwrap())
    }

    pub(crate) fn of(mut child: Child) -> Self {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let (heard, stderr) = (Arc::clone(&lines), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                heard.lock().unwrap().push(line);
            }
        });
        Self { child, lines }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// Waits for a line and gives it as JSON.
    pub(crate) fn wait_for(&self, message: &str) -> Value {
        let found = wait(&format!("the line '{message}'"), || {
            let lines = self.lines();
            lines.iter().find(|line| line.contains(message)).cloned().ok_or_else(|| lines.join("\n"))
        });
        serde_json::from_str(&found).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(mut self) -> (ExitStatus, Vec<String>) {
        self.signal(Signal::TERM);
        let ended = wait("the server's end", || self.child.try_wait().unwrap().ok_or_else(|| self.lines().join("\n")));
        (ended, self.lines())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again until it is there; what was seen instead is told when it never comes.
pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(instead) => assert!(start.elapsed() < LONG, "{what} did not come; instead:\n{instead}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
