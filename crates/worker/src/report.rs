//! The worker's status, kept by whoever works and told line by line.

use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::line::{StatusLine, WorkerStage};

/// Lines of a busy worker are at least this far apart.
const GAP: Duration = Duration::from_millis(250);

/// Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Reporter {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    line: Mutex<StatusLine>,
    changed: Notify,
}

impl Reporter {
    pub fn stage(&self, stage: WorkerStage) {
        self.change(|line| line.stage = stage);
    }

    /// The job at work, or none; what it did is over.
    pub fn job(&self, job: Option<i64>) {
        self.change(|line| (line.job, line.doing, line.progress) = (job, None, None));
    }

    pub fn doing(&self, what: impl Into<String>) {
        let what = Some(what.into());
        self.change(|line| line.doing = what);
    }

    /// Other words for what was done before: no progress.
    pub fn reword(&self, what: impl Into<String>) {
        self.lock().doing = Some(what.into());
        self.shared.changed.notify_one();
    }

    pub fn progress(&self, progress: serde_json::Value) {
        self.change(|line| line.progress = Some(progress));
    }

    /// The worker gives up.
    pub fn failed(&self, why: impl Into<String>) {
        let why = Some(why.into());
        self.change(|line| (line.stage, line.doing) = (WorkerStage::Failed, why));
    }

    /// Something was got done that is worth no words.
    pub fn tick(&self) {
        self.change(|_| {});
    }

    pub fn now(&self) -> StatusLine {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, StatusLine> {
        self.shared.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut StatusLine)) {
        let mut line = self.lock();
        change(&mut line);
        line.ticks += 1;
        drop(line);
        self.shared.changed.notify_one();
    }

    /// Writes lines to standard output: when something changed, and after `heartbeat` without a change. Never returns.
    pub async fn tell(&self, heartbeat: Duration) {
        loop {
            print(&self.now());
            tokio::time::sleep(GAP.min(heartbeat)).await;
            let _ = tokio::time::timeout(heartbeat, self.shared.changed.notified()).await;
        }
    }

    /// Writes the last word.
    pub fn tell_now(&self) {
        print(&self.now());
    }
}

fn print(line: &StatusLine) {
    if let Ok(mut text) = serde_json::to_string(line) {
        text.push('\n');
        let mut out = std::io::stdout().lock();
        // A server that is gone reads no more; the end of standard input says so better.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}
