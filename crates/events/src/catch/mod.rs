//! Catching: whatever a source tells is stored, and only then may the source forget it.
//!
//! One straight loop: connect where it was, take what there is, store it, say so. Nothing waits for a batch to fill: while one
//! is stored the next gathers at the source, so batches grow by themselves with the load, up to the limit. What is on the way
//! in memory is one batch; the rest is the source's, which is all the back-pressure there is and needs to be.
//!
//! Two catchers of one provider do no harm, so nothing fences them: a position is only written by one that has stored all
//! before it, and what both catch is one event to whoever handles it.

mod pause;
mod rows;
mod wait;

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt as _;
use stocktake_provider::{Begin, Caught, ErrorKind, EventSource, Position, ProviderError};
use stocktake_queue::{Debounce, Queue};
use stocktake_store::registry::SourceState;
use stocktake_store::{ProviderId, Store, StoreError};
use tokio::time::{Instant, sleep};

use pause::Pauses;
pub use rows::{TRIGGER, note_source};
use wait::{ALIVE, wait};

/// How long the database is left alone while something waits to be stored, at first and at most.
const AWAY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// What catching for one provider needs.
#[derive(Debug, Clone, Copy)]
pub struct Catch<'a> {
    pub queue: &'a Queue,
    pub provider: ProviderId,
    pub source: &'a dyn EventSource,
    /// Events stored at once, at most.
    pub most: usize,
    /// How long a source that fails is left alone, at first and at most.
    pub pauses: (Duration, Duration),
    /// For the refresh that makes up for a gap.
    pub debounce: Debounce,
}

impl Catch<'_> {
    fn store(&self) -> &Store {
        self.queue.store()
    }
}

/// Told how it goes, for people.
pub trait Observer: Send + Sync {
    /// In words: why it waits, and what to do about it.
    fn state(&self, state: SourceState, words: &str);

    /// So much was stored.
    fn caught(&self, events: usize, poison: usize);

    /// The source lives, and nothing happened.
    fn quiet(&self);
}

/// How catching ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Stopped,
    /// The provider is not registered any more.
    Removed,
}

/// Catches until it is asked to stop. Whatever goes wrong is said, and tried again.
pub async fn catch(catch: &Catch<'_>, observer: &dyn Observer, stopped: impl Future<Output = ()> + Send) -> End {
    let stopped = stopped.shared();
    let mut pauses = Pauses::new(catch.pauses.0, catch.pauses.1);
    tell(catch, observer, SourceState::Connecting, None).await;
    loop {
        let broken = match session(catch, observer, &mut pauses, stopped.clone()).await {
            Ok(never) => match never {},
            Err(broken) => broken,
        };
        let (state, why, pause) = match broken {
            Broken::Stopped => break,
            Broken::Source(error) if needs_a_person(&error) => (SourceState::Failed, error.to_string(), pauses.longest()),
            Broken::Source(error) => (SourceState::Waiting, error.to_string(), pauses.take()),
            Broken::Store(error) => {
                if !error.is_transient() && matches!(rows::is_there(catch.queue, catch.provider).await, Ok(false)) {
                    observer.state(SourceState::Stopped, "the provider has been removed");
                    return End::Removed;
                }
                (SourceState::Waiting, of_database(&error), pauses.take())
            }
        };
        tracing::warn!(error = why, again_in = ?pause, "catching broke off");
        tell(catch, observer, state, Some((&why, pause))).await;
        tokio::select! {
            () = sleep(pause) => {}
            () = stopped.clone() => break,
        }
    }
    tell(catch, observer, SourceState::Stopped, None).await;
    End::Stopped
}

/// Why a session ended.
enum Broken {
    Stopped,
    Source(ProviderError),
    Store(StoreError),
}

impl From<ProviderError> for Broken {
    fn from(error: ProviderError) -> Self {
        Self::Source(error)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// From connecting until something breaks. The stream is dropped with it: what it gave and nobody stored comes again.
async fn session(
    catch: &Catch<'_>,
    observer: &dyn Observer,
    pauses: &mut Pauses,
    stopped: impl Future<Output = ()> + Clone,
) -> Result<std::convert::Infallible, Broken> {
    let from = rows::position(catch).await?;
    let mut stream = tokio::select! {
        connected = catch.source.connect(from.as_ref()) => connected?,
        () = stopped.clone() => return Err(Broken::Stopped),
    };
    begin(catch, stream.begin()).await?;
    observer.state(SourceState::Catching, "catching");
    // Told with an empty answer, and not written yet.
    let mut moved: Option<Position> = None;
    let mut due = Instant::now() + ALIVE;
    loop {
        // What it writes is true while the source is still asked.
        let alive = || {
            let moved = moved.take();
            async move { rows::alive(catch, moved.as_ref()).await }
        };
        let caught = wait(stream.next(catch.most), stopped.clone(), &mut due, alive).await?.transpose()?;
        match caught {
            None => break,
            Some(Caught { events, poison, position }) if events.is_empty() && poison.is_empty() => {
                moved = position.or(moved);
                pauses.reset();
                observer.quiet();
            }
            Some(caught) => {
                let position = caught.position.as_ref().or(moved.as_ref());
                keep(catch, observer, &caught, position, stopped.clone()).await?;
                moved = None;
                due = Instant::now() + ALIVE;
                observer.caught(caught.events.len(), caught.poison.len());
                stream.stored().await?;
                pauses.reset();
            }
        }
    }
    if moved.is_some() {
        rows::alive(catch, moved.as_ref()).await?;
    }
    Err(Broken::Stopped)
}

async fn begin(catch: &Catch<'_>, begin: Begin) -> Result<(), StoreError> {
    match begin {
        Begin::Resumed => rows::resumed(catch).await,
        Begin::First(position) => {
            tracing::info!("catching for the first time; everything is asked for");
            rows::begun(catch, &position, None).await
        }
        Begin::Gap { why, position } => {
            tracing::warn!(why, "events are missing; everything is asked for");
            rows::begun(catch, &position, Some(&why)).await
        }
    }
}

/// However long the database is away: the source would only have to tell it all again.
async fn keep(
    catch: &Catch<'_>,
    observer: &dyn Observer,
    caught: &Caught,
    position: Option<&Position>,
    stopped: impl Future<Output = ()> + Clone,
) -> Result<(), Broken> {
    let mut away = AWAY.0;
    loop {
        let error = match rows::keep(catch, caught, position).await {
            Ok(()) if away > AWAY.0 => {
                observer.state(SourceState::Catching, "catching");
                return Ok(());
            }
            Ok(()) => return Ok(()),
            Err(error) if error.is_transient() => error,
            Err(error) => return Err(error.into()),
        };
        tracing::warn!(%error, events = caught.events.len(), "what was caught cannot be stored; trying again");
        observer.state(SourceState::Waiting, &of_database(&error));
        tokio::select! {
            () = sleep(away) => {}
            () = stopped.clone() => return Err(Broken::Stopped),
        }
        away = (away * 2).min(AWAY.1);
    }
}

fn needs_a_person(error: &ProviderError) -> bool {
    matches!(error.kind, ErrorKind::Unauthorized | ErrorKind::Configuration)
}

/// With all its causes: what the database itself said is what a person needs.
fn of_database(error: &StoreError) -> String {
    let mut words = format!("the database: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        cause = error.source();
    }
    words
}

/// Best effort: a database that is away will hear the next word.
async fn tell(catch: &Catch<'_>, observer: &dyn Observer, state: SourceState, why: Option<(&str, Duration)>) {
    let words = match why {
        Some((why, pause)) => format!("{why}; tried again in {:.0} s", pause.as_secs_f32().ceil()),
        None => state.name().to_owned(),
    };
    observer.state(state, &words);
    let (message, retry) = why.unzip();
    let noted = note_source(catch.store(), catch.provider, catch.source.name(), state, message, retry).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "the state of the source cannot be written down");
    }
}
