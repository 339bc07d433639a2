use std::collections::BTreeMap;

use stocktake_store::fleet;
use stocktake_testkit::TestDatabase;

use super::support::{LONG, NONE, World};

pub(crate) async fn of_many_servers_one_takes(database: TestDatabase) {
    let world = World::new(database).await;
    let mut tries = Vec::new();
    for n in 0..8 {
        let server = world.server(&format!("s{n}"), LONG).await;
        let store = world.store.clone();
        tries.push(tokio::spawn(async move { fleet::take(&store, "provider:1", server, LONG).await.unwrap() }));
    }
    let mut taken = Vec::new();
    for attempt in tries {
        taken.extend(attempt.await.unwrap());
    }
    assert_eq!(taken, [1]);
    let rows = fleet::assignments(&world.store).await.unwrap();
    assert!(rows.len() == 1 && rows[0].held);
}

pub(crate) async fn what_ran_out_is_free_for_others(database: TestDatabase) {
    let world = World::new(database).await;
    let (first, second) = (world.server("a", LONG).await, world.server("b", LONG).await);
    assert_eq!(fleet::take(&world.store, "provider:1", first, NONE).await.unwrap(), Some(1));
    assert_eq!(fleet::take(&world.store, "provider:1", second, LONG).await.unwrap(), Some(2), "a token of its own");
    assert_eq!(fleet::take(&world.store, "provider:1", first, LONG).await.unwrap(), None);
}

pub(crate) async fn what_another_took_is_not_kept(database: TestDatabase) {
    let world = World::new(database).await;
    let (first, second) = (world.server("a", LONG).await, world.server("b", LONG).await);
    let mut held = BTreeMap::new();
    for what in ["provider:1", "provider:2"] {
        held.insert(what.to_owned(), fleet::take(&world.store, what, first, NONE).await.unwrap().unwrap());
    }
    fleet::take(&world.store, "provider:2", second, NONE).await.unwrap().unwrap();
    let kept = fleet::keep(&world.store, first, &held, LONG).await.unwrap();
    assert_eq!(kept.into_iter().collect::<Vec<_>>(), [("provider:1".to_owned(), 1)]);
    // Taken by another and back again: it is another holding than the one that was lost.
    assert_eq!(fleet::take(&world.store, "provider:2", first, LONG).await.unwrap(), Some(3));
    let kept = fleet::keep(&world.store, first, &held, LONG).await.unwrap();
    assert!(!kept.contains_key("provider:2"), "{kept:?}");
    fleet::release(&world.store, "provider:1", second, 1).await.unwrap();
    assert_eq!(fleet::take(&world.store, "provider:1", second, LONG).await.unwrap(), None, "not its to give back");
    fleet::release(&world.store, "provider:1", first, 1).await.unwrap();
    assert_eq!(fleet::take(&world.store, "provider:1", second, LONG).await.unwrap(), Some(2));
}
