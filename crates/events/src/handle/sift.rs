//! A batch taken apart: events with their routes, and what could not be read with the reason. Pure.

use std::collections::HashSet;
use std::sync::Arc;

use stocktake_model::Target;
use stocktake_provider::{Event, EventReader, RawEvent};

use crate::aside::{cut, plain};
use crate::routes::{Route, Routes};

/// An event that is read and has its route.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    pub key: String,
    pub via: String,
    /// By the database's clock: microseconds since 1970, UTC.
    pub received_on: i64,
    pub event: Event,
    /// None: no route has its type.
    pub route: Option<Arc<Route>>,
    /// What it is about, also if its route is to be ignored.
    pub targets: Vec<Target>,
}

impl NewEvent {
    /// When it happened by the source's clock; when it was received, if the source does not say or talks nonsense.
    pub fn at(&self) -> i64 {
        self.event.at.filter(|at| SENSIBLE.contains(at)).unwrap_or(self.received_on)
    }

    /// What it makes worth a look.
    pub fn asks_for(&self) -> &[Target] {
        if self.route.as_ref().is_some_and(|route| route.ignore) { &[] } else { &self.targets }
    }
}

/// Until the year 2200: both databases can hold it, and nobody's clock is that wrong by accident.
const SENSIBLE: std::ops::RangeInclusive<i64> = 0..=7_258_118_400_000_000;

/// Names and refs are indexed, and PostgreSQL's indexes hold no entry that is much longer: one would sink the whole batch.
pub const LONGEST: usize = 1_000;

/// What could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Aside {
    pub(super) via: String,
    pub(super) reason: String,
    pub(super) body: Vec<u8>,
}

#[derive(Debug, Default)]
pub(super) struct Sifted {
    pub(super) events: Vec<NewEvent>,
    pub(super) aside: Vec<Aside>,
    /// Of one key with an earlier one of the batch.
    pub(super) twice: usize,
}

pub(super) fn sift(raw: Vec<RawEvent>, received_on: i64, reader: &dyn EventReader, routes: &Routes) -> Sifted {
    let (mut sifted, mut keys) = (Sifted::default(), HashSet::with_capacity(raw.len()));
    for mut raw in raw {
        // As it is stored: two keys may be one then.
        raw.key = plain(&raw.key);
        if !keys.insert(raw.key.clone()) {
            sifted.twice += 1;
            continue;
        }
        match reader.read(&raw) {
            Ok(event) => {
                let event = NewEvent::routed(raw.key.clone(), plain(&raw.via), received_on, cleaned(event), routes);
                match too_long(&event) {
                    None => sifted.events.push(event),
                    Some(reason) => sifted.aside.push(aside(&raw, reason)),
                }
            }
            Err(reason) => sifted.aside.push(aside(&raw, reason)),
        }
    }
    sifted
}

fn aside(raw: &RawEvent, reason: String) -> Aside {
    Aside { via: plain(&raw.via), reason: plain(&reason), body: cut(&raw.body) }
}

fn cleaned(mut event: Event) -> Event {
    let texts = [
        &mut event.source,
        &mut event.message,
        &mut event.vm,
        &mut event.host,
        &mut event.availability_zone,
        &mut event.tenant,
        &mut event.flavor,
        &mut event.user,
        &mut event.request,
        &mut event.chain,
    ];
    for text in texts.into_iter().flatten().chain([&mut event.kind]) {
        if text.contains('\0') {
            *text = plain(text);
        }
    }
    event
}

fn too_long(event: &NewEvent) -> Option<String> {
    let targets = event.targets.iter().map(|target| ("a target's ref", target.reference.as_str()));
    let vm = event.event.vm.iter().map(|vm| ("its VM's ref", vm.as_str()));
    let named = [("its key", event.key.as_str()), ("its type", event.event.kind.as_str())];
    let (what, text) =
        named.into_iter().chain(vm).chain(targets).find(|(_, text)| text.len() > LONGEST || text.contains('\0'))?;
    Some(format!("{what} has {} bytes, or a NUL among them; more than {LONGEST} cannot be kept", text.len()))
}
