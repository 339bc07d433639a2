use serde_json::json;
use stocktake_events::stream::{self, EventFilter, Follow, ObjectRef};
use stocktake_events::{Group, Severity};
use stocktake_model::{Menu, menus};
use stocktake_provider::EventLevel;
use stocktake_store::params;
use stocktake_testkit::TestDatabase;

use super::support::{World, power, raw};

fn menu() -> Menu {
    Menu::builder().pick(menus::all()).build().unwrap()
}

async fn found(world: &World, filter: EventFilter) -> Vec<String> {
    stream::list(&world.store, &menu(), &filter).await.unwrap().into_iter().map(|event| event.key).collect()
}

pub(crate) async fn events_are_found_by_what_is_asked(database: TestDatabase) {
    let world = World::new(database).await;
    let events = [
        raw("1", json!({"type": "vm.power_off", "id": "a", "at": 1_000_000, "tenant": "t"})),
        raw("2", json!({"type": "vm.powerXoff", "id": "b", "at": 2_000_000, "level": "warning", "host": "h"})),
        raw("3", json!({"type": "VM.power_off", "id": "a", "at": 3_000_000, "level": "error"})),
        raw("4", json!({"type": "flavor.new", "at": 4_000_000})),
        raw("5", json!({"type": "odd[x]?", "at": 5_000_000})),
    ];
    world.handle(&events).await;
    let any = EventFilter::default;
    assert_eq!(found(&world, any()).await, ["5", "4", "3", "2", "1"], "newest first");
    let types = |types: &[&str]| EventFilter { types: types.iter().map(|&t| t.to_owned()).collect(), ..any() };
    assert_eq!(found(&world, types(&["vm.power_*"])).await, ["1"], "nothing but a star stands for anything");
    assert_eq!(found(&world, types(&["*power*", "flavor.new"])).await, ["4", "3", "2", "1"]);
    assert_eq!(found(&world, types(&["odd[x]?"])).await, ["5"]);
    assert_eq!(found(&world, types(&["odd[x]?*"])).await, ["5"]);
    assert_eq!(found(&world, types(&["o*'; drop table events; --"])).await, [""; 0]);
    let object = |collection: &str, reference: &str| {
        let object = ObjectRef { collection: collection.to_owned(), reference: reference.to_owned() };
        EventFilter { object: Some(object), ..any() }
    };
    assert_eq!(found(&world, object("vms", "a")).await, ["3", "1"], "3 has no route and still its VM");
    assert_eq!(found(&world, object("hosts", "h")).await, ["2"]);
    assert_eq!(found(&world, object("cloud_tenants", "t")).await, ["1"]);
    assert_eq!(found(&world, object("volumes", "a")).await, [""; 0]);
    assert_eq!(found(&world, EventFilter { level: Some(EventLevel::Warning), ..any() }).await, ["3", "2"]);
    assert_eq!(found(&world, EventFilter { level: Some(EventLevel::Error), ..any() }).await, ["3"]);
    assert_eq!(found(&world, EventFilter { group: Some(Group::Power), ..any() }).await, ["2", "1"]);
    assert_eq!(found(&world, EventFilter { severity: Some(Severity::Detail), ..any() }).await, ["4"]);
    assert_eq!(found(&world, EventFilter { since: Some(2_000_000), until: Some(3_000_000), ..any() }).await, ["3", "2"]);
    assert_eq!(found(&world, EventFilter { stored_since: Some(0), ..any() }).await.len(), 5);
    assert_eq!(found(&world, EventFilter { stored_since: Some(i64::MAX / 2), ..any() }).await.len(), 0);
    let ids: Vec<i64> =
        stream::list(&world.store, &menu(), &any()).await.unwrap().into_iter().map(|event| event.id).collect();
    let page = EventFilter { before: Some(ids[1]), limit: 2, ..any() };
    assert_eq!(found(&world, page).await, ["3", "2"]);
    assert_eq!(found(&world, EventFilter { after: Some(ids[2]), ..any() }).await, ["4", "5"], "the oldest first");
    let other = super::support::provider(&world.store, "other").await;
    assert_eq!(found(&world, EventFilter { provider: Some(other), ..any() }).await.len(), 0);
    // One with all it said, as its reader gave it.
    let detail = stream::get(&world.store, &menu(), ids[3]).await.unwrap().unwrap();
    assert_eq!((detail.event.provider.as_str(), detail.payload["host"].as_str()), ("cloud", Some("h")));
    let event = detail.event();
    assert_eq!((event.kind.as_str(), event.level, event.at), ("vm.powerXoff", EventLevel::Warning, Some(2_000_000)));
    assert_eq!((event.vm.as_deref(), event.host.as_deref()), (Some("b"), Some("h")));
    assert_eq!(stream::get(&world.store, &menu(), 0).await.unwrap(), None);
}

pub(crate) async fn refs_are_met_in_the_inventory_whenever_it_learns_of_them(database: TestDatabase) {
    let world = World::new(database).await;
    world.handle(&[raw("1", json!({"type": "vm.power_off", "id": "vm-1", "host": "compute-1", "tenant": "t-1"}))]).await;
    let event = || async { stream::list(&world.store, &menu(), &EventFilter::default()).await.unwrap().remove(0) };
    let early = event().await;
    let vm = early.vm.unwrap();
    assert_eq!((vm.reference.as_str(), vm.id, vm.name), ("vm-1", None, None));
    let row = |table: &str, id: i64, reference: &str, name: &str| {
        let sql = format!(
            "insert into {table} (id, provider_id, ems_ref, digest, created_on, updated_on, name) \
             values ({id}, $1, $2, 0, now(), now(), $3)"
        );
        let (store, provider) = (world.store.clone(), world.provider);
        let params = params![provider, reference, name];
        async move { store.execute(&sql, &params).await.unwrap() }
    };
    row("vms", 11, "vm-1", "web").await;
    row("hosts", 12, "17", "compute-1").await;
    row("cloud_tenants", 13, "t-1", "").await;
    let event = event().await;
    let linked = |linked: Option<stream::Linked>| linked.map(|l| (l.reference, l.id, l.name));
    let named = |reference: &str, id, name: &str| Some((reference.to_owned(), Some(id), Some(name.to_owned())));
    assert_eq!(linked(event.vm), named("vm-1", 11, "web"));
    assert_eq!(linked(event.about), named("vm-1", 11, "web"));
    assert_eq!(linked(event.host), named("compute-1", 12, "compute-1"), "by its name");
    assert_eq!(linked(event.tenant), named("t-1", 13, "t-1"), "without a name");
    let of = ObjectRef { collection: "vms".to_owned(), reference: "vm-1".to_owned() };
    assert_eq!(stream::of_object(&world.store, &menu(), world.provider, of, 5).await.unwrap().len(), 1);
}

pub(crate) async fn who_follows_misses_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    world.handle(&[power("old", "a")]).await;
    let menu = menu();
    let mut follow = Follow::from_now(&world.store, EventFilter { limit: 2, ..EventFilter::default() }).await.unwrap();
    let mut next = async || {
        let events = follow.next(&world.store, &menu).await.unwrap();
        events.into_iter().map(|event| event.key).collect::<Vec<_>>()
    };
    assert_eq!(next().await, [""; 0], "what was there is not new");
    world.handle(&[power("1", "a"), power("2", "b"), power("3", "c")]).await;
    assert_eq!(next().await, ["1", "2", "3"], "page by page, the oldest first");
    // A handler that was slower than others to commit: its ids are smaller than what was seen.
    world.store.execute("update events set id = id + 1000 where key = '3'", &[]).await.unwrap();
    assert_eq!(next().await, ["3"]);
    world.handle(&[power("late", "d")]).await;
    assert_eq!(next().await, ["late"]);
    // Once it is settled, nothing of it is held any more.
    world.age("events", "stored_on", 60_000_000).await;
    assert_eq!(next().await, [""; 0]);
    assert_eq!(next().await, [""; 0]);
    let after = Follow::after(EventFilter::default(), 0).next(&world.store, &menu).await.unwrap();
    assert_eq!(after.len(), 5);
}

pub(crate) async fn types_tell_what_no_route_has(database: TestDatabase) {
    let world = World::new(database).await;
    world.handle(&[power("1", "a"), power("2", "a"), raw("3", json!({"type": "made.up"}))]).await;
    let types = stream::types(&world.store, Some(world.provider), false).await.unwrap();
    let told: Vec<_> = types.iter().map(|t| (t.kind.as_str(), t.routed, t.seen)).collect();
    assert_eq!(told, [("vm.power_off", true, 2), ("made.up", false, 1)]);
    assert_eq!(stream::types(&world.store, None, true).await.unwrap().len(), 1);
}
