//! Events arrive, wait for us while we are away, and are forgotten by the broker only when they are stored.

use stocktake_provider::Begin;
use stocktake_testkit::broker::shared;

use super::support::{Services, again, first, keys, take};

#[tokio::test]
async fn both_formats_arrive_and_nothing_is_taken_from_others() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let others = services.others_queue("nova").await;
    let exchanges = format!("{},{}", services.named("nova"), services.named("heat"));
    let (mut stream, _) = first(&*services.source(&[("amqp_exchanges", &exchanges)])).await;

    services.notify("nova", "notifications.info", "a").await;
    services.notify("nova", "versioned_notifications.error", "b").await;
    services.notify("nova", "another_topic.info", "not for us").await;
    // Heat had no exchange when we came.
    services.notify("heat", "notifications.info", "c").await;
    let caught = take(&mut *stream, 3).await;
    assert_eq!(keys(&caught), ["a", "b", "c"]);
    assert_eq!(caught.events[1].via, format!("{} versioned_notifications.error", services.named("nova")));
    assert!(!String::from_utf8_lossy(&caught.events[0].body).contains("hidden"));
    stream.stored().await.expect("acknowledged");
    assert_eq!(services.waiting(&others).await, 1);
}

#[tokio::test]
async fn the_queue_waits_for_us_and_only_what_was_not_stored_comes_again() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let source = services.source(&[]);
    let (mut stream, position) = first(&*source).await;
    for id in ["a", "b", "c"] {
        services.notify("nova", "notifications.info", id).await;
    }
    assert_eq!(keys(&take(&mut *stream, 2).await), ["a", "b"]);
    stream.stored().await.expect("acknowledged");
    assert_eq!(keys(&take(&mut *stream, 1).await), ["c"]);
    drop(stream);
    // Given, but never stored; and what happened while nobody listened.
    services.notify("nova", "notifications.info", "d").await;

    let mut stream = again(&*source, &position).await;
    assert_eq!(stream.begin(), Begin::Resumed);
    assert_eq!(keys(&take(&mut *stream, 2).await), ["c", "d"]);
    stream.stored().await.expect("acknowledged");
    drop(stream);
    // Another process, which knows nothing but the position.
    let mut stream = again(&*services.source(&[]), &position).await;
    services.notify("nova", "notifications.info", "e").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["e"]);
}

#[tokio::test]
async fn no_more_is_under_way_than_is_set() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let (mut stream, position) = first(&*services.source(&[("amqp_prefetch", "5")])).await;
    for n in 0..20 {
        services.notify("nova", "notifications.info", &format!("n{n}")).await;
    }
    assert_eq!(take(&mut *stream, 5).await.events.len(), 5);
    assert_eq!(services.waiting(&position.0).await, 15, "the rest stays with the broker");
    stream.stored().await.expect("acknowledged");
    let next = take(&mut *stream, 5).await;
    assert_eq!(keys(&next), ["n5", "n6", "n7", "n8", "n9"]);
}

#[tokio::test]
async fn poison_does_not_hold_up_what_comes_after_it() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let (mut stream, position) = first(&*services.source(&[])).await;
    services.send("nova", "notifications.info", b"\xff\x00 no JSON").await;
    services.notify("nova", "notifications.info", "a").await;
    let caught = take(&mut *stream, 2).await;
    assert_eq!(keys(&caught), ["a"]);
    assert!(caught.poison[0].reason.starts_with("is no JSON"), "{:?}", caught.poison);
    stream.stored().await.expect("acknowledged");
    drop(stream);
    let source = services.source(&[]);
    let _stream = again(&*source, &position).await;
    assert_eq!(services.waiting(&position.0).await, 0, "it does not come again");
}

/// Whoever could not keep the position of a new queue gets the same once more.
#[tokio::test]
async fn attempts_do_not_fill_the_broker_with_queues() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let source = services.source(&[]);
    let (stream, position) = first(&*source).await;
    drop(stream);
    let (_stream, same) = first(&*source).await;
    assert_eq!(position, same);
    assert!(position.0.starts_with("stocktake."), "{position:?}");
}
