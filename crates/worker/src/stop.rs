//! Being asked to stop: by a signal, by the end of standard input (the server is gone), or by whoever runs the worker. At
//! once, which also asks the job at work; or after that job, by who wants it done first.

use std::io::Read as _;
use std::sync::Arc;

use tokio::sync::watch;

/// Cheap to clone; what is asked between two waits is not lost.
#[derive(Debug, Clone)]
pub struct Stop {
    tell: Arc<watch::Sender<Asked>>,
    told: watch::Receiver<Asked>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    No,
    AfterJob(String),
    AtOnce(String),
}

impl Default for Stop {
    fn default() -> Self {
        let (tell, told) = watch::channel(Asked::No);
        Self { tell: Arc::new(tell), told }
    }
}

impl Stop {
    /// Ctrl-C and a polite kill ask to stop from here on.
    pub fn on_signals(self) -> Self {
        let asked = self.clone();
        tokio::spawn(async move {
            let why = signalled().await;
            asked.ask(why);
        });
        self
    }

    /// The server's other signal (SIGUSR1) asks to stop after the job at work from here on.
    pub fn on_retirement(self) -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            if let Ok(mut retire) = signal(SignalKind::user_defined1()) {
                let asked = self.clone();
                tokio::spawn(async move {
                    retire.recv().await;
                    asked.ask_after_job("it was asked to stop after its job (SIGUSR1)");
                });
            }
        }
        self
    }

    /// The end of standard input asks to stop from here on. A process whose parent was killed gets no signal, but its pipe
    /// ends; a parent-death signal would fire when the spawning *thread* ends, too.
    pub fn on_end_of_input(self) -> Self {
        let asked = self.clone();
        // Not the runtime's: a read that waits for ever would keep it from ending.
        std::thread::spawn(move || {
            let (mut input, mut rest) = (std::io::stdin(), [0; 256]);
            while matches!(input.read(&mut rest), Ok(read) if read > 0) {}
            asked.ask("its server is gone");
        });
        self
    }

    /// The first to ask gives the reason.
    pub fn ask(&self, why: &str) {
        self.tell.send_if_modified(|known| {
            let first = !matches!(known, Asked::AtOnce(_));
            if first {
                *known = Asked::AtOnce(why.to_owned());
            }
            first
        });
    }

    /// What is at work may be finished first. Of no effect on who was asked already.
    pub fn ask_after_job(&self, why: &str) {
        self.tell.send_if_modified(|known| {
            let first = *known == Asked::No;
            if first {
                *known = Asked::AfterJob(why.to_owned());
            }
            first
        });
    }

    /// In either way.
    pub fn was_asked(&self) -> bool {
        *self.told.borrow() != Asked::No
    }

    pub fn why(&self) -> Option<String> {
        match &*self.told.borrow() {
            Asked::No => None,
            Asked::AfterJob(why) | Asked::AtOnce(why) => Some(why.clone()),
        }
    }

    /// Resolves when somebody asks, or has asked, in either way.
    pub async fn asked(&self) {
        // The sender lives in `self`, so waiting ends by being told.
        let _ = self.told.clone().wait_for(|asked| *asked != Asked::No).await;
    }

    /// Resolves when what is at work should stop, too.
    pub async fn asked_at_once(&self) {
        let _ = self.told.clone().wait_for(|asked| matches!(asked, Asked::AtOnce(_))).await;
    }
}

async fn signalled() -> &'static str {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            return tokio::select! {
                _ = terminate.recv() => "it was asked to stop (SIGTERM)",
                _ = interrupt.recv() => "it was interrupted (SIGINT)",
            };
        }
    }
    match tokio::signal::ctrl_c().await {
        Ok(()) => "it was interrupted",
        Err(_) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_the_job_may_become_at_once_and_never_the_other_way() {
        let stop = Stop::default();
        assert!(!stop.was_asked());
        stop.ask_after_job("too large");
        stop.asked().await;
        assert_eq!(stop.why().as_deref(), Some("too large"));
        let at_once = stop.clone();
        let waits = tokio::spawn(async move { at_once.asked_at_once().await });
        stop.ask("its server is gone");
        waits.await.expect("told");
        stop.ask_after_job("too large again");
        stop.ask("interrupted");
        assert_eq!(stop.why().as_deref(), Some("its server is gone"));
    }
}
