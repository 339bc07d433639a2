//! Being asked to stop: by a signal, by the end of standard input (the server is gone), or by whoever runs the worker.

use std::io::Read as _;
use std::sync::Arc;

use tokio::sync::watch;

/// Cheap to clone; what is asked between two waits is not lost.
#[derive(Debug, Clone)]
pub struct Stop {
    tell: Arc<watch::Sender<Option<String>>>,
    told: watch::Receiver<Option<String>>,
}

impl Default for Stop {
    fn default() -> Self {
        let (tell, told) = watch::channel(None);
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
            let first = known.is_none();
            if first {
                *known = Some(why.to_owned());
            }
            first
        });
    }

    pub fn was_asked(&self) -> bool {
        self.told.borrow().is_some()
    }

    pub fn why(&self) -> Option<String> {
        self.told.borrow().clone()
    }

    /// Resolves when somebody asks, or has asked.
    pub async fn asked(&self) {
        // The sender lives in `self`, so waiting ends by being told.
        let _ = self.told.clone().wait_for(Option::is_some).await;
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
