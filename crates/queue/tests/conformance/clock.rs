//! Hosts disagree about the time; the database's clock alone counts.

use std::time::Duration;

use stocktake_queue::{Beat, Queue, Tended};
use stocktake_store::Store;
use stocktake_testkit::TestDatabase;

use super::support::{LONG, World, claim, ids, job};

/// The database's clock runs hours before or behind this host's, as it would if the hosts' clocks were wrong by so much,
/// and everything works as if it did not. SQLite's clock is its host's: only one host has it.
pub(crate) async fn leases_are_judged_by_the_databases_clock(database: TestDatabase) {
    let hours: &[i64] = if database.url.starts_with("postgres") { &[0, 5, -5] } else { &[0] };
    for hours in hours {
        if *hours != 0 {
            shift(&database.store().await, *hours).await;
        }
        let store = database.store().await;
        let queue = Queue::new(store.clone());
        let now = store.query_one("select extract(epoch from now())::bigint", &[]).await;
        if let Ok(row) = now {
            let host = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
            let apart = row.get::<i64>(0).unwrap() - host;
            assert!((apart - hours * 3600).abs() < 60, "the clock was not moved: {apart}");
        }
        holds(&queue).await;
    }
    holds(&World::new(database).await.queue).await;
}

async fn holds(queue: &Queue) {
    let asks = claim(&["work"], 9, LONG);
    let id = queue.put(&job()).await.unwrap();
    let later = queue.put(&job().delay(Duration::from_mins(30))).await.unwrap();
    let taken = queue.claim(&asks).await.unwrap();
    assert_eq!(ids(&taken), [id], "what is due is due, what is not is not");
    assert!(taken[0].waited < Duration::from_mins(1));
    assert_eq!(queue.take_back_lost().await.unwrap(), Tended::default(), "nobody takes back what is held");
    assert_eq!(queue.beat(&taken[0], LONG).await.unwrap(), Beat::Held);
    let brief = claim(&["work"], 1, Duration::from_millis(1));
    queue.hand_back(&taken[0], "again").await.unwrap();
    let held = queue.claim(&brief).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(queue.take_back_lost().await.unwrap().taken_back, 1, "what has run out has run out");
    assert!(queue.done(&held[0], None).await.unwrap_err().is_lost());
    let due = queue.next_due(&["work".to_owned()]).await.unwrap().unwrap();
    assert!(due > Duration::from_mins(29) && due <= Duration::from_mins(30), "{due:?}");
    queue.cancel(later).await.unwrap();
    queue.cancel(id).await.unwrap();
}

/// From here on new connections find another `now()` first.
async fn shift(store: &Store, hours: i64) {
    let function = format!(
        "create or replace function skewed.now() returns timestamptz language sql stable \
         as 'select pg_catalog.now() + interval ''{hours} hours'''"
    );
    store.execute("create schema if not exists skewed", &[]).await.unwrap();
    store.execute(&function, &[]).await.unwrap();
    let name: String = store.query_one("select current_database()", &[]).await.unwrap().get(0).unwrap();
    let path = format!("alter database {name} set search_path = skewed, pg_catalog, public");
    store.execute(&path, &[]).await.unwrap();
}
