//! What is told of what happens, and what it costs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stocktake_events::Routes;
use stocktake_fakecloud::{CloudSpec, FakeCloud, Kind, NewServer, Status};
use stocktake_openstack::OpenStack;
use stocktake_provider::Begin;

use crate::listener::{Listener, source, source_of};

async fn small() -> FakeCloud {
    FakeCloud::start(CloudSpec::small()).await.expect("a cloud")
}

#[tokio::test]
async fn servers_that_change_come_and_go_are_told_of_once() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    assert!(matches!(listener.begin, Begin::First(_)));
    listener.rounds(4).await;
    assert!(listener.raw.is_empty(), "what happened before is not told: {:?}", listener.raw);

    let [renamed, stopped, deleted] = [0, 1, 2].map(|index| control.id(Kind::Server, index));
    control.rename(&renamed, "other").expect("rename");
    control.set_status(&stopped, Status::Shutoff).expect("stop");
    control.delete(&deleted).expect("delete");
    let created = control.create_server(NewServer::default()).expect("create");
    listener
        .until("servers and what was done to them", |l| {
            l.has("poll.server.changed", &renamed)
                && l.has("poll.server.changed", &stopped)
                && l.has("poll.server.deleted", &deleted)
                && l.has("poll.server.changed", &created)
                && l.has("poll.server.action.stop", &stopped)
                && l.has("poll.server.action.delete", &deleted)
                && l.has("poll.server.action.create", &created)
        })
        .await;
    let told = listener.of("poll.server.changed", &renamed).next().expect("told");
    assert_eq!((told.payload["name"].as_str(), told.vm.as_deref()), (Some("other"), Some(renamed.as_str())));
    assert!(told.at.is_some() && told.tenant.is_some() && told.host.is_some(), "{told:?}");
    let stop = listener.of("poll.server.action.stop", &stopped).next().expect("told");
    assert_eq!(stop.vm.as_deref(), Some(stopped.as_str()));
    assert!(stop.request.as_deref().is_some_and(|r| r.starts_with("req-")) && stop.user.is_some(), "{stop:?}");

    listener.rounds(7).await;
    listener.assert_told_once();
    assert!(
        !listener.kinds().iter().any(|kind| kind.contains("action.create"))
            || listener.has("poll.server.action.create", &created)
    );

    control.set_status(&stopped, Status::Active).expect("start");
    listener.until("it was started", |l| l.has("poll.server.action.start", &stopped)).await;
    assert_eq!(listener.of("poll.server.changed", &stopped).count(), 2);
    listener.assert_told_once();
}

#[tokio::test]
async fn what_has_no_tombstone_is_missed_by_counting() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    let id = |kind, index| control.id(kind, index);
    let (network, router, group) = (id(Kind::Network, 0), id(Kind::Router, 1), id(Kind::SecurityGroup, 7));
    let (floating, volume, other) = (id(Kind::FloatingFree, 0), id(Kind::VolumeFree, 0), id(Kind::VolumeFree, 1));
    let (image, gone, stack, subnet) = (id(Kind::Image, 3), id(Kind::Image, 8), id(Kind::Stack, 1), id(Kind::Subnet, 2));
    let (snapshot, server) = (control.ids(Kind::Snapshot).swap_remove(0), id(Kind::Server, 6));
    let port = id(Kind::PortServer, 6);
    control.rename(&network, "net").expect("rename");
    control.rename(&subnet, "sub").expect("rename");
    control.rename(&image, "img").expect("rename");
    control.rename(&stack, "heap").expect("rename");
    control.rename(&snapshot, "snap").expect("rename");
    control.update(&group, &json!({"description": "other"})).expect("update");
    control.resize_volume(&other, 99).expect("resize");
    for id in [&router, &floating, &volume, &gone, &server] {
        control.delete(id).expect("delete");
    }
    let free = control.create_volume(stocktake_fakecloud::NewVolume::default()).expect("create");
    listener
        .until("everything", |l| {
            let changed = [
                ("network", &network),
                ("subnet", &subnet),
                ("image", &image),
                ("stack", &stack),
                ("snapshot", &snapshot),
                ("security_group", &group),
                ("volume", &other),
                ("volume", &free),
            ];
            let deleted = [
                ("router", &router),
                ("floating_ip", &floating),
                ("volume", &volume),
                ("image", &gone),
                ("server", &server),
                ("port", &port),
            ];
            changed.iter().all(|(kind, id)| l.has(&format!("poll.{kind}.changed"), id))
                && deleted.iter().all(|(kind, id)| l.has(&format!("poll.{kind}.deleted"), id))
        })
        .await;
    listener.rounds(7).await;
    listener.assert_told_once();
    assert!(!listener.kinds().iter().any(|kind| kind.ends_with(".recount")), "{:?}", listener.kinds());
}

#[tokio::test]
async fn an_old_cloud_is_told_of_as_well() {
    let cloud = FakeCloud::builder(CloudSpec::small()).compute_max(20).volume_max(27).start().await.expect("a cloud");
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    let (server, volume, gone) =
        (control.id(Kind::Server, 0), control.id(Kind::VolumeFree, 0), control.id(Kind::VolumeFree, 1));
    control.set_status(&server, Status::Shutoff).expect("stop");
    control.resize_volume(&volume, 99).expect("resize");
    control.delete(&gone).expect("delete");
    listener
        .until("all", |l| {
            l.has("poll.server.action.stop", &server)
                && l.has("poll.volume.changed", &volume)
                && l.has("poll.volume.deleted", &gone)
        })
        .await;
    listener.rounds(4).await;
    listener.assert_told_once();
    assert_eq!(listener.of("poll.server.action.create", &server).count(), 0, "that was long ago");
}

#[tokio::test]
async fn a_member_hears_of_its_own_project() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::with(&source_of(&cloud, "tenant-01-user", "tenant-01", &[]), None).await;
    // Servers belong to four tenants in turn, which are counted from one.
    let (own, theirs) = (control.id(Kind::Server, 0), control.id(Kind::Server, 1));
    control.rename(&theirs, "theirs").expect("rename");
    control.rename(&own, "own").expect("rename");
    listener.until("the own server", |l| l.has("poll.server.changed", &own)).await;
    listener.rounds(2).await;
    assert!(!listener.has("poll.server.changed", &theirs));
}

#[tokio::test]
async fn changes_during_paging_are_not_lost() {
    let cloud = small().await;
    let control = cloud.control();
    let paged = source(&cloud, &[("page_size", "3")]);
    let mut listener = Listener::with(&paged, None).await.most(2);
    let ids = control.ids(Kind::Server);
    for id in &ids {
        control.rename(id, "first").expect("rename");
    }
    // While the pages are read, some change again, some go, and some come.
    let mut names: BTreeMap<String, String> = ids.iter().map(|id| (id.clone(), "first".to_owned())).collect();
    let (mut deleted, mut step) = (BTreeSet::new(), 0);
    while step < 9 {
        let caught = listener.next().await.expect("a source that answers");
        if caught.events.is_empty() {
            continue;
        }
        let id = &ids[(step * 7) % ids.len()];
        if step % 3 == 2 {
            control.delete(id).expect("delete");
            names.remove(id);
            deleted.insert(id.clone());
            let id =
                control.create_server(NewServer { name: Some("new".to_owned()), ..NewServer::default() }).expect("create");
            names.insert(id, "new".to_owned());
        } else {
            control.rename(id, &format!("again-{step}")).expect("rename");
            names.insert(id.clone(), format!("again-{step}"));
        }
        step += 1;
    }
    listener
        .until("the last state of each", |l| {
            let last = |id: &str| {
                let of_it = l.events.iter().rfind(|e| e.payload["id"] == id && e.kind.starts_with("poll.server."));
                of_it.map(|e| (e.kind.clone(), e.payload["name"].as_str().unwrap_or_default().to_owned()))
            };
            names.iter().all(|(id, name)| last(id) == Some(("poll.server.changed".to_owned(), name.clone())))
                && deleted.iter().all(|id| last(id).is_some_and(|(kind, _)| kind == "poll.server.deleted"))
        })
        .await;
    listener.assert_told_once();
}

#[tokio::test]
async fn a_quiet_cloud_costs_a_few_calls_and_a_storm_no_more_than_its_pages() {
    let cloud = FakeCloud::start(CloudSpec { servers: 60, ..CloudSpec::small() }).await.expect("a cloud");
    let control = cloud.control();
    let slow = source(&cloud, &[("events_poll_every", "1")]);
    let mut listener = Listener::with(&slow, None).await;
    // Counts come in every third round; on a busy machine the first that is looked at may be such a one.
    let mut quiet = None;
    for _ in 0..10 {
        listener.rounds(1).await;
        control.reset_requests();
        listener.rounds(1).await;
        quiet = Some(control.requests()).filter(|asked| !asked.by_pattern.keys().any(|p| p.contains("/network/")));
        if quiet.is_some() {
            break;
        }
    }
    let quiet = quiet.expect("a round without counts");
    let expected = ["/compute/v2.1/servers/detail", "/image/v2/images", "/volume/v3/{id}/volumes/detail"];
    let asked: Vec<_> = quiet.by_pattern.keys().map(|p| p.trim_start_matches("GET ")).collect();
    assert_eq!((quiet.total, asked), (4, expected.to_vec()), "images twice: hidden ones are listed apart");

    for id in control.ids(Kind::Server) {
        control.set_status(&id, Status::Paused).expect("pause");
    }
    listener.until("all", |l| l.kinds().iter().filter(|kind| **kind == "poll.server.changed").count() == 60).await;
    listener.rounds(1).await;
    let actions = control.requests().by_pattern.get("GET /compute/v2.1/servers/{id}/os-instance-actions").copied();
    assert_eq!(actions, Some(20), "of the newest alone");
}

#[tokio::test]
async fn many_differences_are_told_as_one() {
    let spec = CloudSpec { free_floating_ips: 700, ..CloudSpec::small() };
    let cloud = FakeCloud::start(spec).await.expect("a cloud");
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    for id in control.ids(Kind::FloatingFree).iter().take(650) {
        control.delete(id).expect("delete");
    }
    listener.until("a new listing", |l| l.has_kind("poll.floating_ip.recount")).await;
    assert!(!listener.has_kind("poll.floating_ip.deleted"));
    let why = listener.events.iter().find(|e| e.kind == "poll.floating_ip.recount").and_then(|e| e.message.clone());
    assert_eq!(why.as_deref(), Some("floating ips must be listed anew: more changed than is told one by one"));
}

/// Whatever is told leads somewhere; the words in routes are checked with those of notifications.
#[tokio::test]
async fn everything_told_has_a_route_to_its_object() {
    let routes = Routes::of_type(&OpenStack, None).expect("every word means something").expect("OpenStack has events");
    let whole = ["snapshot", "backup", "subnet"];
    let single = ["server", "volume", "image", "port", "floating_ip", "network", "router", "security_group", "stack"];
    for kind in single.iter().chain(&whole) {
        for what in ["changed", "deleted", "recount"] {
            let name = format!("poll.{kind}.{what}");
            let route = routes.find(&name).unwrap_or_else(|| panic!("{name} leads nowhere"));
            let first = route.targets(&json!({"id": "its id"})).into_iter().next().expect(&name);
            let expected = if what == "recount" || whole.contains(kind) { "" } else { "its id" };
            assert_eq!(first.reference, expected, "{name}: an empty ref is the whole collection");
        }
    }
    let groups = [
        ("create", "addition"),
        ("delete", "deletion"),
        ("reboot", "power"),
        ("shelveOffload", "power"),
        ("live-migration", "migration"),
        ("attach_volume", "storage"),
        ("detach_interface", "network"),
        ("createImage", "snapshot"),
        ("resize", "configuration"),
        ("confirmResize", "configuration"),
        ("something_new", "configuration"),
    ];
    for (action, group) in groups {
        let route = routes.find(&format!("poll.server.action.{action}")).expect(action);
        let first = route.targets(&json!({"server_id": "its server"})).into_iter().next().expect(action);
        assert_eq!((route.group.name(), first.reference.as_str()), (group, "its server"), "{action}");
    }
}
