//! Restarts, other clocks, and positions that are good no more.

use serde_json::Value;
use stocktake_fakecloud::{CloudSpec, FakeCloud, Kind};
use stocktake_provider::{Begin, Position};

use crate::listener::Listener;

async fn small() -> FakeCloud {
    FakeCloud::start(CloudSpec::small()).await.expect("a cloud")
}

fn since(position: &Position, listing: &str) -> jiff::Timestamp {
    let position: Value = serde_json::from_str(&position.0).expect("JSON");
    position["since"][listing].as_str().and_then(|at| at.parse().ok()).expect("a time")
}

fn moved(position: &Position, hours: i64) -> Position {
    moved_of(position, hours, |_| true)
}

fn moved_of(position: &Position, hours: i64, which: impl Fn(&str) -> bool) -> Position {
    let mut json: Value = serde_json::from_str(&position.0).expect("JSON");
    for (_, at) in json["since"].as_object_mut().expect("times").iter_mut().filter(|(listing, _)| which(listing.as_str())) {
        let time: jiff::Timestamp = at.as_str().and_then(|at| at.parse().ok()).expect("a time");
        *at = (time + jiff::SignedDuration::from_hours(hours)).to_string().into();
    }
    Position(json.to_string())
}

#[tokio::test]
async fn what_comes_again_after_a_restart_has_the_same_key() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    let begun = listener.position.clone();
    let server = control.id(Kind::Server, 0);
    control.resize_server(&server, 3).expect("resize");
    let told = |l: &Listener| l.has("poll.server.changed", &server) && l.has("poll.server.action.resize", &server);
    listener.until("the change", told).await;
    listener.rounds(2).await;

    let mut nothing_stored = Listener::from(&cloud, &begun).await;
    assert_eq!(nothing_stored.begin, Begin::Resumed);
    nothing_stored.until("the change, again", told).await;
    assert_eq!(of_server(&nothing_stored), of_server(&listener), "neither less nor more, nor under another key");
    let mut overlapping = Listener::from(&cloud, &listener.position).await;
    overlapping.until("the change, once more", told).await;
    assert!(of_server(&overlapping).is_subset(&of_server(&listener)));
}

fn of_server(listener: &Listener) -> std::collections::BTreeSet<String> {
    listener.keys().into_iter().filter(|key| key.starts_with("poll:server:") || key.starts_with("poll:action:")).collect()
}

#[tokio::test]
async fn what_happens_while_nobody_listens_is_told_afterwards() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    listener.rounds(2).await;
    let position = listener.position.clone();
    drop(listener);

    let mut nothing_happened = Listener::from(&cloud, &position).await;
    nothing_happened.rounds(4).await;
    assert!(nothing_happened.raw.is_empty(), "{:?}", nothing_happened.raw);
    drop(nothing_happened);

    let [changed, deleted] = [0, 6].map(|index| control.id(Kind::Server, index));
    control.rename(&changed, "other").expect("rename");
    control.delete(&deleted).expect("delete");
    control.delete(&control.id(Kind::VolumeFree, 0)).expect("delete");
    let mut listener = Listener::from(&cloud, &position).await;
    assert_eq!(listener.begin, Begin::Resumed);
    listener
        .until("all", |l| {
            l.has("poll.server.changed", &changed)
                && l.has("poll.server.deleted", &deleted)
                && l.has_kind("poll.volume.recount")
                && l.has_kind("poll.port.recount")
        })
        .await;
    assert!(!listener.has_kind("poll.router.recount"), "nothing happened to routers");
    listener.rounds(4).await;
    let mut again = Listener::from(&cloud, &listener.position).await;
    again.rounds(4).await;
    assert!(!again.kinds().iter().any(|kind| kind.ends_with(".recount")), "{:?}", again.kinds());
}

#[tokio::test]
async fn a_clock_that_is_wrong_by_an_hour_loses_and_repeats_nothing() {
    for ahead in [3_600_i64, -3_600] {
        let cloud = FakeCloud::builder(CloudSpec::small()).clock_ahead(ahead).start().await.expect("a cloud");
        let control = cloud.control();
        let mut listener = Listener::first(&cloud).await;
        let off = since(&listener.position, "servers").duration_since(jiff::Timestamp::now()).as_secs() - ahead;
        assert!((-60..=0).contains(&off), "the cursor is by the cloud's clock: {off}");
        let server = control.id(Kind::Server, 0);
        control.rename(&server, "other").expect("rename");
        listener.until("the change", |l| l.has("poll.server.changed", &server)).await;
        listener.rounds(4).await;
        listener.assert_told_once();
        let position = listener.position.clone();
        control.rename(&server, "third").expect("rename");
        let mut again = Listener::from(&cloud, &position).await;
        assert_eq!(again.begin, Begin::Resumed);
        let is_third = |l: &Listener| l.of("poll.server.changed", &server).any(|e| e.payload["name"] == "third");
        again.until("the change after the restart", is_third).await;
    }
}

#[tokio::test]
async fn a_position_that_is_good_no_more_is_a_gap() {
    let cloud = small().await;
    let listener = Listener::first(&cloud).await;
    let good = listener.position.clone();
    let bad = [
        (Position("stocktake.019a".to_owned()), "cannot be read"),
        (moved(&good, -25), "what was deleted is shown for a day"),
        (moved(&good, 2), "the cloud's clock went back"),
    ];
    for (position, expected) in bad {
        let begin = Listener::from(&cloud, &position).await.begin;
        let Begin::Gap { why, position } = begin else { panic!("{begin:?}") };
        assert!(why.contains(expected), "{why}");
        assert!(since(&position, "servers") >= since(&good, "servers"), "it begins anew");
    }
    assert_eq!(Listener::from(&cloud, &moved(&good, -23)).await.begin, Begin::Resumed);
}

#[tokio::test]
async fn one_listing_that_was_away_for_a_day_is_listed_anew_and_is_no_gap() {
    let cloud = small().await;
    let good = Listener::first(&cloud).await.position;
    let old = moved_of(&good, -30, |listing| listing == "volumes");
    let mut listener = Listener::from(&cloud, &old).await;
    assert_eq!(listener.begin, Begin::Resumed);
    listener.until("a new listing", |l| l.has_kind("poll.volume.recount")).await;
    listener.rounds(4).await;
    assert_eq!(listener.kinds(), ["poll.volume.recount"], "once, and of nothing else");
    assert!(since(&listener.position, "volumes") > since(&old, "volumes"), "it has a new cursor");
    let mut again = Listener::from(&cloud, &listener.position).await;
    assert_eq!(again.begin, Begin::Resumed);
    again.rounds(4).await;
    assert!(again.raw.is_empty(), "{:?}", again.kinds());
}

#[tokio::test]
async fn what_cannot_be_asked_has_no_cursor_that_could_grow_old() {
    let cloud = FakeCloud::builder(CloudSpec::small()).volume_max(27).start().await.expect("a cloud");
    let of_volumes = |position: &Position| {
        let json: Value = serde_json::from_str(&position.0).expect("JSON");
        json["since"]["volumes"].as_str().map(str::to_owned)
    };
    let good = Listener::first(&cloud).await.position;
    assert_eq!(of_volumes(&good), None);

    // As one that came about when they could be asked.
    let mut json: Value = serde_json::from_str(&good.0).expect("JSON");
    json["since"]["volumes"] = (since(&good, "servers") - jiff::SignedDuration::from_hours(30)).to_string().into();
    let mut listener = Listener::from(&cloud, &Position(json.to_string())).await;
    assert_eq!(listener.begin, Begin::Resumed);
    let server = cloud.control().id(Kind::Server, 0);
    cloud.control().rename(&server, "other").expect("rename");
    listener.until("the change", |l| l.has("poll.server.changed", &server)).await;
    listener.rounds(4).await;
    assert!(!listener.has_kind("poll.volume.recount"), "volumes are counted, and none changed");
    assert_eq!(of_volumes(&listener.position), None);
}
