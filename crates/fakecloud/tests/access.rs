//! Who may see what, for how long, and at which microversion.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use stocktake_fakecloud::{APPLICATION_SECRET, CloudSpec, FakeCloud, Kind};
use support::{Session, password_body, text};

const SERVERS: &str = "/compute/v2.1/servers/detail";

async fn small() -> FakeCloud {
    FakeCloud::start(CloudSpec::small()).await.expect("start")
}

#[tokio::test]
async fn a_member_sees_its_own_and_is_refused_as_by_the_real_services() {
    let cloud = small().await;
    let admin = Session::admin(&cloud).await;
    let member = Session::of(&cloud, "tenant-01-user", "tenant-01").await;
    let project = member.project.clone();

    let refused = member.get(&format!("{SERVERS}?all_tenants=1")).await;
    assert_eq!(refused.status, 403, "nova says no to all_tenants");
    assert_eq!(refused.json()["forbidden"]["code"], 403);
    for path in ["os-hypervisors/detail", "os-services", "os-aggregates", "os-availability-zone/detail"] {
        assert_eq!(member.get(&format!("/compute/v2.1/{path}")).await.status, 403, "{path}");
    }
    for path in ["projects", "users", "services", "domains", "role_assignments"] {
        let refused = member.get(&format!("/identity/v3/{path}")).await;
        assert_eq!((refused.status, text(&refused.json()["error"], "title")), (403, "Forbidden"));
    }
    assert_eq!(member.get(&format!("/volume/v3/{project}/os-services")).await.status, 403);
    assert_eq!(member.get(&format!("/identity/v3/projects/{project}")).await.status, 200);
    assert_eq!(member.rows("/identity/v3/auth/projects", "projects").await.len(), 1);

    let own = member.rows(SERVERS, "servers").await;
    let all = admin.rows(&format!("{SERVERS}?all_tenants=1"), "servers").await;
    let wanted = all.iter().filter(|s| s["tenant_id"] == *project).count();
    assert!(wanted > 0 && own.len() == wanted && wanted < all.len());
    assert!(own.iter().all(|s| s.get("OS-EXT-SRV-ATTR:host").is_none()), "hosts are the operator's business");
    let theirs = all.iter().find(|s| s["tenant_id"] != *project).expect("a server of somebody else");
    assert_eq!(member.get(&format!("/compute/v2.1/servers/{}", text(theirs, "id"))).await.status, 404);
    assert!(admin.rows(SERVERS, "servers").await.is_empty(), "without all_tenants an admin sees its own project only");

    let ports = member.rows("/network/v2.0/ports", "ports").await;
    assert!(ports.iter().all(|p| p["project_id"] == *project && p.get("binding:host_id").is_none()));
    let networks = member.rows("/network/v2.0/networks", "networks").await;
    assert_eq!(networks.len(), 4, "its two, the shared and the external one");
    assert!(member.rows("/network/v2.0/agents", "agents").await.is_empty());
    let volumes = member.rows(&format!("/volume/v3/{project}/volumes/detail?all_tenants=1"), "volumes").await;
    assert!(!volumes.is_empty() && volumes.iter().all(|v| v["os-vol-tenant-attr:tenant_id"] == *project));
    let stacks = format!("/orchestration/v1/{project}/stacks");
    assert_eq!(member.get(&format!("{stacks}?global_tenant=true")).await.status, 403);
    assert_eq!(member.rows(&stacks, "stacks").await.len(), 1);
    let keys = member.rows("/compute/v2.1/os-keypairs", "keypairs").await;
    assert_eq!(text(&keys[0]["keypair"], "name"), "tenant-01-key");
}

#[tokio::test]
async fn tokens_by_every_method_and_scope() {
    let cloud = small().await;
    let admin = Session::admin(&cloud).await;
    let tokens = "/identity/v3/auth/tokens";
    let scoped = |scope: Value| {
        let mut body = password_body("admin", "secret", None);
        body["auth"]["scope"] = scope;
        body
    };

    let unscoped = admin.post(tokens, &password_body("admin", "secret", None)).await;
    assert_eq!(unscoped.status, 201);
    assert!(unscoped.json()["token"].get("catalog").is_none(), "no scope, no catalogue");

    let again = json!({"auth": {"identity": {"methods": ["token"], "token": {"id": unscoped.header("x-subject-token")}},
        "scope": {"project": {"id": admin.project}}}});
    let answer = admin.post(tokens, &again).await;
    assert_eq!((answer.status, text(&answer.json()["token"]["project"], "name")), (201, "admin"));

    let user = cloud.control().id(Kind::User, 0);
    let credential = |secret: &str| {
        json!({"auth": {"identity": {"methods": ["application_credential"],
        "application_credential": {"id": user, "secret": secret}}}})
    };
    let answer = admin.post(tokens, &credential(APPLICATION_SECRET)).await;
    assert_eq!((answer.status, text(&answer.json()["token"]["project"], "name")), (201, "admin"));
    assert_eq!(admin.post(tokens, &credential("wrong")).await.status, 401);

    let system = admin.post(tokens, &scoped(json!({"system": {"all": true}}))).await.json();
    assert_eq!(system["token"]["system"]["all"], true);
    let kinds: Vec<_> = system["token"]["catalog"].as_array().expect("list").iter().map(|e| text(e, "type")).collect();
    assert!(kinds.contains(&"compute") && !kinds.contains(&"volumev3"), "cinder's url needs a project: {kinds:?}");
    let domain = admin.post(tokens, &scoped(json!({"domain": {"id": "default"}}))).await;
    assert_eq!(text(&domain.json()["token"]["domain"], "name"), "Default");

    let foreign = password_body("tenant-01-user", "secret", Some("tenant-02"));
    assert_eq!(admin.post(tokens, &foreign).await.status, 401, "no role there");
    assert_eq!(admin.post(tokens, &json!({"auth": {"identity": {"methods": ["saml"]}}})).await.status, 400);
}

#[tokio::test]
async fn tokens_expire() {
    let spec = CloudSpec::small();
    let cloud = FakeCloud::builder(spec).token_ttl(Duration::from_secs(1)).start().await.expect("start");
    let admin = Session::admin(&cloud).await;
    assert_eq!(admin.get("/network/v2.0/routers").await.status, 200);
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    for path in ["/network/v2.0/routers", "/compute/v2.1/servers", "/image/v2/images", "/identity/v3/auth/projects"] {
        assert_eq!(admin.get(path).await.status, 401, "{path}");
    }
    assert_eq!(Session::admin(&cloud).await.get("/network/v2.0/routers").await.status, 200);
}

#[tokio::test]
async fn compute_rows_follow_the_microversion() {
    let cloud = small().await;
    let admin = Session::admin(&cloud).await;
    let at = |minor: u32| admin.clone().at(&format!("compute 2.{minor}"));
    let server = |session: Session| async move {
        let answer = session.get(&format!("{SERVERS}?all_tenants=1&limit=1")).await;
        (answer.header("openstack-api-version").to_owned(), answer.json()["servers"][0].take())
    };
    let (echo, old) = server(at(46)).await;
    assert_eq!(echo, "compute 2.46");
    assert!(old["flavor"]["id"].is_string() && old["flavor"].get("vcpus").is_none());
    let (_, new) = server(at(47)).await;
    assert!(new["flavor"]["vcpus"].is_number() && new["flavor"].get("id").is_none());
    let (echo, oldest) = server(admin.clone().at("")).await;
    assert_eq!(echo, "compute 2.1", "without a header, the oldest");
    assert!(oldest.get("tags").is_none() && oldest.get("locked").is_none());
    let (echo, _) = server(admin.clone().at("compute latest")).await;
    assert_eq!(echo, "compute 2.93");

    for (minor, number) in [(52, true), (53, false)] {
        let row = at(minor).get("/compute/v2.1/os-hypervisors/detail").await.json();
        assert_eq!(row["hypervisors"][0]["id"].is_number(), number, "2.{minor}");
        let row = at(minor).get("/compute/v2.1/os-services").await.json();
        assert_eq!(row["services"][0]["id"].is_number(), number, "2.{minor}");
    }
    let before = at(87).get("/compute/v2.1/os-hypervisors/detail").await.json();
    let guests: u64 = before["hypervisors"].as_array().expect("rows").iter().filter_map(|h| h["running_vms"].as_u64()).sum();
    let all = admin.rows(&format!("{SERVERS}?all_tenants=1"), "servers").await;
    let placed = all.iter().filter(|s| s["OS-EXT-SRV-ATTR:host"].is_string()).count();
    assert_eq!(guests, placed as u64);

    for (version, status) in [("compute 2.94", 406), ("compute 3.1", 406), ("compute two", 400)] {
        assert_eq!(admin.clone().at(version).get(SERVERS).await.status, status, "{version}");
    }
    let refused = admin.clone().at("compute 2.94").get(SERVERS).await.json();
    assert!(text(&refused["computeFault"], "message").contains("maximum is 2.93"));
    assert_eq!(admin.clone().at("volume 3.71").get(&format!("/volume/v3/{}/types", admin.project)).await.status, 406);
}

#[tokio::test]
async fn old_clouds_and_clouds_without_heat() {
    let builder = FakeCloud::builder(CloudSpec::small()).compute_max(1).volume_max(0).without_orchestration();
    let cloud = builder.start().await.expect("start");
    let admin = Session::admin(&cloud).await.at("");
    let version = admin.get("/compute/v2.1").await.json();
    assert_eq!(text(&version["version"], "version"), "2.1");
    assert_eq!(admin.clone().at("compute 2.2").get(SERVERS).await.status, 406);
    let volumes = admin.rows(&format!("/volume/v3/{}/volumes/detail?all_tenants=1", admin.project), "volumes").await;
    assert!(volumes.iter().all(|v| v.get("volume_type_id").is_none()));
    assert_eq!(admin.get(&format!("/volume/v3/{}/attachments", admin.project)).await.status, 404, "3.27 brought them");
    let services = admin.rows("/identity/v3/services", "services").await;
    assert!(services.iter().all(|s| s["type"] != "orchestration"));
    assert_eq!(admin.get(&format!("/orchestration/v1/{}/stacks", admin.project)).await.status, 404);
}
