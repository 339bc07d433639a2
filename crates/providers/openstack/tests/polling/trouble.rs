//! Services that fail, and a listener that loses patience.

use std::time::Duration;

use stocktake_fakecloud::{CloudSpec, FakeCloud, Fault, FaultRule, Kind, Service};
use stocktake_provider::ErrorKind;

use crate::listener::{Listener, source};

async fn small() -> FakeCloud {
    FakeCloud::start(CloudSpec::small()).await.expect("a cloud")
}

#[tokio::test]
async fn a_failing_service_stops_no_other_and_catches_up() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    listener.rounds(1).await;
    let down = control.add_fault(FaultRule::new(Fault::ServerError(503)).service(Service::Compute));
    let (server, gone) = (control.id(Kind::Server, 0), control.id(Kind::Server, 6));
    let (volume, network) = (control.id(Kind::VolumeFree, 0), control.id(Kind::Network, 0));
    control.rename(&server, "other").expect("rename");
    control.delete(&gone).expect("delete");
    control.resize_volume(&volume, 99).expect("resize");
    control.rename(&network, "net").expect("rename");
    listener.until("the others", |l| l.has("poll.volume.changed", &volume) && l.has("poll.network.changed", &network)).await;
    assert!(!listener.has_kind("poll.server.changed"));
    let position = listener.position.clone();

    control.remove_fault(down);
    listener
        .until("what was missed", |l| l.has("poll.server.changed", &server) && l.has("poll.server.deleted", &gone))
        .await;
    listener.assert_told_once();
    let mut restarted = Listener::from(&cloud, &position).await;
    let missed = |l: &Listener| l.has("poll.server.changed", &server) && l.has("poll.server.deleted", &gone);
    restarted.until("the same after a restart while it failed", missed).await;
}

#[tokio::test]
async fn when_nobody_answers_the_listener_is_told() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    for service in [Service::Compute, Service::Volume, Service::Image, Service::Network, Service::Orchestration] {
        control.add_fault(FaultRule::new(Fault::ServerError(503)).service(service));
    }
    let error = loop {
        if let Err(error) = listener.next().await {
            break error;
        }
    };
    assert_eq!(error.kind, ErrorKind::Server);
    let refused = source(&cloud, &[]).connect(None).await.err().expect("nobody says what time it is");
    assert_eq!(refused.kind, ErrorKind::Server);
    control.clear_faults();
    let server = control.id(Kind::Server, 0);
    control.rename(&server, "other").expect("rename");
    let mut again = Listener::from(&cloud, &listener.position).await;
    again.until("the change", |l| l.has("poll.server.changed", &server)).await;
}

#[tokio::test]
async fn a_count_that_fails_when_it_begins_is_made_up_for() {
    let cloud = small().await;
    let control = cloud.control();
    let down = control.add_fault(FaultRule::new(Fault::ServerError(503)).service(Service::Network));
    let mut listener = Listener::first(&cloud).await;
    control.remove_fault(down);
    listener.until("a listing of what may have changed meanwhile", |l| l.has_kind("poll.port.recount")).await;
    assert!(!listener.has_kind("poll.volume.recount"));
}

#[tokio::test]
async fn credentials_that_are_refused_are_for_a_person() {
    let cloud = small().await;
    let mut listener = Listener::first(&cloud).await;
    cloud.control().add_fault(FaultRule::new(Fault::Unauthorized401));
    let error = loop {
        if let Err(error) = listener.next().await {
            break error;
        }
    };
    assert_eq!(error.kind, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn a_wait_that_is_dropped_loses_nothing() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::with(&source(&cloud, &[("page_size", "2")]), None).await.most(3);
    let ids = control.ids(Kind::Server);
    for id in &ids {
        control.rename(id, "other").expect("rename");
    }
    // Each answer takes longer than the shortest patience, which grows.
    control.add_fault(FaultRule::new(Fault::Slow(5)));
    let mut patience = Duration::from_millis(1);
    let told = |l: &Listener| ids.iter().all(|id| l.has("poll.server.changed", id));
    while !told(&listener) {
        if let Ok(caught) = tokio::time::timeout(patience, listener.next()).await {
            caught.expect("a source that answers");
        }
        patience = (patience * 11 / 10).min(Duration::from_secs(1));
    }
    listener.assert_told_once();
}

#[tokio::test]
async fn a_role_that_is_lost_makes_nothing_vanish() {
    let cloud = small().await;
    let mut listener = Listener::first(&cloud).await;
    listener.rounds(4).await;
    assert!(listener.raw.is_empty(), "{:?}", listener.kinds());
    cloud.control().demote_admin();
    cloud.control().revoke_tokens();
    let listed_anew = ["server", "volume", "port", "network", "floating_ip"].map(|kind| format!("poll.{kind}.recount"));
    listener.until("new listings", |l| listed_anew.iter().all(|kind| l.has_kind(kind))).await;
    listener.rounds(7).await;
    let gone: Vec<_> = listener.kinds().into_iter().filter(|kind| kind.ends_with(".deleted")).collect();
    assert!(gone.is_empty(), "others' are unseen, not gone: {gone:?}");
    for kind in &listed_anew {
        assert_eq!(listener.kinds().iter().filter(|told| *told == kind).count(), 1, "{kind}: once");
    }
    listener.assert_told_once();
    let mut again = Listener::from(&cloud, &listener.position).await;
    again.rounds(4).await;
    assert!(!again.kinds().iter().any(|kind| kind.ends_with(".recount")), "{:?}", again.kinds());
}

#[tokio::test]
async fn a_listing_of_every_project_that_is_refused_makes_nothing_vanish() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    listener.rounds(4).await;
    // Once, as when a rule of the service was changed: our own project's are shown after that.
    control.add_fault(FaultRule::new(Fault::Forbidden403).path("/stacks").times(1));
    listener.until("a new listing", |l| l.has_kind("poll.stack.recount")).await;
    listener.rounds(4).await;
    assert_eq!(listener.kinds(), ["poll.stack.recount"]);
}

#[tokio::test]
async fn a_service_that_refuses_our_token_is_one_that_fails() {
    let cloud = small().await;
    let control = cloud.control();
    let mut listener = Listener::first(&cloud).await;
    control.add_fault(FaultRule::new(Fault::Unauthorized401).service(Service::Volume));
    let server = control.id(Kind::Server, 0);
    control.rename(&server, "other").expect("rename");
    listener.until("the server", |l| l.has("poll.server.changed", &server)).await;
    listener.rounds(3).await;
}
