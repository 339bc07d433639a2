//! A worker process: started in a process group of its own, heard through its standard output, told to go by a signal or
//! by the end of its standard input, which also comes when this process dies.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use stocktake_store::fleet::WorkerId;
use stocktake_worker::StatusLine;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{ChildStdin, Command};
use tokio::sync::mpsc;

use crate::place::{Place, Wanted};

/// What is started: this very program, so that server and workers are of one build.
#[derive(Debug, Clone)]
pub struct Program {
    path: PathBuf,
    /// Given to each worker beside what this process has: the database's address, which no command line should show.
    environment: Vec<(String, String)>,
}

impl Program {
    pub fn this(environment: Vec<(String, String)>) -> Self {
        Self { path: this_program(), environment }
    }
}

/// By its own path as long as that leads to it; an upgrade in place puts another file there, or takes it away.
fn this_program() -> PathBuf {
    let running = Path::new("/proc/self/exe");
    let file = |path: &Path| std::fs::metadata(path).map(|m| (m.dev(), m.ino())).ok();
    match std::env::current_exe() {
        Ok(path) if file(&path).is_some() && file(&path) == file(running) => path,
        _ => running.to_owned(),
    }
}

#[derive(Debug)]
pub(crate) enum Event {
    Said(WorkerId, StatusLine),
    Ended(WorkerId, io::Result<ExitStatus>),
}

#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// A number alone could be another process by the time it is used.
    handle: OwnedFd,
    _input: Option<ChildStdin>,
}

impl Process {
    pub(crate) fn start(
        program: &Program,
        id: WorkerId,
        place: &Place,
        wanted: &Wanted,
        events: mpsc::Sender<Event>,
    ) -> io::Result<Self> {
        let mut command = Command::new(&program.path);
        command.arg0("stocktake").args(["worker", place.kind, "--supervised"]);
        command.args(["--id", &id.to_string(), "--generation", &wanted.generation.to_string()]);
        if let Some(name) = &wanted.name {
            command.args(["--provider", name]);
        }
        // What systemd and the server have to say to each other is not the worker's business.
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            command.env_remove(name);
        }
        command.envs(program.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        // Ctrl-C in a terminal is for the server, which asks its workers itself.
        command.process_group(0);
        let mut child = command.spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let pid = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        let handle = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no process id"))?;
        let handle = pidfd_open(handle, PidfdFlags::empty())?;
        tokio::spawn(async move {
            if let Some(output) = output {
                let mut lines = BufReader::new(output).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    match serde_json::from_str(&line) {
                        Ok(line) => drop(events.send(Event::Said(id, line)).await),
                        Err(error) => tracing::warn!(worker = %id, %error, line, "a worker said something unheard of"),
                    }
                }
            }
            let ended = child.wait().await;
            let _ = events.send(Event::Ended(id, ended)).await;
        });
        Ok(Self { pid, handle, _input: input })
    }

    pub(crate) fn ask_to_stop(&self) {
        self.signal(Signal::TERM);
    }

    /// What it works on may be finished first.
    pub(crate) fn ask_to_retire(&self) {
        self.signal(Signal::USR1);
    }

    pub(crate) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // One that has ended needs none.
        if let Err(error) = pidfd_send_signal(&self.handle, signal) {
            tracing::debug!(pid = self.pid, %error, "no signal sent");
        }
    }
}
