//! What is written with the events.

use serde_json::json;
use stocktake_testkit::TestDatabase;

use crate::support::{House, deleted};

pub(crate) async fn a_note_and_a_refresh_come_with_the_event_and_once(database: TestDatabase) {
    let rules = r#"
        [[rule]]
        name = "gone"
        when = 'event.type.endsWith(".delete.end") && vm.name.startsWith("prod-")'
        note = "${vm.name} was deleted"
        refresh = [{ collection = "cloud_volumes", ref = "v-1" }, { collection = "hosts", ref = "*" }]
    "#;
    let house = House::new(database, rules).await;
    house.vm(1, "u-1", "prod-web").await;
    let handled =
        house.happens(&[("k1", deleted()), ("k2", json!({"type": "compute.other", "vm": "u-1", "payload": {}}))]).await;
    assert_eq!((handled.stored, handled.asked), (2, 3));
    // The same again, as brokers do.
    assert_eq!(house.deleted("k1").await.stored, 0);
    let sql = "select n.collection, n.ref, n.author, n.body, e.key from notes n join events e on e.id = n.event_id";
    let notes = house.store.query(sql, &[]).await.unwrap();
    let texts: Vec<Vec<String>> = notes.iter().map(|row| (0..5).map(|n| row.get(n).unwrap()).collect()).collect();
    assert_eq!(texts, [["vms", "u-1", "rule gone", "prod-web was deleted", "k1"]]);
    let asked =
        house.store.query("select collection, ref, asked from refresh_targets order by collection", &[]).await.unwrap();
    let asked: Vec<(String, String, i64)> =
        asked.iter().map(|row| (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap())).collect();
    let asked: Vec<_> = asked.iter().map(|(c, r, n)| (c.as_str(), r.as_str(), *n)).collect();
    assert_eq!(asked, [("cloud_volumes", "v-1", 1), ("hosts", "", 1), ("vms", "u-1", 1)]);
}

pub(crate) async fn conditions_see_the_inventory_by_refs_and_by_names(database: TestDatabase) {
    let rules = r#"
        [[rule]]
        name = "host"
        when = 'host.name == "compute-1" && provider.name == "cloud1" && event.payload.n > 1'
        note = "on ${host.ref}, event ${event.ref}, at ${event.at}"
    "#;
    let house = House::new(database, rules).await;
    let sql = "insert into hosts (id, provider_id, ems_ref, digest, created_on, updated_on, name, archived_on) \
               values (1, $1, 'h-old', 0, now(), now(), 'compute-1', now()), (2, $1, 'h-new', 0, now(), now(), 'compute-1', null)";
    house.store.execute(sql, &[house.provider.into()]).await.unwrap();
    let event = json!({"type": "compute.x", "host": "compute-1", "payload": {"instance_id": "u-9", "n": 2}});
    house.happens(&[("k", event)]).await;
    let notes = house.store.query("select body, ref from notes", &[]).await.unwrap();
    let (body, about): (String, String) = (notes[0].get(0).unwrap(), notes[0].get(1).unwrap());
    assert_eq!(body, "on h-new, event u-9, at 2025-11-25T19:00:00.000000Z", "of two of a name the one that exists");
    assert_eq!(about, "u-9");
}

pub(crate) async fn jobs_hold_what_is_told_and_no_secret(database: TestDatabase) {
    let rules = r#"
        [[rule]]
        name = "tell"
        when = 'event.payload.state == "deleted"'
        webhook = { url_file = "address", secret_file = "key", headers = { Authorization = { file = "token" } } }
    "#;
    let house = House::new(database, rules).await;
    house.vm(1, "u-1", "prod-web").await;
    for (name, text) in [("address", "https://secret-address"), ("key", "secret-key-of-a-test"), ("token", "secret-token")] {
        house.file(name, text);
    }
    house.deleted("k1").await;
    let job = house.all_jobs("webhook").await.pop().expect("a job");
    let payload = job.payload.to_string();
    for secret in ["secret-address", "secret-key-of-a-test", "secret-token"] {
        assert!(!payload.contains(secret), "{payload}");
    }
    // Nobody asked for the VM in the condition; who is told is told of it all the same.
    assert_eq!(job.payload["body"]["objects"]["vm"]["name"], "prod-web");
    assert_eq!(job.payload["body"]["event"]["key"], "k1");
    assert_eq!(job.lane, "actions", "whose receivers hang keep nothing else waiting");
}

pub(crate) async fn a_rule_that_cannot_be_evaluated_hinders_nobody(database: TestDatabase) {
    let rules = r#"
        [[rule]]
        name = "odd"
        when = 'event.payload.missing == 1'
        note = "odd"
        [[rule]]
        name = "half"
        when = 'true'
        note = "half"
        command = ["true", "${vm.name}"]
        [[rule]]
        name = "sound"
        when = 'true'
        note = "sound"
    "#;
    let house = House::new(database, rules).await;
    assert_eq!(house.deleted("k1").await.stored, 1);
    let notes = house.store.query("select body from notes", &[]).await.unwrap();
    let notes: Vec<String> = notes.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(notes, ["sound"], "a rule is done whole or not at all");
    assert!(house.all_jobs("run_command").await.is_empty());
}

pub(crate) async fn a_ref_that_no_database_keeps_hinders_nobody(database: TestDatabase) {
    let rules = r#"
        [[rule]]
        name = "boundless"
        when = 'true'
        note = "boundless"
        refresh = [{ collection = "cloud_volumes", ref = "${event.payload.volume}" }]
        [[rule]]
        name = "sound"
        when = 'true'
        note = "sound"
    "#;
    let house = House::new(database, rules).await;
    // Of no pattern: what compresses well passes for a short one.
    let long: String = (0..1_500_u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 24) as u8 % 26)).collect();
    let event = |volume: &str| json!({"type": "compute.x", "payload": {"instance_id": "u-1", "volume": volume}});
    let handled = house.happens(&[("k1", event(&long)), ("k2", event("a\u{0}b")), ("k3", event(&long[..1_000]))]).await;
    assert_eq!((handled.stored, handled.asked), (3, 2));
    let notes = house.store.query("select body from notes order by body", &[]).await.unwrap();
    let notes: Vec<String> = notes.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(notes, ["boundless", "sound", "sound", "sound"]);
}
