use bytes::Bytes;
use serde_json::json;
use stocktake_events::handle::Handled;
use stocktake_provider::RawEvent;
use stocktake_queue::{Filter, State};
use stocktake_refresh::requests;
use stocktake_store::params;
use stocktake_testkit::TestDatabase;

use super::support::{World, power, raw};

pub(crate) async fn a_batch_becomes_rows_counts_and_what_is_asked_for(database: TestDatabase) {
    let world = World::new(database).await;
    let full = json!({
        "type": "vm.power_off", "id": "vm-1", "at": 1_700_000_000_123_456_i64, "source": "compute.one", "level": "error",
        "message": "it's \"off\"", "host": "h", "zone": "z", "tenant": "t", "flavor": "f", "user": "u", "request": "r",
        "chain": "c", "volumes": [{"id": "v-1"}, {"id": "v-2"}],
    });
    let handled = world.handle(&[raw("k1", full.clone()), raw("k2", json!({"type": "flavor.created"}))]).await;
    assert_eq!(handled, Handled { stored: 2, known: 0, aside: 0, unrouted: 0, asked: 4 });
    let sql = "select key, type, at, received_on, source, via, level, event_group, severity, message, collection, ref, vm_ref, \
               host_ref, availability_zone_ref, tenant_ref, flavor_ref, user_ref, request_id, chain_id, payload \
               from events order by id";
    let rows = world.store.query(sql, &[]).await.unwrap();
    let text = |row: usize, at: usize| rows[row].get::<Option<String>>(at).unwrap();
    let expected = [
        (0, Some("k1")),
        (1, Some("vm.power_off")),
        (4, Some("compute.one")),
        (5, Some("test")),
        (6, Some("error")),
        (7, Some("power")),
        (8, Some("warning")),
        (9, Some("it's \"off\"")),
        (10, Some("vms")),
        (11, Some("vm-1")),
        (12, Some("vm-1")),
        (13, Some("h")),
        (14, Some("z")),
        (15, Some("t")),
        (16, Some("f")),
        (17, Some("u")),
        (18, Some("r")),
        (19, Some("c")),
    ];
    for (at, expected) in expected {
        assert_eq!(text(0, at).as_deref(), expected, "column {at}");
    }
    assert_eq!(rows[0].get::<i64>(2).unwrap(), 1_700_000_000_123_456);
    let payload: serde_json::Value = serde_json::from_str(&text(0, 20).unwrap()).unwrap();
    assert_eq!(payload, full);
    // What the source does not say: no time is the time of receipt, and nothing is null.
    assert_eq!(rows[1].get::<i64>(2).unwrap(), rows[1].get::<i64>(3).unwrap());
    assert_eq!((text(1, 10).as_deref(), text(1, 11), text(1, 12)), (Some("flavors"), None, None));
    assert_eq!((text(1, 4), text(1, 9), text(1, 13)), (None, None, None));
    assert_eq!(world.asked().await, ["flavors= 1", "vms=vm-1 1", "volumes=v-1 1", "volumes=v-2 1"]);
    let of_lane = Filter { lanes: vec![requests::lane(world.provider)], limit: 9, ..Filter::default() };
    let jobs = world.queue.list(&of_lane).await.unwrap();
    assert_eq!((jobs.len(), jobs[0].state), (1, State::Waiting));
    assert_eq!(jobs[0].run_after - jobs[0].created_on, 100_000, "what is asked waits for more");
    assert_eq!(world.count("event_batches").await, 0);
}

pub(crate) async fn what_comes_twice_in_a_batch_is_one_row(database: TestDatabase) {
    let world = World::new(database).await;
    let handled = world.handle(&[power("k", "a"), power("k", "a"), power("l", "b"), power("k", "a")]).await;
    assert_eq!((handled.stored, handled.known, handled.asked), (2, 2, 2));
    assert_eq!(world.keys().await, ["k", "l"]);
    assert_eq!(world.count("event_types where seen = 2").await, 1);
}

pub(crate) async fn what_comes_again_asks_for_nothing_again(database: TestDatabase) {
    let world = World::new(database).await;
    world.handle(&[power("k", "a"), power("l", "b")]).await;
    let handled = world.handle(&[power("l", "b"), power("m", "c"), power("k", "a")]).await;
    assert_eq!((handled.stored, handled.known, handled.asked), (1, 2, 1));
    assert_eq!(world.asked().await, ["vms=a 1", "vms=b 1", "vms=c 1"]);
    let handled = world.handle(&[power("l", "b"), power("m", "c")]).await;
    assert_eq!((handled.stored, handled.known, handled.asked), (0, 2, 0));
    assert_eq!(world.count("event_types where seen = 3").await, 1);
    assert_eq!(world.count("event_batches").await, 0);
    // The same key of another provider is another event.
    let other = super::support::provider(&world.store, "other").await;
    world.store.execute("update events set provider_id = $1", &params![other]).await.unwrap();
    assert_eq!(world.handle(&[power("k", "a")]).await.stored, 1);
}

pub(crate) async fn order_of_batches_does_not_matter(database: TestDatabase) {
    let world = World::new(database).await;
    let batches =
        [[power("1", "a"), power("2", "b")], [power("2", "b"), power("3", "a")], [power("3", "a"), power("4", "c")]];
    for batch in batches.iter().rev() {
        world.handle(batch).await;
    }
    assert_eq!(world.keys().await, ["1", "2", "3", "4"]);
    assert_eq!(world.asked().await, ["vms=a 2", "vms=b 1", "vms=c 1"]);
}

pub(crate) async fn what_cannot_be_read_is_set_aside_and_the_rest_handled(database: TestDatabase) {
    let world = World::new(database).await;
    let broken = RawEvent { key: "x".to_owned(), via: "nova info".to_owned(), body: Bytes::from("{broken") };
    let handled = world.handle(&[power("k", "a"), broken, raw("y", json!({"id": "no type"})), power("l", "b")]).await;
    assert_eq!((handled.stored, handled.aside), (2, 2));
    let rows = world.store.query("select via, reason, body from events_aside order by id", &[]).await.unwrap();
    let (via, reason, body): (String, String, Vec<u8>) =
        (rows[0].get(0).unwrap(), rows[0].get(1).unwrap(), rows[0].get(2).unwrap());
    assert_eq!((via.as_str(), body.as_slice()), ("nova info", b"{broken".as_slice()));
    assert!(reason.starts_with("not JSON"), "{reason}");
    assert_eq!(rows[1].get::<String>(1).unwrap(), "it has no type");
    // Nothing but these.
    let handled = world.handle(&[raw("z", json!([]))]).await;
    assert_eq!((handled.stored, handled.aside, world.count("events_aside").await), (0, 1, 3));
}

pub(crate) async fn types_without_a_route_are_counted_and_cause_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let events = [
        raw("1", json!({"type": "made.up", "id": "a"})),
        raw("2", json!({"type": "made.up", "id": "b"})),
        raw("3", json!({"type": "vm.noise", "id": "c"})),
    ];
    let handled = world.handle(&events).await;
    assert_eq!(handled, Handled { stored: 3, known: 0, aside: 0, unrouted: 2, asked: 0 });
    assert_eq!((world.asked().await.len(), world.count("jobs").await), (0, 0));
    assert_eq!(world.count("event_types where type = 'made.up' and not routed and seen = 2").await, 1);
    assert_eq!(world.count("event_types where type = 'vm.noise' and routed and seen = 1").await, 1);
    assert_eq!(world.count("events where type = 'made.up' and event_group is null and collection is null").await, 2);
    // Known and of no account, but it is still known what it was about.
    assert_eq!(world.count("events where type = 'vm.noise' and ref = 'c' and event_group = 'general'").await, 1);
}

pub(crate) async fn a_clock_that_is_an_hour_off_changes_nothing_but_the_time_told(database: TestDatabase) {
    const HOUR: i64 = 3_600_000_000;
    let world = World::new(database).await;
    let now: i64 = world.store.query_one("select now()", &[]).await.unwrap().get(0).unwrap();
    for (n, at) in [now - HOUR, now, now + HOUR].into_iter().enumerate() {
        let event = raw(&format!("k{n}"), json!({"type": "vm.settles", "id": format!("vm-{n}"), "at": at}));
        assert_eq!(world.handle(&[event]).await.asked, 1);
    }
    let rows = world.store.query("select at - received_on, stored_on >= received_on from events order by id", &[]);
    if world.store.kind() == stocktake_store::Kind::Sqlite {
        let rows = rows.await.unwrap();
        let off: Vec<i64> = rows.iter().map(|row| row.get(0).unwrap()).collect();
        assert!(off[0] < -HOUR / 2 && off[1].abs() < HOUR / 2 && off[2] > HOUR / 2, "{off:?}");
        assert!(rows.iter().all(|row| row.get(1).unwrap()));
    } else {
        assert_eq!(world.count("events where at < received_on - interval '30 minutes'").await, 1);
        assert_eq!(world.count("events where at > received_on + interval '30 minutes'").await, 1);
    }
    // Asked for, and looked at again, at the same times.
    assert_eq!(world.asked().await, ["vms=vm-0 1", "vms=vm-1 1", "vms=vm-2 1"]);
    let due = "select min(due_on), max(due_on), now() from refresh_later where wait_millis = 10000";
    let due = world.store.query_one(due, &[]).await.unwrap();
    let (first, last, now): (i64, i64, i64) = (due.get(0).unwrap(), due.get(1).unwrap(), due.get(2).unwrap());
    assert!(first <= last && last <= now + 10_000_000 && first > now - HOUR / 2, "{first} {last} {now}");
    // Times that no clock shows are not believed.
    for (n, at) in [-5, i64::MAX, i64::MIN].into_iter().enumerate() {
        world.handle(&[raw(&format!("mad{n}"), json!({"type": "x", "at": at}))]).await;
    }
    assert_eq!(world.count("events where key like 'mad%' and at = received_on").await, 3);
}

pub(crate) async fn what_no_database_can_hold_sinks_no_batch(database: TestDatabase) {
    let world = World::new(database).await;
    let long = "x".repeat(5_000);
    let events = [
        raw("nul", json!({"type": "vm.power_off", "id": "a", "message": "a\u{0}b", "deep": "c\u{0}d"})),
        raw(&long, json!({"type": "vm.power_off", "id": "b"})),
        raw("long type", json!({"type": long})),
        raw("long ref", json!({"type": "vm.power_off", "id": long})),
        raw("nul ref", json!({"type": "flavor.x", "id": "a"})),
        raw("fine", json!({"type": "vm.power_off", "id": "c", "message": long})),
    ];
    let handled = world.handle(&events).await;
    assert_eq!((handled.stored, handled.aside), (3, 3));
    assert_eq!(world.count("events_aside where reason like '%5000 bytes%'").await, 3);
    let message = world.store.query_one("select message from events where key = 'nul'", &[]).await.unwrap();
    assert_eq!(message.get::<String>(0).unwrap(), "a\u{FFFD}b");
}

pub(crate) async fn a_storm_on_one_object_is_one_target(database: TestDatabase) {
    let world = World::new(database).await;
    for batch in 0..4 {
        let events: Vec<_> = (0..100).map(|n| power(&format!("{batch}-{n}"), "a")).collect();
        assert_eq!(world.handle(&events).await.asked, 1);
    }
    assert_eq!(world.asked().await, ["vms=a 4"]);
    assert_eq!((world.count("events").await, world.count("jobs").await), (400, 1));
}

pub(crate) async fn a_spoilt_batch_is_set_aside_and_everything_asked_for(database: TestDatabase) {
    let world = World::new(database).await;
    let batch = world.batch(&[power("k", "a")]).await;
    world.store.execute("update event_batches set body = $1", &params![b"nonsense".to_vec()]).await.unwrap();
    let handled = world.handler().handle(batch).await.unwrap();
    assert_eq!(handled, Some(Handled { aside: 1, asked: 1, ..Handled::default() }));
    assert_eq!((world.count("event_batches").await, world.count("events").await), (0, 0));
    assert_eq!(world.asked().await, ["= 1"], "nothing in particular");
    assert_eq!(world.count("refresh_targets where trigger_by = 'event_gap'").await, 1);
    let row = world.store.query_one("select via, body from events_aside", &[]).await.unwrap();
    let (via, body): (String, Vec<u8>) = (row.get(0).unwrap(), row.get(1).unwrap());
    assert_eq!((via, body), (format!("batch {batch}"), b"nonsense".to_vec()));
    assert_eq!(world.handler().handle(batch).await.unwrap(), None, "once");
}

pub(crate) async fn keys_that_are_one_when_stored_are_one_event(database: TestDatabase) {
    let world = World::new(database).await;
    let handled = world.handle(&[power("k\0", "a"), power("k\u{fffd}", "a")]).await;
    assert_eq!((handled.stored, handled.known), (1, 1));
}

pub(crate) async fn what_is_set_aside_is_cut(database: TestDatabase) {
    let world = World::new(database).await;
    let mut event = power("k", "a");
    event.body = vec![b'x'; 100_000].into();
    assert_eq!(world.handle(&[event]).await.aside, 1);
    assert_eq!(world.count("events_aside where length(body) = 65536").await, 1);
}
