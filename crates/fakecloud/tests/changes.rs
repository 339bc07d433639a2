//! What a client that has no broker goes by: who changed since when, what was done to a server, and the cloud's own clock.

mod support;

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, FakeCloud, Kind, Status};
use support::{Session, text};

const START: u64 = 1_800_000_000;
const SINCE: &str = "2027-01-15T08:00:01Z";

async fn cloud() -> FakeCloud {
    FakeCloud::builder(CloudSpec::small()).stepping_clock(START).start().await.expect("a cloud")
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| text(row, "id")).collect()
}

#[tokio::test]
async fn changed_and_deleted_servers_are_listed_since() {
    let cloud = cloud().await;
    let (control, session) = (cloud.control(), Session::admin(&cloud).await);
    let path = format!("/compute/v2.1/servers/detail?all_tenants=1&changes-since={SINCE}");
    assert!(session.rows(&path, "servers").await.is_empty());
    let (renamed, deleted) = (control.id(Kind::Server, 0), control.id(Kind::Server, 1));
    control.rename(&renamed, "new").expect("rename");
    control.delete(&deleted).expect("delete");
    let rows = session.rows(&path, "servers").await;
    assert_eq!(ids(&rows), [deleted.as_str(), renamed.as_str()]);
    assert_eq!(text(&rows[0], "status"), "DELETED");
    control.restore(&deleted).expect("restore");
    let rows = session.rows(&path, "servers").await;
    assert_eq!((text(&rows[0], "id"), text(&rows[0], "updated")), (deleted.as_str(), "2027-01-15T08:00:03Z"));
}

#[tokio::test]
async fn actions_tell_what_was_done_newest_first() {
    let cloud = cloud().await;
    let (control, session) = (cloud.control(), Session::admin(&cloud).await);
    let id = control.id(Kind::Server, 0);
    control.set_status(&id, Status::Shutoff).expect("stop");
    control.rename(&id, "no action").expect("rename");
    control.resize_server(&id, 3).expect("resize");
    control.delete(&id).expect("delete");
    let path = format!("/compute/v2.1/servers/{id}/os-instance-actions");
    let list = async |session: &Session, query: &str| {
        let answer = session.get(&format!("{path}{query}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    };
    let names = |page: &Value| -> Vec<String> {
        page["instanceActions"].as_array().expect("a list").iter().map(|a| text(a, "action").to_owned()).collect()
    };
    let all = list(&session, "").await;
    assert_eq!(names(&all), ["delete", "resize", "stop", "create"], "of a deleted server, too");
    let first = &all["instanceActions"][0];
    assert_eq!(text(first, "start_time"), "2027-01-15T08:00:04.000000");
    assert!(text(first, "request_id").starts_with("req-") && text(first, "request_id").len() == 40);

    let page = list(&session, "?limit=2").await;
    assert_eq!(names(&page), ["delete", "resize"]);
    let next = text(&page["links"][0], "href");
    assert_eq!(names(&session.get(next).await.json()), ["stop", "create"]);
    assert_eq!(names(&list(&session, &format!("?changes-since={SINCE}")).await), ["delete", "resize", "stop"]);

    let old = session.clone().at("compute 2.20");
    assert_eq!(old.get(&path).await.status, 404, "before 2.21 those of a deleted server are not shown");
    let older = list(&session.at("compute 2.57"), "?limit=1").await;
    assert_eq!(names(&older).len(), 4, "limits came with 2.58");
    assert!(older["instanceActions"][0].get("updated_at").is_none());
}

#[tokio::test]
async fn volumes_and_images_are_filtered_by_time_where_real_ones_are() {
    let cloud = cloud().await;
    let (control, session) = (cloud.control(), Session::admin(&cloud).await);
    let (volume, image) = (control.id(Kind::VolumeFree, 0), control.id(Kind::Image, 3));
    control.resize_volume(&volume, 77).expect("resize");
    control.rename(&image, "newer").expect("rename");
    let volumes = format!("/volume/v3/{}/volumes/detail?all_tenants=1&updated_at=gte:{SINCE}", session.project);
    assert_eq!(ids(&session.rows(&volumes, "volumes").await), [volume.as_str()]);
    let everything = session.clone().at("volume 3.59").rows(&volumes, "volumes").await;
    assert!(everything.len() > 1, "before 3.60 the filter is dropped without a word");
    let images = session.rows(&format!("/image/v2/images?updated_at=gte:{SINCE}"), "images").await;
    assert_eq!(ids(&images), [image.as_str()]);
    let volumes = format!("/volume/v3/{}/volumes?all_tenants=1", session.project);
    let brief = session.rows(&volumes, "volumes").await;
    assert_eq!(brief.len(), everything.len());
    assert!(brief[0].get("status").is_none(), "{}", brief[0]);
}

#[tokio::test]
async fn neutron_filters_by_no_time_but_selects_fields() {
    let cloud = cloud().await;
    let session = Session::admin(&cloud).await;
    for query in ["changed_since=2027-01-15T08:00:01Z", "updated_at=x", "sort_key=updated_at&sort_dir=desc"] {
        let answer = session.get(&format!("/network/v2.0/ports?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
        assert!(answer.text.contains("is invalid attribute for"), "{}", answer.text);
    }
    let ports = session.rows("/network/v2.0/ports?fields=id&fields=revision_number&limit=10", "ports").await;
    let keys: Vec<_> = ports[0].as_object().expect("a port").keys().collect();
    assert_eq!(keys, ["id", "revision_number"]);
}

#[tokio::test]
async fn losing_a_part_is_a_change() {
    let cloud = cloud().await;
    let (control, session) = (cloud.control(), Session::admin(&cloud).await);
    let revision = async |path: String, name: &str| session.get(&path).await.json()[name]["revision_number"].clone();
    let (group, rule) = (control.id(Kind::SecurityGroup, 2), control.id(Kind::SecurityRule, 9));
    let path = format!("/network/v2.0/security-groups/{group}");
    let before = revision(path.clone(), "security_group").await;
    control.delete(&rule).expect("delete");
    assert_ne!(revision(path, "security_group").await, before);
    let path = format!("/network/v2.0/floatingips/{}", control.id(Kind::FloatingServer, 1));
    let before = revision(path.clone(), "floatingip").await;
    control.delete(&control.id(Kind::Server, 1)).expect("delete");
    assert_ne!(revision(path, "floatingip").await, before);
}

#[tokio::test]
async fn the_clouds_clock_is_its_own() {
    let cloud = cloud().await;
    let session = Session::admin(&cloud).await;
    assert_eq!(session.get("/network/v2.0/networks").await.header("date"), "Fri, 15 Jan 2027 08:00:00 GMT");
    let ahead = FakeCloud::builder(CloudSpec::small()).clock_ahead(86_400 * 3).start().await.expect("a cloud");
    let session = Session::admin(&ahead).await;
    let (control, id) = (ahead.control(), ahead.control().id(Kind::Server, 0));
    control.rename(&id, "from the future").expect("rename");
    let row = session.get(&format!("/compute/v2.1/servers/{id}")).await;
    let day = |text: &str| text.get(5..7).and_then(|d| d.parse::<u8>().ok());
    let changed = row.json()["server"]["updated"].as_str().and_then(|t| t.get(8..10)?.parse::<u8>().ok());
    assert!(changed.is_some() && changed == day(row.header("date")), "{} {}", row.header("date"), row.text);
}
