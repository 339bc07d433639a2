//! What the control does is what the API then shows, in process and over HTTP.

mod support;

use serde_json::{Value, json};
use stocktake_fakecloud::{CloudSpec, ControlError, FakeCloud, Kind, NewServer, NewVolume, Status};
use support::{Session, text};

const START: u64 = 1_800_000_000;

async fn bench() -> (FakeCloud, Session) {
    let cloud = FakeCloud::builder(CloudSpec::small()).stepping_clock(START).start().await.expect("start");
    let admin = Session::admin(&cloud).await;
    (cloud, admin)
}

async fn server(admin: &Session, id: &str) -> Value {
    admin.get(&format!("/compute/v2.1/servers/{id}")).await.json()["server"].take()
}

#[tokio::test]
async fn changes_show_everywhere_and_move_the_time() {
    let (cloud, admin) = bench().await;
    let control = cloud.control();
    let id = control.id(Kind::Server, 0);
    let before = server(&admin, &id).await;
    control.rename(&id, "renamed").expect("rename");
    control.set_status(&id, Status::Shutoff).expect("stop");
    control.resize_server(&id, 4).expect("resize");
    control.migrate_server(&id, 3).expect("migrate");
    control.update(&id, &json!({"metadata": {"a": "b"}, "description": null})).expect("update");
    control.update(&id, &json!({"metadata": {"c": "d"}})).expect("update");
    let after = server(&admin, &id).await;
    assert_eq!((text(&after, "name"), text(&after, "status")), ("renamed", "SHUTOFF"));
    assert_eq!(after["flavor"]["original_name"], "m1.xlarge");
    assert_eq!(after["OS-EXT-SRV-ATTR:host"], "compute-0004");
    assert_eq!((&after["metadata"]["a"], &after["metadata"]["c"]), (&json!("b"), &json!("d")));
    assert!(after.get("description").is_none());
    assert_ne!(before["updated"], after["updated"]);
    assert_eq!(text(&after, "updated"), "2027-01-15T08:00:06Z", "the sixth change since the start");
    let ports = admin.rows(&format!("/network/v2.0/ports?device_id={id}"), "ports").await;
    assert_eq!((text(&ports[0], "status"), text(&ports[0], "dns_name")), ("DOWN", "renamed"));
    let rows = admin.rows("/compute/v2.1/servers/detail?all_tenants=1&name=renamed", "servers").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["metadata"], after["metadata"], "patches show in listings too");

    let changed = "/compute/v2.1/servers/detail?all_tenants=1&changes-since=2027-01-15T08:00:00Z";
    assert_eq!(admin.rows(changed, "servers").await.len(), 1);
    let gone = control.id(Kind::Server, 8);
    control.delete(&gone).expect("delete");
    let rows = admin.rows(changed, "servers").await;
    let deleted = rows.iter().find(|r| r["id"] == *gone).expect("deleted servers are among the changes");
    assert_eq!((rows.len(), text(deleted, "status")), (2, "DELETED"));
    assert!(deleted["addresses"].as_object().is_some_and(serde_json::Map::is_empty));
}

#[tokio::test]
async fn what_is_created_has_all_that_belongs_to_it() {
    let (cloud, admin) = bench().await;
    let control = cloud.control();
    let new =
        NewServer { name: Some("fresh".to_owned()), project: Some("tenant-03".to_owned()), flavor: Some(1), status: None };
    let id = control.create_server(new).expect("create");
    let row = server(&admin, &id).await;
    assert_eq!((text(&row, "name"), text(&row, "status")), ("fresh", "ACTIVE"));
    assert_eq!(text(&row, "created"), "2027-01-15T08:00:01Z");
    let tenants = admin.rows("/identity/v3/projects", "projects").await;
    let tenant = tenants.iter().find(|p| p["name"] == "tenant-03").expect("tenant");
    assert_eq!(row["tenant_id"], tenant["id"]);
    let ports = admin.rows(&format!("/network/v2.0/ports?device_id={id}"), "ports").await;
    assert!(!ports.is_empty() && ports.iter().all(|p| p["project_id"] == tenant["id"]));

    let volume = control.create_volume(NewVolume { size: Some(7), ..NewVolume::default() }).expect("create");
    let row = admin.get(&format!("/volume/v3/{}/volumes/{volume}", admin.project)).await.json();
    assert_eq!((&row["volume"]["size"], text(&row["volume"], "status")), (&json!(7), "available"));
    control.resize_volume(&volume, 9).expect("resize");
    let row = admin.get(&format!("/volume/v3/{}/volumes/{volume}", admin.project)).await.json();
    assert_eq!(row["volume"]["size"], 9);

    let stranger = NewServer { project: Some("nobody".to_owned()), ..NewServer::default() };
    assert_eq!(control.create_server(stranger), Err(ControlError::UnknownTenant("nobody".to_owned())));
    assert!(matches!(control.set_status(&volume, Status::Active), Err(ControlError::WrongKind(..))));
    assert!(matches!(control.delete("nothing"), Err(ControlError::Unknown(_))));
    control.delete(&id).expect("delete");
    assert!(matches!(control.delete(&id), Err(ControlError::Unknown(_))), "it is gone already");
}

#[tokio::test]
async fn everything_can_be_deleted() {
    let (cloud, admin) = bench().await;
    let control = cloud.control();
    for (path, key) in admin.listings() {
        let rows = admin.rows(&path, key).await;
        // What goes with another object may be gone already when its turn comes.
        let left = rows.first().map(|r| text(r, "id").to_owned()).expect("a row");
        control.delete(&left).expect("delete");
        let after = admin.rows(&path, key).await;
        assert!(after.iter().all(|r| r["id"] != *left), "{path}");
    }
    control.reset();
    assert_eq!(control.ids(Kind::Server).len(), 25);
}

#[tokio::test]
async fn the_same_verbs_over_http() {
    let (cloud, admin) = bench().await;
    let control = cloud.control();
    let id = control.id(Kind::Server, 2);
    let post = |verb: &str, body: Value| {
        let (verb, admin) = (verb.to_owned(), admin.clone());
        async move { admin.post(&format!("/_control/{verb}"), &body).await }
    };
    assert_eq!(post("rename", json!({"id": id, "name": "by http"})).await.status, 200);
    assert_eq!(post("set_status", json!({"id": id, "status": "PAUSED"})).await.status, 200);
    assert_eq!(post("update", json!({"id": id, "patch": {"locked": true}})).await.status, 200);
    let row = server(&admin, &id).await;
    assert_eq!((text(&row, "name"), text(&row, "status"), &row["locked"]), ("by http", "PAUSED", &json!(true)));
    let created = post("create_server", json!({"name": "new"})).await.json();
    assert_eq!(text(&server(&admin, text(&created, "id")).await, "name"), "new");
    let report = post("churn", json!({"fraction": 0.4, "seed": 3})).await.json();
    assert_eq!(report["deleted"].as_array().map(Vec::len), Some(1));
    assert_eq!(post("delete", json!({"id": id})).await.status, 200);
    assert_eq!(post("restore", json!({"id": id})).await.status, 200);
    assert_eq!(post("delete", json!({"id": "nothing"})).await.status, 404);
    assert_eq!(post("explode", json!({})).await.status, 400);

    let rule = json!({"fault": {"too_many_429": {"retry_after": 2}}, "service": "compute", "times": 1});
    let added = post("add_fault", rule).await;
    assert_eq!(added.status, 200, "{}", added.text);
    let number = added.json()["id"].take();
    assert_eq!(admin.get("/compute/v2.1/limits").await.status, 429);
    assert_eq!(admin.get("/_control/faults").await.json()[0]["struck"], 1);
    assert_eq!(post("remove_fault", json!({"id": number})).await.json()["removed"], true);
    let seen = admin.get("/_control/requests").await.json();
    assert_eq!(seen["by_pattern"]["GET /compute/v2.1/limits"], 1, "the control itself is not counted: {seen}");
    assert_eq!(post("reset", json!({})).await.status, 200);
    assert_eq!(admin.get("/_control/ids/server").await.json().as_array().map(Vec::len), Some(25));
    assert_eq!(admin.get("/_control/spec").await.json()["servers"], 25);
    assert_eq!(post("revoke_tokens", json!({})).await.json()["revoked"], 1);
    assert_eq!(admin.get("/compute/v2.1/limits").await.status, 401);
}
