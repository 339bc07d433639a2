use stocktake_store::fleet;
use stocktake_store::{Statement, params};
use stocktake_testkit::TestDatabase;

use super::support::World;

const HOUR: i64 = 3_600_000_000;

pub(crate) async fn a_first_tick_is_worked_out_and_starts_nothing(database: TestDatabase) {
    let world = World::new(database).await;
    let store = &world.store;
    fleet::set_schedule(store, "purge", None, "1h").await.unwrap();
    fleet::set_schedule(store, "never", None, "off").await.unwrap();
    let due = fleet::due(store).await.unwrap();
    assert_eq!(due.iter().map(|d| (d.name.as_str(), d.next_on)).collect::<Vec<_>>(), [("purge", None)]);
    let mark = [Statement::new("insert into settings (name, value) values ('started', 'x')", [])];
    assert!(fleet::take_tick(store, &due[0], Some(due[0].now + HOUR), &mark).await.unwrap());
    assert!(!fleet::take_tick(store, &due[0], Some(due[0].now + HOUR), &mark).await.unwrap(), "it is worked out");
    assert!(store.query("select * from settings where name = 'started'", &[]).await.unwrap().is_empty());
    assert!(fleet::due(store).await.unwrap().is_empty());
}

pub(crate) async fn a_tick_is_taken_once(database: TestDatabase) {
    let world = World::new(database).await;
    let store = &world.store;
    fleet::set_schedule(store, "refresh:1", None, "1h").await.unwrap();
    let first = fleet::due(store).await.unwrap().remove(0);
    assert!(fleet::take_tick(store, &first, Some(first.now - HOUR), &[]).await.unwrap());
    let due = fleet::due(store).await.unwrap().remove(0);
    let mut tries = Vec::new();
    for n in 0..8 {
        let (store, due) = (store.clone(), due.clone());
        let name = format!("start {n}");
        tries.push(tokio::spawn(async move {
            let start = Statement::new("insert into settings (name, value) values ($1, 'x')", params![name]);
            fleet::take_tick(&store, &due, Some(due.now + HOUR), &[start]).await.unwrap()
        }));
    }
    let mut taken = 0;
    for attempt in tries {
        taken += usize::from(attempt.await.unwrap());
    }
    assert_eq!(taken, 1);
    let started = store.query("select name from settings where name like 'start %'", &[]).await.unwrap();
    assert_eq!(started.len(), 1, "the tick and what it starts are one");
    let record = fleet::schedules(store).await.unwrap().remove(0);
    assert!(record.last_on.is_some() && record.next_on == Some(due.now + HOUR));
}

pub(crate) async fn a_changed_schedule_is_worked_out_anew(database: TestDatabase) {
    let world = World::new(database).await;
    let store = &world.store;
    fleet::set_schedule(store, "purge", None, "1h").await.unwrap();
    let due = fleet::due(store).await.unwrap().remove(0);
    fleet::take_tick(store, &due, Some(due.now + HOUR), &[]).await.unwrap();
    fleet::set_schedule(store, "purge", None, "1h").await.unwrap();
    assert!(fleet::due(store).await.unwrap().is_empty(), "the same again changes nothing");
    fleet::set_schedule(store, "purge", None, "2h").await.unwrap();
    assert_eq!(fleet::due(store).await.unwrap().len(), 1);
    fleet::forget_schedule(store, "purge").await.unwrap();
    assert!(fleet::schedules(store).await.unwrap().is_empty());
}
