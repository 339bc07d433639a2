//! A process of the program: heard, stopped, killed.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::wait::{until, until_so};

pub(crate) struct Process {
    child: Child,
    pub(crate) log: PathBuf,
    /// What a worker last said of itself.
    said: Arc<Mutex<Value>>,
}

impl Process {
    /// What it logs goes to a file; `heard`: what it says on standard output is for [`Self::until_doing`].
    pub(crate) fn start(mut command: Command, log: PathBuf, heard: bool) -> Self {
        let file = File::create(&log).unwrap();
        command.stdout(if heard { Stdio::piped() } else { file.try_clone().unwrap().into() }).stderr(file);
        let mut child = command.spawn().unwrap();
        let said = Arc::new(Mutex::new(Value::Null));
        if let Some(output) = child.stdout.take() {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    *said.lock().unwrap() = serde_json::from_str(&line).unwrap();
                }
            });
        }
        Self { child, log, said }
    }

    pub(crate) fn pid(&self) -> i64 {
        i64::from(self.child.id())
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As Ctrl-C or a service manager would; waits for its end.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        signal(self.pid(), Signal::TERM);
        until("the process to stop", async || self.child.try_wait().unwrap()).await
    }

    /// Waits until it says that it does this: `saving`, `collecting servers`.
    pub(crate) async fn until_doing(&self, what: &str) {
        until_so(&format!("a worker that is {what}"), async || {
            let said = self.said.lock().unwrap()["doing"].as_str().map(str::to_owned);
            said.is_some_and(|doing| doing.starts_with(what))
        })
        .await;
    }
}

impl Drop for Process {
    /// Nothing outlives its test, be the test lost or won.
    fn drop(&mut self) {
        // The number of one that has ended may be another's by now.
        let workers = match self.child.try_wait() {
            Ok(None) => children(self.pid()),
            _ => Vec::new(),
        };
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in workers {
            signal(pid, Signal::KILL);
        }
    }
}

/// Of no effect on a process that has ended.
pub(crate) fn signal(pid: i64, signal: Signal) {
    let _ = kill_process(Pid::from_raw(pid as i32).unwrap(), signal);
}

/// Whether there is such a process; one that has ended and was not waited for is none.
pub(crate) fn lives(pid: i64) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

pub(crate) fn children(parent: i64) -> Vec<i64> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent)).collect()
}

/// State and parent.
fn stat(pid: i64) -> Option<(String, i64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Behind the name, which may have blanks and brackets of its own.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}
