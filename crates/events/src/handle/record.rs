//! A batch's rows, and what keeps them from being written twice.

use std::collections::BTreeMap;

use stocktake_provider::EventLevel;
use stocktake_store::{Kind, Param, ProviderId, Statement, StoreError};

use super::sift::{Aside, NewEvent};

/// A batch that was read. By more than its id, so that whoever is late touches no other batch, whatever ids do: those of a
/// database that was restored begin where its copy ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) batch: i64,
    pub(super) provider: ProviderId,
    pub(super) received_on: i64,
}

impl Read {
    fn params(self) -> [Param; 3] {
        [self.batch.into(), self.provider.into(), Param::Time(self.received_on)]
    }
}

const SAME: &str = "id = $1 and provider_id = $2 and received_on = $3";

/// Held until the transaction ends, so that of two handlers with one batch the second waits, and then finds it gone.
pub(super) fn lock(kind: Kind, read: Read) -> Option<Statement> {
    let sql = format!("select id from event_batches where {SAME} for update");
    // SQLite has one writer at a time.
    (kind == Kind::Postgres).then(|| Statement::new(sql, read.params()))
}

/// Refused by the database, and with it the whole transaction, if the batch is not there any more: its row would have no
/// number of events.
pub(super) fn fence(read: Read) -> Statement {
    let sql = format!(
        "insert into event_batches (provider_id, events, body) select $2, null, '' \
         where not exists (select 1 from event_batches where {SAME})"
    );
    Statement::new(sql, read.params())
}

pub(super) fn take_away(read: Read) -> Statement {
    Statement::new(format!("delete from event_batches where {SAME}"), read.params())
}

/// A batch that cannot be unpacked, as it is: what is spoilt may yet be mended by hand.
pub(super) fn spoilt(read: Read, reason: &str) -> Statement {
    let sql = format!(
        "insert into events_aside (provider_id, received_on, via, reason, body) \
         select provider_id, received_on, 'batch ' || id, $4, body from event_batches where {SAME}"
    );
    Statement::new(sql, read.params().into_iter().chain([reason.into()]).collect::<Vec<_>>())
}

/// Why a transaction of ours was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Another handler did the batch.
    BatchGone,
    /// Another stored one of the events since they were looked for.
    Known,
    /// Two were in each other's way.
    Collision,
}

impl Refused {
    pub(super) fn of(error: &StoreError) -> Option<Self> {
        match error {
            StoreError::Collision { .. } => Some(Self::Collision),
            StoreError::Constraint { rule, .. } if rule.contains("event_batches") => Some(Self::BatchGone),
            // The name of the index, or the columns.
            StoreError::Constraint { rule, .. } if rule == "events_provider_id_key_key" || rule.contains("events.key") => {
                Some(Self::Known)
            }
            _ => None,
        }
    }
}

pub(crate) const fn level(level: EventLevel) -> &'static str {
    match level {
        EventLevel::Info => "info",
        EventLevel::Warning => "warning",
        EventLevel::Error => "error",
    }
}

const COLUMNS: &str = "provider_id, key, type, at, received_on, source, via, level, event_group, severity, message, collection, \
     ref, vm_ref, host_ref, availability_zone_ref, tenant_ref, flavor_ref, user_ref, request_id, chain_id, payload";

const ONE: &str = "insert into events (provider_id, key, type, at, received_on, source, via, level, event_group, severity, \
     message, collection, ref, vm_ref, host_ref, availability_zone_ref, tenant_ref, flavor_ref, user_ref, request_id, chain_id, \
     payload) values ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, nullif($9, ''), nullif($10, ''), nullif($11, ''), \
     nullif($12, ''), nullif($13, ''), nullif($14, ''), nullif($15, ''), nullif($16, ''), nullif($17, ''), nullif($18, ''), \
     nullif($19, ''), nullif($20, ''), nullif($21, ''), $22)";

/// An event's texts in the order of the columns, but for those of time. What is missing is empty: lists hold no nulls.
fn texts(event: &NewEvent) -> [String; 19] {
    let e = &event.event;
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    let route = event.route.as_ref();
    let about = event.targets.first();
    [
        event.key.clone(),
        e.kind.clone(),
        or_empty(&e.source),
        event.via.clone(),
        level(e.level).to_owned(),
        route.map_or_else(String::new, |route| route.group.name().to_owned()),
        route.map_or_else(String::new, |route| route.severity.name().to_owned()),
        or_empty(&e.message),
        about.map_or_else(String::new, |target| target.collection.clone()),
        about.map_or_else(String::new, |target| target.reference.clone()),
        or_empty(&e.vm),
        or_empty(&e.host),
        or_empty(&e.availability_zone),
        or_empty(&e.tenant),
        or_empty(&e.flavor),
        or_empty(&e.user),
        or_empty(&e.request),
        or_empty(&e.chain),
        e.payload.to_string(),
    ]
}

/// PostgreSQL takes lists, SQLite a statement each: see `queue/src/many.rs`. Their ids rise in the order in which they came,
/// which is what the stream is read by; their keys are met sorted, for two handlers that store the same events in different
/// orders would each wait for a key that the other has. SQLite has one writer at a time.
pub(super) fn events(kind: Kind, provider: ProviderId, received_on: i64, events: &[NewEvent]) -> Vec<Statement> {
    if events.is_empty() {
        return Vec::new();
    }
    if kind == Kind::Sqlite {
        let one = |event: &NewEvent| {
            let [key, type_, rest @ ..] = texts(event);
            let head = [provider.into(), key.into(), type_.into(), Param::Time(event.at()), Param::Time(received_on)];
            Statement::new(ONE, head.into_iter().chain(rest.map(Param::Text)).collect::<Vec<_>>())
        };
        return events.iter().map(one).collect();
    }
    let mut lists: [Vec<String>; 19] = std::array::from_fn(|_| Vec::with_capacity(events.len()));
    for event in events {
        lists.iter_mut().zip(texts(event)).for_each(|(list, text)| list.push(text));
    }
    let named = "key, type, source, via, level, event_group, severity, message, collection, ref, vm_ref, host_ref, \
         availability_zone_ref, tenant_ref, flavor_ref, user_ref, request_id, chain_id, payload";
    let unnested: Vec<_> = (4..4 + lists.len()).map(|n| format!("${n}::text[]")).collect();
    // Numbered before they are sorted: ids are given as the inner rows come.
    let sql = format!(
        "insert into events (id, {COLUMNS}) select id, $1, key, type, timestamptz 'epoch' + at * interval '1 microsecond', $2, \
         nullif(source, ''), via, level, nullif(event_group, ''), nullif(severity, ''), nullif(message, ''), \
         nullif(collection, ''), nullif(ref, ''), nullif(vm_ref, ''), nullif(host_ref, ''), \
         nullif(availability_zone_ref, ''), nullif(tenant_ref, ''), nullif(flavor_ref, ''), nullif(user_ref, ''), \
         nullif(request_id, ''), nullif(chain_id, ''), payload::json \
         from (select nextval('events_id_seq') as id, came.* from \
         (select * from unnest($3::bigint[], {}) with ordinality as e (at, {named}, place) order by place) as came) as numbered \
         order by key collate \"C\"",
        unnested.join(", ")
    );
    let head = [provider.into(), Param::Time(received_on), Param::Ints(events.iter().map(NewEvent::at).collect())];
    vec![Statement::new(sql, head.into_iter().chain(lists.map(Param::Texts)).collect::<Vec<_>>())]
}

pub(super) fn aside(provider: ProviderId, received_on: i64, aside: &[Aside]) -> Vec<Statement> {
    let sql = "insert into events_aside (provider_id, received_on, via, reason, body) values ($1, $2, $3, $4, $5)";
    let one = |aside: &Aside| {
        let received_on = Param::Time(received_on);
        let params = [provider.into(), received_on, (&aside.via).into(), (&aside.reason).into(), aside.body.clone().into()];
        Statement::new(sql, params)
    };
    aside.iter().map(one).collect()
}

/// How many there were of each type. The last thing in a transaction: two handlers that count one type wait for each other.
pub(super) fn types(kind: Kind, provider: ProviderId, received_on: i64, events: &[NewEvent]) -> Vec<Statement> {
    if events.is_empty() {
        return Vec::new();
    }
    // In one order, whoever counts.
    let mut counts: BTreeMap<&str, (bool, i64)> = BTreeMap::new();
    for event in events {
        let count = counts.entry(&event.event.kind).or_default();
        *count = (event.route.is_some(), count.1 + 1);
    }
    let (mut types, mut routed, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    for (name, (is_routed, count)) in counts {
        types.push(name.to_owned());
        routed.push(i64::from(is_routed));
        seen.push(count);
    }
    let from = match kind {
        Kind::Postgres => {
            "select $1, type, routed = 1, seen, $5, $5 \
             from unnest($2::text[], $3::bigint[], $4::bigint[]) as t (type, routed, seen)"
        }
        Kind::Sqlite => {
            "select $1, t.value, r.value, s.value, $5, $5 from json_each($2) t join json_each($3) r on r.key = t.key \
             join json_each($4) s on s.key = t.key where true"
        }
    };
    // Whether it is routed is as of now: routes change.
    let sql = format!(
        "insert into event_types (provider_id, type, routed, seen, first_on, last_on) {from} \
         on conflict (provider_id, type) do update set seen = event_types.seen + excluded.seen, routed = excluded.routed, \
         last_on = excluded.last_on"
    );
    let params = [provider.into(), Param::Texts(types), Param::Ints(routed), Param::Ints(seen), Param::Time(received_on)];
    vec![Statement::new(sql, params)]
}
