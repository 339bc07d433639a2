//! What is told of events: how catching goes, and what waits for a handler.

use stocktake_store::registry::EventSourceRecord;

use super::exposition::{Kind, Labels, add};

pub(super) fn events(p: &mut String, sources: &[EventSourceRecord]) {
    let up = sources.iter().map(|s| {
        let labels = vec![("provider", s.provider.as_str()), ("source", s.source.as_str())];
        (labels, f64::from(u8::from(s.is_connected())))
    });
    let help = "1: what happens is caught; 0: the source fails, or nobody catches.";
    add(p, "stocktake_event_source_up", Kind::Gauge, help, up);
    let each = |value: fn(&EventSourceRecord) -> Option<f64>| sources.iter().filter_map(move |s| Some((of(s), value(s)?)));
    let received = each(|s| Some(s.received as f64));
    let help = "Events as they were caught, those that came again among them.";
    add(p, "stocktake_events_received_total", Kind::Counter, help, received);
    let aside = each(|s| Some(s.poisoned as f64));
    let help = "What came and could not be read, kept aside.";
    add(p, "stocktake_events_aside_total", Kind::Counter, help, aside);
    let gaps = each(|s| Some(s.gaps as f64));
    let help = "How often events were lost before they came here; each asked for a refresh of everything.";
    add(p, "stocktake_event_gaps_total", Kind::Counter, help, gaps);
    let quiet = each(|s| Some(seconds(s.now - s.last_event_on?)));
    let help = "Since the last event was caught; missing: there was none.";
    add(p, "stocktake_event_quiet_seconds", Kind::Gauge, help, quiet);
    let waiting = each(|s| Some(s.waiting_events as f64));
    add(p, "stocktake_events_waiting", Kind::Gauge, "Events that are caught and not handled yet.", waiting);
    let batches = each(|s| Some(s.waiting_batches as f64));
    add(p, "stocktake_event_batches_waiting", Kind::Gauge, "Batches of them.", batches);
    let oldest = each(|s| Some(seconds(s.now - s.waiting_since?)));
    let help = "For how long the batch waits that waits the longest; missing: none waits.";
    add(p, "stocktake_event_batches_oldest_seconds", Kind::Gauge, help, oldest);
}

fn of(source: &EventSourceRecord) -> Labels<'_> {
    vec![("provider", &source.provider)]
}

fn seconds(micros: i64) -> f64 {
    micros.max(0) as f64 / 1e6
}
