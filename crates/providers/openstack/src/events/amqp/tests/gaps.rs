//! What is lost is told: a queue that is gone, one that was full, a broker that was restarted.

use stocktake_provider::{Begin, ErrorKind, Position};
use stocktake_testkit::broker::{OwnBroker, shared};

use super::support::{Services, again, end, first, keys, take};

#[tokio::test]
async fn a_queue_deleted_under_us_ends_the_stream_and_is_a_gap() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let source = services.source(&[]);
    let (mut stream, position) = first(&*source).await;
    services.delete(&position.0).await;
    let error = end(&mut *stream).await;
    assert_eq!(error.kind, ErrorKind::Server);
    assert!(error.to_string().contains("the queue was deleted"), "{error}");
    drop(stream);

    let stream = again(&*source, &position).await;
    let Begin::Gap { why, position: new } = stream.begin() else { panic!("{:?}", stream.begin()) };
    assert!(why.contains(&position.0), "{why}");
    assert_ne!(new, position);
}

#[tokio::test]
async fn a_position_that_nobody_knows_is_a_gap_with_a_new_queue() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let source = services.source(&[]);
    let gone = Position("stocktake.gone".to_owned());
    let mut stream = again(&*source, &gone).await;
    let Begin::Gap { position, .. } = stream.begin() else { panic!("{:?}", stream.begin()) };
    assert_ne!(position, gone);
    services.notify("nova", "notifications.info", "a").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["a"]);
    drop(stream);
    assert_eq!(again(&*source, &position).await.begin(), Begin::Resumed);
}

#[tokio::test]
async fn a_queue_that_was_full_is_a_gap_and_still_gives_what_it_has() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let source = services.source(&[("amqp_queue_length", "1000"), ("amqp_prefetch", "1000")]);
    let (stream, position) = first(&*source).await;
    drop(stream);
    for n in 0..1_010 {
        services.notify("nova", "notifications.info", &format!("n{n}")).await;
    }
    let mut stream = again(&*source, &position).await;
    let Begin::Gap { why, position: same } = stream.begin() else { panic!("{:?}", stream.begin()) };
    assert!(why.contains("was full (1000 messages)"), "{why}");
    assert_eq!(same, position);
    let caught = take(&mut *stream, 1_000).await;
    assert_eq!((keys(&caught)[0], keys(&caught)[999]), ("n10", "n1009"));
}

/// Storing is slow for a while: the queue runs over under our eyes, and is empty again before anybody comes back for it.
#[tokio::test]
async fn a_queue_that_runs_over_while_it_is_read_ends_the_session_and_is_a_gap() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let source = services.source(&[("amqp_queue_length", "1000"), ("amqp_prefetch", "5")]);
    let (stream, position) = first(&*source).await;
    drop(stream);
    let mut stream = again(&*source, &position).await;
    assert_eq!(stream.begin(), Begin::Resumed);
    for n in 0..1_010 {
        services.notify("nova", "notifications.info", &format!("n{n}")).await;
    }
    take(&mut *stream, 5).await;
    let error = stream.stored().await.expect_err("it is full");
    assert!(error.to_string().contains("ran over"), "{error}");
    drop(stream);
    services.purge(&position.0).await;

    for attempt in ["the first cannot keep that it begins with a gap", "the second does", "and then it is told"] {
        let mut stream = again(&*source, &position).await;
        if attempt == "and then it is told" {
            assert_eq!(stream.begin(), Begin::Resumed, "{attempt}");
            break;
        }
        let Begin::Gap { why, position: same } = stream.begin() else { panic!("{attempt}: {:?}", stream.begin()) };
        assert!(why.contains("ran over") && same == position, "{why}");
        if attempt == "the second does" {
            services.notify("nova", "notifications.info", "after").await;
            take(&mut *stream, 1).await;
        }
    }
}

/// A queue keeps the length that it was made with.
#[tokio::test]
async fn a_queue_that_was_full_is_a_gap_also_when_a_greater_length_is_set_meanwhile() {
    let services = Services::at(&shared()).await;
    services.declare("nova", false).await;
    let (stream, position) = first(&*services.source(&[("amqp_queue_length", "1000")])).await;
    drop(stream);
    for n in 0..1_010 {
        services.notify("nova", "notifications.info", &format!("n{n}")).await;
    }
    let stream = again(&*services.source(&[("amqp_queue_length", "5000")]), &position).await;
    assert!(matches!(stream.begin(), Begin::Gap { .. }), "{:?}", stream.begin());
}

#[tokio::test]
async fn a_broker_that_is_restarted_is_a_gap_with_a_new_queue() {
    let broker = OwnBroker::new();
    let services = Services::at(broker.address()).await;
    services.declare("nova", false).await;
    let source = services.source(&[]);
    let (mut stream, position) = first(&*source).await;
    broker.crash();
    let error = end(&mut *stream).await;
    assert!(matches!(error.kind, ErrorKind::Connect | ErrorKind::Server | ErrorKind::Timeout), "{error:?}");
    drop(stream);
    let away = source.connect(Some(&position)).await.err().expect("the broker is away");
    assert_eq!(away.kind, ErrorKind::Connect, "{away}");

    broker.start();
    let mut stream = again(&*source, &position).await;
    assert!(matches!(stream.begin(), Begin::Gap { .. }), "{:?}", stream.begin());
    // As services do once they are back; ours is not made for them, since nothing says how.
    let services = services.reconnected().await;
    let Begin::Gap { position, .. } = stream.begin() else { panic!("{:?}", stream.begin()) };
    services.declare("nova", false).await;
    end(&mut *stream).await;
    drop(stream);
    let mut stream = again(&*source, &position).await;
    assert!(matches!(stream.begin(), Begin::Gap { .. }), "{:?}", stream.begin());
    services.notify("nova", "notifications.info", "after").await;
    assert_eq!(keys(&take(&mut *stream, 1).await), ["after"]);
}
