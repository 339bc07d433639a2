//! The simulated answers have the keys and JSON types of real ones, recorded from keystone 22, nova 26.2, neutron 21,
//! glance 25.1 and cinder 21.3 (`recorded/`, cut down to two records a listing).
//!
//! `null` goes with any type. What the recordings happen not to show is listed below, each with where it is seen.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, FakeCloud, Kind};
use support::{Session, password_body};

/// Objects with keys of the user's or the driver's own: only the types of their values count.
const FREE: [&str; 8] = [
    "metadata",
    "addresses",
    "extra_specs",
    "options",
    "configurations",
    "binding:vif_details",
    "binding:profile",
    "quota_set",
];

/// Keys the real services have in cases the recordings do not cover.
const UNRECORDED: [(&str, &str); 8] = [
    ("servers[].progress", "only while ACTIVE or building; the recorded ones are in error or deleted"),
    ("servers[].security_groups", "only of servers that have ports"),
    ("servers[].fault", "of servers in error, without details in a listing"),
    ("servers[].os-extended-volumes:volumes_attached[].id", "the recorded servers have no volume"),
    ("servers[].os-extended-volumes:volumes_attached[].delete_on_termination", "the same"),
    ("servers[].fault.code", "the same as servers[].fault"),
    ("networks[].is_default", "only of external networks"),
    ("volumes[].volume_image_metadata", "only of bootable volumes"),
];

/// What may stand at one place.
#[derive(Default, Debug)]
struct Shape {
    types: BTreeSet<&'static str>,
    keys: BTreeMap<String, Shape>,
    items: Option<Box<Shape>>,
}

impl Shape {
    /// `free`: how many levels of objects from here on have keys of their own.
    fn learn(&mut self, value: &Value, free: u8) {
        self.types.insert(match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "list",
            Value::Object(_) => "object",
        });
        match value {
            Value::Array(items) => {
                let shape = self.items.get_or_insert_default();
                for item in items {
                    shape.learn(item, 0);
                }
            }
            Value::Object(fields) => {
                for (key, value) in fields {
                    let name = if free > 0 { "*" } else { key.as_str() };
                    let own = match key.as_str() {
                        "hosts" => 2,
                        other => u8::from(FREE.contains(&other)),
                    };
                    self.keys.entry(name.to_owned()).or_default().learn(value, own.max(free.saturating_sub(1)));
                }
            }
            _ => {}
        }
    }

    fn of(value: &Value) -> Self {
        let mut shape = Self::default();
        shape.learn(value, 0);
        shape
    }
}

fn unrecorded(place: &str) -> bool {
    UNRECORDED.iter().any(|(known, _)| place.starts_with(known))
}

/// Collects differences between what was recorded and what is served.
fn compare(place: &str, recorded: &Shape, served: &Shape, found: &mut Vec<String>) {
    let known = |s: &Shape| s.types.iter().copied().filter(|t| *t != "null").collect::<BTreeSet<_>>();
    let (real, ours) = (known(recorded), known(served));
    if !real.is_empty() && !ours.is_subset(&real) {
        found.push(format!("{place} is {ours:?}, recorded {real:?}"));
    }
    // A list or map that is empty on one side says nothing of its items.
    if let (Some(real), Some(ours)) = (&recorded.items, &served.items)
        && !real.types.is_empty()
        && !ours.types.is_empty()
    {
        compare(&format!("{place}[]"), real, ours, found);
    }
    if recorded.keys.is_empty() || served.keys.is_empty() {
        return;
    }
    for (key, real) in &recorded.keys {
        let here = format!("{place}.{key}").trim_start_matches('.').to_owned();
        match served.keys.get(key) {
            Some(ours) => compare(&here, real, ours, found),
            None => found.push(format!("{here} is recorded, not served")),
        }
    }
    for key in served.keys.keys().filter(|k| !recorded.keys.contains_key(*k)) {
        let here = format!("{place}.{key}").trim_start_matches('.').to_owned();
        if !unrecorded(&here) {
            found.push(format!("{here} is served, not recorded"));
        }
    }
}

/// What all recordings of the same kind of page show together.
fn recorded_shape(recorded: &[Value], body: &Value) -> Shape {
    let first = |v: &Value| v.as_object().and_then(|o| o.keys().find(|k| !k.ends_with("links")).cloned());
    let mut shape = Shape::default();
    recorded.iter().map(|r| &r["body"]).filter(|b| first(b) == first(body)).for_each(|b| shape.learn(b, 0));
    shape
}

async fn check(name: &str, recorded: &str, prefix: &str) {
    let cloud = FakeCloud::start(CloudSpec::small()).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let prefix = prefix.replace("{project}", &admin.project);
    let in_error = cloud.control().id(Kind::Server, 3);
    let recorded: Vec<Value> = serde_json::from_str(recorded).expect("recorded answers");
    let mut found = Vec::new();
    let mut compared = 0;
    for real in recorded.iter().filter(|r| r["method"] == "GET" && r["note"].is_null()) {
        // Something has to be deleted for the listings of deleted servers.
        if real["path"].as_str().is_some_and(|p| p.contains("changes-since")) {
            for index in [20, 21] {
                cloud.control().delete(&cloud.control().id(Kind::Server, index)).expect("delete");
            }
        }
        let path = support::text(real, "path")
            .replace("115478be-cba5-4efe-9c36-3a7980159528", &in_error)
            .replace("74360fcc6ad64351a8f92817197304e7", &admin.project);
        let answer = admin.get(&format!("{prefix}{path}")).await;
        assert_eq!(u64::from(answer.status), real["status"].as_u64().expect("status"), "{path}: {}", answer.text);
        for (header, value) in real["headers"].as_object().expect("headers") {
            let ours = answer.header(header).split(';').next().unwrap_or_default();
            assert_eq!(Some(ours), value.as_str().and_then(|v| v.split(';').next()), "{header} of {path}");
        }
        let mut served = Shape::of(&answer.json());
        // Two rows show little: the whole listing has every case, and each must have the recorded shape.
        if let Some((listing, _)) = path.split_once("limit=") {
            let mut whole = admin.get(&format!("{prefix}{listing}limit=1000")).await.json();
            whole.as_object_mut().expect("a page").retain(|_, v| v.is_array());
            served.learn(&whole, 0);
        }
        let mut differences = Vec::new();
        compare("", &recorded_shape(&recorded, &real["body"]), &served, &mut differences);
        found.extend(differences.into_iter().map(|d| format!("{name} {path}: {d}")));
        compared += 1;
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(compared > 1, "nothing compared");
}

#[tokio::test]
async fn keystone() {
    check("keystone", include_str!("recorded/keystone.json"), "/identity/v3").await;
}

#[tokio::test]
async fn nova() {
    check("nova", include_str!("recorded/nova.json"), "/compute/v2.1").await;
}

#[tokio::test]
async fn neutron() {
    check("neutron", include_str!("recorded/neutron.json"), "/network/v2.0").await;
}

#[tokio::test]
async fn glance() {
    check("glance", include_str!("recorded/glance.json"), "/image/v2").await;
}

#[tokio::test]
async fn cinder() {
    check("cinder", include_str!("recorded/cinder.json"), "/volume/v3/{project}").await;
}

fn noted<'a>(recorded: &'a [Value], note: &str) -> &'a Value {
    recorded.iter().find(|r| r["note"] == note).unwrap_or_else(|| panic!("no recording of {note}"))
}

fn assert_same_shape(recorded: &Value, served: &Value) {
    let mut found = Vec::new();
    compare("", &Shape::of(recorded), &Shape::of(served), &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn tokens_and_discovery() {
    let cloud = FakeCloud::start(CloudSpec::small()).await.expect("start");
    let admin = Session::admin(&cloud).await;
    let keystone: Vec<Value> = serde_json::from_str(include_str!("recorded/keystone.json")).expect("json");
    let nova: Vec<Value> = serde_json::from_str(include_str!("recorded/nova.json")).expect("json");

    let good = admin.post("/identity/v3/auth/tokens", &password_body("admin", "secret", Some("admin"))).await;
    let real = noted(&keystone, "password, project scope");
    assert_eq!(good.status, 201);
    assert_same_shape(&real["body"], &good.json());
    assert_eq!(good.header("vary"), "X-Auth-Token");

    let bad = admin.post("/identity/v3/auth/tokens", &password_body("admin", "wrong", Some("admin"))).await;
    assert_eq!(bad.status, 401);
    assert_eq!(bad.json(), noted(&keystone, "wrong password")["body"]);
    assert!(bad.header("www-authenticate").starts_with("Keystone uri="));

    let versions = admin.get("/identity").await;
    assert_eq!(versions.status, 300);
    let real = keystone.iter().find(|r| r["path"] == "/").expect("recording");
    assert_same_shape(&real["body"], &versions.json());

    let real = nova.iter().find(|r| r["path"] == "/").expect("recording");
    assert_same_shape(&real["body"], &admin.get("/compute/").await.json());

    let stranger = Session { token: "nonsense".to_owned(), ..admin.clone() };
    let refused = stranger.get("/compute/v2.1/servers").await;
    assert_eq!(refused.status, 401);
    let real = nova.iter().find(|r| r["status"] == 401).expect("recording");
    assert_same_shape(&real["body"], &refused.json());
    for path in ["/network/v2.0/ports", "/image/v2/images", "/identity/v3/projects"] {
        assert_eq!(stranger.get(path).await.status, 401, "{path}");
    }
}
