//! Requests under concurrency: who serves them and who asks anew must not wait for each other.
#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use stocktake_model::Target;
use stocktake_queue::{JobId, Queue};
use stocktake_refresh::requests::{self, AT_ONCE, Ask, Attempt};
use stocktake_store::{Kind, ProviderId, Store, params};
use stocktake_testkit::TestDatabase;

const ATTEMPT: Attempt = Attempt { job: JobId(1), token: 1 };

fn vm(name: &str) -> [Ask; 1] {
    [Ask::Target(Target::one("vms", name))]
}

/// Until somebody waits for a row. SQLite has one writer, and who waits for it holds nothing.
async fn somebody_waits(store: &Store) {
    let sql = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    let start = Instant::now();
    while store.kind() == Kind::Postgres && store.query_one(sql, &[]).await.unwrap().get::<i64>(0).unwrap() == 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "nobody waits");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn rows_are_met_in_one_order(database: TestDatabase) {
    let (store, other) = (database.store().await, database.store().await);
    let row = store.query_one("insert into providers (name, type) values ('cloud', 'none') returning id", &params![]).await;
    let provider: ProviderId = row.unwrap().get(0).unwrap();
    let queue = Queue::new(store.clone());
    // Their ids run against the order in which they are asked for together.
    for name in ["b", "a"] {
        requests::ask(&queue, provider, &vm(name), "test", AT_ONCE).await.unwrap();
    }
    for give_back in [false, true] {
        let claimed = requests::claim(&store, provider, ATTEMPT).await.unwrap();
        let mut asking = store.begin().await.unwrap();
        let [first, _] = requests::statements(&queue, provider, &vm("a"), "test", AT_ONCE);
        asking.execute(&first.sql, &first.params).await.unwrap();
        let other = other.clone();
        let serving = tokio::spawn(async move {
            if give_back {
                return requests::release(&other, ATTEMPT).await;
            }
            let ids = claimed.iter().map(|asked| asked.id).collect();
            other.batch(&[requests::served(other.kind(), ATTEMPT, ids)]).await.map(|rows| rows[0])
        });
        somebody_waits(&database.store().await).await;
        let [second, _] = requests::statements(&queue, provider, &vm("b"), "test", AT_ONCE);
        asking.execute(&second.sql, &second.params).await.expect("who asks is not given up");
        asking.commit().await.unwrap();
        let met = serving.await.unwrap().expect("nor is who serves");
        assert_eq!(met, if give_back { 2 } else { 0 }, "what was asked for again stays");
    }
}

stocktake_testkit::on_both!(rows_are_met_in_one_order);
