//! How catching events goes, told to people: in one line each for the status, in full for a provider.

use stocktake_store::registry::{EventSourceRecord, SourceState};

use crate::output::human::{ago, counted, seconds, thousands};
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::output::{Out, Table};

/// `waiting since 5 min ago: …; tried again in 12 s`
pub(crate) fn words(source: &EventSourceRecord) -> String {
    let mut text = format!("{} since {}", source.state.name(), ago(source.since, source.now));
    if source.is_silent() {
        let silent = ago(source.seen_on, source.now);
        text = format!("{text}, but its catcher gave its last sign of life {silent}; `stocktake workers --all` shows why");
    }
    if let Some(message) = &source.message {
        text.extend([": ", message.as_str()]);
    }
    match source.retry_on.map(|at| (at - source.now) / 1_000_000) {
        Some(left) if left > 0 => text.extend(["; tried again in ", &seconds(left)]),
        _ => {}
    }
    text
}

pub(crate) fn tone(source: &EventSourceRecord) -> Tone {
    match source.state {
        _ if source.is_silent() => Tone::Warn,
        SourceState::Catching => Tone::Good,
        SourceState::Failed => Tone::Bad,
        SourceState::Waiting => Tone::Warn,
        SourceState::Connecting | SourceState::Stopped => Tone::Plain,
    }
}

/// `12,345 received, last: 5 min ago; 17 wait to be handled, the first for 2 s`
pub(crate) fn received(source: &EventSourceRecord) -> String {
    let mut text = format!("{} received", number(source.received));
    if let Some(last) = source.last_event_on {
        text.extend([", last: ", &ago(last, source.now)]);
    }
    if let Some(first) = source.waiting_since {
        let age = seconds(((source.now - first) / 1_000_000).max(0));
        text.extend(["; ", &number(source.waiting_events), " wait to be handled, the first for ", &age]);
    }
    text
}

/// `2, the last 3 h ago: the queue is gone; everything was asked for`
pub(crate) fn gaps(source: &EventSourceRecord) -> Option<String> {
    let mut text = number(source.gaps);
    if let Some(on) = source.last_gap_on.filter(|_| source.gaps > 0) {
        let why = source.last_gap.as_deref().unwrap_or_default();
        text.extend([", the last ", &ago(on, source.now), ": ", why, "; everything was asked for"]);
    }
    (source.gaps > 0).then_some(text)
}

/// `3 could not be read`
pub(crate) fn aside(source: &EventSourceRecord) -> Option<String> {
    (source.poisoned > 0).then(|| counted(source.poisoned.unsigned_abs(), "could not be read", "could not be read"))
}

/// A line for each source.
pub(crate) fn table(out: &mut Out, sources: &[EventSourceRecord]) -> std::io::Result<()> {
    let titles = ["PROVIDER", "SOURCE", "STATE", "LAST EVENT", "RECEIVED", "TO HANDLE", "ASIDE", "GAPS", "MESSAGE"];
    let mut table = Table::of(&titles).right(&[4, 5, 6, 7]).indent(2).compact();
    let some = |count: i64| if count == 0 { String::new() } else { number(count) };
    for source in sources {
        let state = if source.is_silent() { "silent" } else { source.state.name() };
        let cells: [Cell; 9] = [
            source.provider.as_str().into(),
            source.source.as_str().into(),
            Cell::from(state).tone(tone(source)),
            source.last_event_on.map(|on| ago(on, source.now)).unwrap_or_default().into(),
            number(source.received).into(),
            some(source.waiting_events).into(),
            Cell::from(some(source.poisoned)).tone(Tone::Warn),
            Cell::from(some(source.gaps)).tone(Tone::Warn),
            source.message.as_deref().unwrap_or_default().into(),
        ];
        table.row(out, cells)?;
    }
    table.end(out, "; see `stocktake provider show NAME`")
}

fn number(count: i64) -> String {
    thousands(count.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use stocktake_store::ProviderId;

    use super::*;

    const SECOND: i64 = 1_000_000;

    fn source(change: impl FnOnce(&mut EventSourceRecord)) -> EventSourceRecord {
        let now = 1_800_000_000 * SECOND;
        let mut source = EventSourceRecord {
            provider_id: ProviderId(1),
            provider: "cloud1".to_owned(),
            source: "amqp".to_owned(),
            state: SourceState::Catching,
            message: None,
            since: now - 7_200 * SECOND,
            retry_on: None,
            seen_on: now - 10 * SECOND,
            last_event_on: None,
            received: 0,
            poisoned: 0,
            gaps: 0,
            last_gap_on: None,
            last_gap: None,
            waiting_batches: 0,
            waiting_events: 0,
            waiting_since: None,
            now,
        };
        change(&mut source);
        source
    }

    #[test]
    fn the_state_comes_with_its_reason_and_the_next_try() {
        assert_eq!(words(&source(|_| {})), "catching since 2 h ago");
        let waits = source(|s| {
            (s.state, s.retry_on) = (SourceState::Waiting, Some(s.now + 12 * SECOND));
            s.message = Some("connect: nobody answers".to_owned());
        });
        assert_eq!(words(&waits), "waiting since 2 h ago: connect: nobody answers; tried again in 12 s");
    }

    #[test]
    fn one_that_was_killed_is_not_said_to_catch() {
        let silent = source(|s| s.seen_on = s.now - 300 * SECOND);
        assert!(words(&silent).starts_with("catching since 2 h ago, but its catcher gave its last sign of life 5 min ago"));
        assert!(!silent.is_connected());
        let waits_long = source(|s| (s.seen_on, s.retry_on) = (s.now - 300 * SECOND, Some(s.now + 300 * SECOND)));
        assert!(!waits_long.is_silent(), "it said that it would be silent until then");
        let stopped = source(|s| (s.state, s.seen_on) = (SourceState::Stopped, s.now - 86_400 * SECOND));
        assert!(!stopped.is_silent());
    }

    #[test]
    fn what_came_and_what_did_not_is_told() {
        let nothing = source(|_| {});
        assert_eq!((received(&nothing).as_str(), gaps(&nothing), aside(&nothing)), ("0 received", None, None));
        let much = source(|s| {
            (s.received, s.poisoned, s.gaps) = (12_345, 3, 2);
            (s.last_event_on, s.last_gap_on) = (Some(s.now - 300 * SECOND), Some(s.now - 10_800 * SECOND));
            s.last_gap = Some("the queue is gone".to_owned());
            (s.waiting_batches, s.waiting_events, s.waiting_since) = (1, 17, Some(s.now - 2 * SECOND));
        });
        let expected = "12,345 received, last: 5 min ago; 17 wait to be handled, the first for 2 s";
        assert_eq!(received(&much), expected);
        let expected = "2, the last 3 h ago: the queue is gone; everything was asked for";
        assert_eq!(gaps(&much).as_deref(), Some(expected));
        assert_eq!(aside(&much).as_deref(), Some("3 could not be read"));
    }
}
