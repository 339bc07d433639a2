//! Signals between processes of one database: "have a look at this". They carry a topic and nothing else, are never sent
//! from inside the transaction they speak of, and may be lost; whoever waits for them believes only what it then sees in the
//! database, and looks on a period, too.
//!
//! What is told several times before it is out is sent once, and senders leave a pause between sendings: PostgreSQL's
//! `notify` takes a lock of the whole server when it commits.

mod pg;
mod sqlite;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast, watch};
use tokio::task::JoinHandle;
use tracing::{Instrument as _, Span};

use crate::store::{Backend, Store};

/// Between two sendings of one process. The first goes out at once.
const PAUSE: Duration = Duration::from_millis(20);
/// In a flood, where those it would wake are busy anyway.
const LONGEST_PAUSE: Duration = Duration::from_millis(80);
/// What is told so often between two sendings is a flood.
const FLOOD: u32 = 8;
/// Signals a listener may be behind; beyond that it is told that it missed some.
const BEHIND: usize = 1024;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    Topic(Arc<str>),
    /// Anything may have been said: the connection was lost and is back, or the listener was too slow.
    Missed,
}

/// One channel of signals. Cheap to clone; nothing is connected before the first use.
#[derive(Debug, Clone)]
pub struct Signals {
    shared: Arc<Shared>,
    running: Arc<OnceLock<Running>>,
}

#[derive(Debug)]
struct Shared {
    store: Store,
    channel: &'static str,
    heard: broadcast::Sender<Heard>,
    untold: Mutex<Untold>,
    more: Notify,
    /// Whether anybody here ever listened: those who only tell need not be told.
    listened: watch::Sender<bool>,
    /// Changes when a sending has ended, for [`Signals::flush`].
    out: watch::Sender<()>,
}

#[derive(Debug)]
struct Untold {
    topics: BTreeSet<String>,
    /// How often something was told since the last sending.
    times: u32,
    /// For which nothing was sent before that.
    pause: Duration,
    /// What was taken away from `topics` is on its way.
    sending: bool,
}

/// Ends with the last handle.
#[derive(Debug)]
struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Hears what is said after it was made.
#[derive(Debug)]
pub struct Listener {
    heard: broadcast::Receiver<Heard>,
    /// Keeps the channel connected.
    _signals: Signals,
}

impl Store {
    /// The channel of this name. Each call makes one that connects by itself: keep it and clone it.
    pub fn signals(&self, channel: &'static str) -> Signals {
        let shared = Shared {
            store: self.clone(),
            channel,
            heard: broadcast::Sender::new(BEHIND),
            untold: Mutex::new(Untold { topics: BTreeSet::new(), times: 0, pause: PAUSE, sending: false }),
            more: Notify::new(),
            listened: watch::Sender::new(false),
            out: watch::Sender::new(()),
        };
        Signals { shared: Arc::new(shared), running: Arc::default() }
    }
}

impl Signals {
    /// Says it to all listeners of this channel, here at once and in other processes soon. Does not wait.
    pub fn tell(&self, topic: &str) {
        self.start(Span::none);
        self.shared.hear(topic);
        if self.shared.untold().add(topic) {
            self.shared.more.notify_one();
        }
    }

    pub fn listen(&self) -> Listener {
        self.shared.listened.send_replace(true);
        self.start(Span::current);
        Listener { heard: self.shared.heard.subscribe(), _signals: self.clone() }
    }

    /// Waits until all that was told is out. False: it took longer than this.
    pub async fn flush(&self, at_most: Duration) -> bool {
        let mut out = self.shared.out.subscribe();
        let told = async {
            while self.shared.untold().is_open() {
                if out.changed().await.is_err() {
                    break;
                }
            }
        };
        tokio::time::timeout(at_most, told).await.is_ok()
    }

    /// `within`: whose it is, for log lines. Who listens does so for long; who only tells has a span that must end, and a
    /// task that lives on in it would keep it open.
    fn start(&self, within: fn() -> Span) {
        self.running.get_or_init(|| {
            let shared = Arc::clone(&self.shared);
            let listening = async move {
                match &shared.store.backend {
                    Backend::Pg(postgres) => pg::run(&shared, postgres).await,
                    Backend::Sqlite(sqlite) => sqlite::run(&shared, sqlite.place()).await,
                }
            };
            Running(tokio::spawn(listening.instrument(within())))
        });
    }
}

impl Untold {
    /// Whether it was not there yet.
    fn add(&mut self, topic: &str) -> bool {
        self.times = self.times.saturating_add(1);
        !self.topics.contains(topic) && self.topics.insert(topic.to_owned())
    }

    fn is_open(&self) -> bool {
        self.sending || !self.topics.is_empty()
    }

    /// Pauses grow while much is told, and are short again as soon as it is little.
    fn pace(&mut self) {
        let steps = (self.pause.as_millis() / PAUSE.as_millis()) as u32;
        self.pause = if self.times > FLOOD * steps { (self.pause * 2).min(LONGEST_PAUSE) } else { PAUSE };
        self.times = 0;
    }
}

impl Shared {
    fn untold(&self) -> MutexGuard<'_, Untold> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, topic: &str) {
        if self.heard.receiver_count() > 0 {
            let _ = self.heard.send(Heard::Topic(topic.into()));
        }
    }

    fn missed(&self) {
        let _ = self.heard.send(Heard::Missed);
    }

    /// Waits until there is something to send, and takes it: what is told again meanwhile is sent again. And says how long
    /// to pause after it.
    async fn take(&self) -> (Vec<String>, Duration) {
        loop {
            {
                let mut untold = self.untold();
                if !untold.topics.is_empty() {
                    untold.sending = true;
                    untold.pace();
                    return (std::mem::take(&mut untold.topics).into_iter().collect(), untold.pause);
                }
            }
            self.more.notified().await;
        }
    }

    /// After [`Self::take`]: what did not get out is to be sent again.
    fn sent(&self, again: Vec<String>) {
        let mut untold = self.untold();
        untold.sending = false;
        untold.topics.extend(again);
        drop(untold);
        self.out.send_replace(());
    }
}

impl Listener {
    /// The next thing that is said.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Ok(heard) => heard,
            Err(broadcast::error::RecvError::Lagged(_)) => Heard::Missed,
            // Cannot happen while this holds the channel; if it does, it must not become a busy loop.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }

    /// The next thing that was said already.
    pub fn said(&mut self) -> Option<Heard> {
        match self.heard.try_recv() {
            Ok(heard) => Some(heard),
            Err(broadcast::error::TryRecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
        }
    }
}
