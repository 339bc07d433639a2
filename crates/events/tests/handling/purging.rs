use std::time::Duration;

use stocktake_events::{LANE, purge, purge_orphans, put_forgotten};
use stocktake_store::{Param, params};
use stocktake_testkit::TestDatabase;

use super::support::{World, power, provider, raw};

const DAY: Duration = Duration::from_hours(24);

pub(crate) async fn the_old_go_in_windows(database: TestDatabase) {
    let world = World::new(database).await;
    let events: Vec<_> = (0..25).map(|n| power(&n.to_string(), "a")).collect();
    world.handle(&events).await;
    world.handle(&[raw("no type", serde_json::json!({}))]).await;
    world.age("events", "stored_on", 2 * 86_400_000_000).await;
    world.age("events_aside", "received_on", 2 * 86_400_000_000).await;
    world.handle(&[power("young", "a")]).await;
    assert_eq!(purge(&world.store, 3 * DAY, 10).await.unwrap(), 0);
    let mut steps = Vec::new();
    loop {
        let gone = purge(&world.store, DAY, 10).await.unwrap();
        steps.push(gone);
        if gone == 0 {
            break;
        }
    }
    assert_eq!(steps, [11, 10, 5, 0], "ten of each kind at most");
    assert_eq!((world.keys().await, world.count("events_aside").await), (vec!["young".to_owned()], 0));
}

pub(crate) async fn notes_of_rules_go_and_those_of_people_stay(database: TestDatabase) {
    let world = World::new(database).await;
    let sql = "insert into notes (provider_id, collection, ref, author, body) values ($1, 'vms', 'a', $2, 'x')";
    for author in ["rule one", "rule two", "anna"] {
        world.store.execute(sql, &params![world.provider, author]).await.unwrap();
    }
    world.age("notes", "created_on", 2 * 86_400_000_000).await;
    world.store.execute(sql, &params![world.provider, "rule three"]).await.unwrap();
    assert_eq!(purge(&world.store, DAY, 10).await.unwrap(), 2);
    assert_eq!(world.count("notes where author in ('anna', 'rule three')").await, 2);
}

pub(crate) async fn batches_without_a_job_get_one_again(database: TestDatabase) {
    let world = World::new(database).await;
    let hour = Duration::from_hours(1);
    let lost = [world.batch(&[power("k", "a")]).await, world.batch(&[power("l", "a")]).await];
    world.caught(&[power("m", "a")]).await;
    world.caught(&[power("n", "a")]).await;
    let running = world.claim(LANE).await.expect("one of them");
    let parked = world.caught(&[power("o", "a")]).await;
    let park = "update jobs set state = 'parked' where cast(payload ->> 'batch' as bigint) = $1";
    world.store.execute(park, &params![parked]).await.unwrap();
    world.caught(&[power("p", "a")]).await;
    let cancelled = "update jobs set state = 'cancelled', ended_on = now() where id = (select max(id) from jobs)";
    world.store.execute(cancelled, &[]).await.unwrap();
    assert_eq!(put_forgotten(&world.queue, hour, 10).await.unwrap(), 0, "they are young");
    world.age("event_batches", "received_on", 2 * 3_600_000_000).await;
    assert_eq!(put_forgotten(&world.queue, hour, 2).await.unwrap(), 2);
    assert_eq!(put_forgotten(&world.queue, hour, 2).await.unwrap(), 1);
    assert_eq!(put_forgotten(&world.queue, hour, 2).await.unwrap(), 0, "each has one");
    world.queue.done(&running, None).await.unwrap();
    let mut claimed = Vec::new();
    while let Some(job) = world.claim(LANE).await {
        claimed.push(job.payload["batch"].as_i64().unwrap());
    }
    assert!(lost.iter().all(|batch| claimed.contains(batch)), "{claimed:?}");
    assert_eq!(claimed.len(), 4, "the lost two, the cancelled one and the one that waited");
}

pub(crate) async fn what_is_left_of_a_provider_goes(database: TestDatabase) {
    let world = World::new(database).await;
    world.handle(&(0..5).map(|n| power(&n.to_string(), "a")).collect::<Vec<_>>()).await;
    // As a worker wrote them that did not know yet.
    for (n, gone) in [900_i64, 901, 902].into_iter().enumerate() {
        let sql = "insert into events (provider_id, key, type, at, received_on, via, level, payload) \
                   values ($1, $2, 't', now(), now(), 'x', 'info', '{}')";
        for key in 0..=n {
            world.store.execute(sql, &params![gone, key.to_string()]).await.unwrap();
        }
    }
    let later = provider(&world.store, "later").await;
    let sql = "update events set provider_id = $1 where provider_id = 901";
    world.store.execute(sql, &[Param::Int(later.0)]).await.unwrap();
    assert_eq!(purge_orphans(&world.store, 2).await.unwrap(), 3, "two of each at most");
    assert_eq!(purge_orphans(&world.store, 2).await.unwrap(), 1);
    assert_eq!(purge_orphans(&world.store, 2).await.unwrap(), 0);
    assert_eq!(world.count("events").await, 7);
}
