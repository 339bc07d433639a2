//! A recorded notification through the real type's reader and routes, to what a rule makes of it.

use std::sync::Arc;

use serde_json::Value;
use stocktake_events::pack;
use stocktake_jobs::Context;
use stocktake_openstack::OpenStack;
use stocktake_provider::{ProviderType as _, RawEvent};
use stocktake_queue::Queue;
use stocktake_settings::Settings;
use stocktake_store::params;
use stocktake_store::registry::{self, NewProvider, Vault};
use stocktake_testkit::TestDatabase;

const RULES: &str = r#"
    [[rule]]
    name = "gone"
    when = 'event.type == "compute.instance.delete.end" && vm.name == "boot-from-volume" && event.payload.memory_mb >= 2048'
    note = "${vm.name} of ${event.payload.host} is ${event.payload.state}"
    webhook = { url = "https://example.org/x", unsigned = true }
    [[rule]]
    name = "other"
    when = 'event.type == "compute.instance.create.end"'
    note = "other"
"#;

const VM: &str = "758faf55-eb7c-44ed-bad6-d8c6007ebb0d";

fn recorded(kind: &str) -> RawEvent {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../providers/openstack/tests/notifications/unversioned.json");
    let samples: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let sample = samples.iter().find(|sample| sample["notification"]["event_type"] == kind).unwrap();
    let body = sample["notification"].to_string().into_bytes().into();
    RawEvent { key: "k1".to_owned(), via: "nova notifications.info".to_owned(), body }
}

pub(crate) async fn a_recorded_notification_makes_a_rule_act(database: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let store = database.store().await;
    let new = NewProvider {
        name: "cloud1".to_owned(),
        kind: OpenStack.name().to_owned(),
        zone: "default".to_owned(),
        settings: std::collections::BTreeMap::new(),
        secrets: std::collections::BTreeMap::new(),
        event_source: None,
    };
    let vault = Vault::new(folder.path().join("key"));
    let record = registry::add(&store, &vault, new).await.unwrap();
    let sql = "insert into vms (id, provider_id, ems_ref, digest, created_on, updated_on, name) \
               values (1, $1, $2, 0, now(), now(), 'boot-from-volume')";
    store.execute(sql, &params![record.id, VM]).await.unwrap();
    let mut settings = Settings::default();
    let rules = folder.path().join("rules.toml");
    std::fs::write(&rules, RULES).unwrap();
    settings.events.rules = rules.to_str().unwrap().to_owned();
    let queue = Queue::new(store.clone());
    let context = Context::new(store.clone(), queue.clone(), vault, settings, vec![Arc::new(OpenStack)]);

    let body = pack(&[recorded("compute.instance.delete.end")]);
    let sql = "insert into event_batches (provider_id, events, body) values ($1, 1, $2) returning id";
    let batch = store.query_one(sql, &params![record.id, body]).await.unwrap().get(0).unwrap();
    let handled = context.event_handler(&record).unwrap().handle(batch).await.unwrap().expect("the batch was there");
    assert_eq!((handled.stored, handled.aside, handled.unrouted), (1, 0, 0));

    let notes = store.query("select author, collection, ref, body from notes", &[]).await.unwrap();
    let notes: Vec<Vec<String>> = notes.iter().map(|row| (0..4).map(|n| row.get(n).unwrap()).collect()).collect();
    assert_eq!(notes, [["rule gone", "vms", VM, "boot-from-volume of compute-04 is deleted"]]);
    let jobs = queue
        .list(&stocktake_queue::Filter { kinds: vec!["webhook".to_owned()], limit: 9, ..Default::default() })
        .await
        .unwrap();
    let job = queue.get(jobs[0].id).await.unwrap();
    assert_eq!(job.payload["body"]["event"]["vm_ref"], VM);
    assert_eq!(job.payload["body"]["objects"]["vm"]["name"], "boot-from-volume");
}
