//! Catches what happens in one provider's system. Its own process, so that a broker that hangs or floods harms no other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::anyhow;
use serde_json::json;
use stocktake_events::{Catch, End, Observer, catch, note_source};
use stocktake_provider::EventSource;
use stocktake_queue::Debounce;
use stocktake_store::registry::{self, ProviderRecord, RegistryError, SourceState};
use stocktake_store::{ProviderId, StoreError};
use stocktake_worker::{Reporter, Stop};

use super::{Does, Filled, WorkerKind};
use crate::context::{Context, chain};

pub(super) const KIND: WorkerKind = WorkerKind {
    name: "event_catcher",
    doc: "Catches what happens in one provider's system",
    role: "event_catcher",
    filled: Filled::PerEventSource,
    does: Does::Resident(|context, provider, report, stop| {
        Box::pin(async move { run(&context, provider, &report, &stop).await })
    }),
};

/// How often its words are brought up to date: what happened `3 s ago` is soon longer ago. As often as its row is written in
/// any case.
const REWORDED: Duration = Duration::from_secs(10);

async fn run(context: &Context, provider: ProviderId, report: &Reporter, stop: &Stop) -> anyhow::Result<()> {
    let Some((source, name)) = open(context, provider, report, stop).await? else { return Ok(()) };
    let settings = &context.settings.events;
    let catching = Catch {
        queue: &context.queue,
        provider,
        source: source.as_ref(),
        most: settings.batch as usize,
        pauses: (settings.backoff_first, settings.backoff_max),
        debounce: Debounce { quiet: settings.debounce, at_most: settings.debounce_max },
    };
    let watched = Watched { report, seen: Mutex::new(Seen::new()) };
    let (catching, asked) = (catch(&catching, &watched, stop.asked()), watched.keep_words());
    let end = tokio::select! {
        end = catching => end,
        () = asked => return Ok(()),
    };
    match end {
        End::Stopped => Ok(()),
        End::Removed => Err(anyhow!("{name} is not registered any more")),
    }
}

/// The source, as soon as there is one to be had: settings that do not do are for a person to mend, and a database that is
/// away comes back. None: it was asked to stop before.
async fn open(
    context: &Context,
    provider: ProviderId,
    report: &Reporter,
    stop: &Stop,
) -> anyhow::Result<Option<(Arc<dyn EventSource>, String)>> {
    let mut pause = context.settings.events.backoff_first;
    loop {
        let error = match registry::get(&context.store, provider).await {
            Ok(record) => match context.event_source(&record).await {
                Ok(Some(source)) => return Ok(Some((source, record.name))),
                Ok(None) => {
                    let why = anyhow!(
                        "the settings of {0} name no source of events; say one with `stocktake provider edit {0}`",
                        record.name
                    );
                    noted(context, &record, why, pause).await
                }
                Err(error) => noted(context, &record, error, pause).await,
            },
            Err(RegistryError::Store(StoreError::UnknownProvider { .. })) => {
                return Err(anyhow!("provider {provider} is not registered any more"));
            }
            Err(error) => error.into(),
        };
        let why = chain(&error);
        tracing::warn!(error = why, again_in = ?pause, "no events can be caught");
        report.doing(format!("failed: {why}"));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.asked() => return Ok(None),
        }
        pause = (pause * 2).min(context.settings.events.backoff_max);
    }
}

/// Writes down why there is no source, for those who look at the provider.
async fn noted(context: &Context, record: &ProviderRecord, why: anyhow::Error, pause: Duration) -> anyhow::Error {
    let source = record.event_source.as_deref().unwrap_or("none");
    let (state, text) = (SourceState::Failed, chain(&why));
    if let Err(error) = note_source(&context.store, record.id, source, state, Some(&text), Some(pause)).await {
        tracing::warn!(%error, "the state of the source cannot be written down");
    }
    why
}

/// Turns what catching tells into the worker's words.
struct Watched<'a> {
    report: &'a Reporter,
    seen: Mutex<Seen>,
}

struct Seen {
    events: u64,
    poison: u64,
    batches: u64,
    last: Option<Instant>,
    /// While it catches; what else it does is said in its own words.
    catching: bool,
}

impl Seen {
    const fn new() -> Self {
        Self { events: 0, poison: 0, batches: 0, last: None, catching: false }
    }

    fn words(&self) -> String {
        match self.last {
            None => "catching: no events yet".to_owned(),
            Some(last) => format!("catching: {} events, last {} ago", thousands(self.events), span(last.elapsed())),
        }
    }
}

impl Watched<'_> {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never returns.
    async fn keep_words(&self) {
        loop {
            tokio::time::sleep(REWORDED).await;
            let seen = self.seen();
            if seen.catching && seen.last.is_some() {
                // No progress: nothing was caught by saying so.
                self.report.reword(seen.words());
            }
        }
    }
}

impl Observer for Watched<'_> {
    fn state(&self, state: SourceState, words: &str) {
        let mut seen = self.seen();
        seen.catching = state == SourceState::Catching;
        self.report.doing(if seen.catching {
            seen.words()
        } else if words == state.name() {
            words.to_owned()
        } else {
            format!("{}: {words}", state.name())
        });
    }

    fn caught(&self, events: usize, poison: usize) {
        let mut seen = self.seen();
        seen.events += events as u64;
        seen.poison += poison as u64;
        seen.batches += 1;
        seen.last = Some(Instant::now());
        self.report.doing(seen.words());
        self.report.progress(json!({"events": seen.events, "aside": seen.poison, "batches": seen.batches}));
    }

    fn quiet(&self) {
        self.report.tick();
    }
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn span(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3_600 => format!("{} min", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_say_how_much_and_how_long_ago() {
        let mut seen = Seen::new();
        assert_eq!(seen.words(), "catching: no events yet");
        (seen.events, seen.last) = (12_345, Some(Instant::now()));
        assert_eq!(seen.words(), "catching: 12,345 events, last 0 s ago");
        let spans = [59, 60, 7_300, 200_000].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["59 s", "1 min", "2 h", "2 days"]);
        assert_eq!([7, 999, 1_000, 1_234_567].map(thousands), ["7", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn only_what_the_source_says_is_progress() {
        let report = Reporter::default();
        let watched = Watched { report: &report, seen: Mutex::new(Seen::new()) };
        watched.state(SourceState::Waiting, "nobody answers; tried again in 2 s");
        assert_eq!(report.now().doing.as_deref(), Some("waiting: nobody answers; tried again in 2 s"));
        watched.state(SourceState::Catching, "catching");
        watched.caught(3, 1);
        let line = report.now();
        assert_eq!(line.doing.as_deref(), Some("catching: 3 events, last 0 s ago"));
        assert_eq!(line.progress, Some(json!({"events": 3, "aside": 1, "batches": 1})));
        watched.quiet();
        assert_eq!(report.now().ticks, line.ticks + 1);
        report.reword("catching: 3 events, last 10 s ago");
        assert_eq!(report.now().ticks, line.ticks + 1, "to say something again is to get nowhere");
    }
}
