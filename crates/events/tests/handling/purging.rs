use std::time::Duration;

use stocktake_events::{purge, purge_orphans};
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
