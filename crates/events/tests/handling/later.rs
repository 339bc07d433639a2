use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use stocktake_events::LANE;
use stocktake_refresh::later::{self, Later, ask_due};
use stocktake_testkit::TestDatabase;

use super::support::{DEBOUNCE, World, raw, until};

const TWO: Duration = Duration::from_secs(2);

fn settles(key: &str, vm: &str) -> stocktake_provider::RawEvent {
    raw(key, json!({"type": "vm.settles", "id": vm}))
}

async fn due(world: &World, wait: Duration) -> Later {
    ask_due(&world.queue, world.provider, wait, DEBOUNCE).await.unwrap()
}

pub(crate) async fn what_settles_late_is_asked_for_again(database: TestDatabase) {
    let world = World::new(database).await;
    world.handle(&[settles("1", "a"), settles("2", "b"), settles("3", "a")]).await;
    assert_eq!(world.count("refresh_later").await, 4, "two objects, two waits");
    assert_eq!(due(&world, TWO).await, Later { asked: 0, more: true });
    world.store.execute("delete from refresh_targets", &[]).await.unwrap();
    world.age("refresh_later", "due_on", 2_000_000).await;
    assert_eq!(due(&world, TWO).await, Later { asked: 2, more: false });
    assert_eq!(world.asked().await, ["vms=a 1", "vms=b 1"]);
    assert_eq!(world.count("refresh_targets where trigger_by = 'look_again'").await, 2);
    assert_eq!(world.count("jobs where kind = 'refresh_provider' and state = 'waiting'").await, 1);
    assert_eq!(due(&world, Duration::from_secs(10)).await, Later { asked: 0, more: true });
    assert_eq!(due(&world, TWO).await, Later::default());
}

pub(crate) async fn waits_are_counted_from_the_last_event(database: TestDatabase) {
    let world = World::new(database).await;
    world.handle(&[settles("1", "a"), settles("2", "b")]).await;
    world.age("refresh_later", "due_on", 2_000_000).await;
    world.handle(&[settles("3", "a")]).await;
    assert_eq!(due(&world, TWO).await, Later { asked: 1, more: true }, "b alone");
    assert_eq!(world.count("refresh_later where wait_millis = 2000 and ref = 'a'").await, 1);
}

pub(crate) async fn one_job_waits_for_each_wait(database: TestDatabase) {
    let world = World::new(database).await;
    for n in 0..20 {
        world.handle(&[settles(&n.to_string(), &format!("vm-{n}"))]).await;
    }
    assert_eq!(world.count("jobs where kind = 'refresh_later' and state = 'waiting'").await, 2);
    // Whatever came later, the first falls due in its time.
    let sql = "select run_after, created_on from jobs where merge_key = $1";
    let key = later::merge_key(world.provider, TWO);
    let row = world.store.query_one(sql, &[key.as_str().into()]).await.unwrap();
    assert_eq!(row.get::<i64>(0).unwrap() - row.get::<i64>(1).unwrap(), 2_000_000);
    // A job that finds others put off puts one for them, and not one for each of them.
    world.age("refresh_later", "due_on", 2_000_000).await;
    world.age("jobs", "run_after", 2_000_000).await;
    let job = world.claim(LANE).await.expect("due");
    world.handle(&[settles("last", "last")]).await;
    assert_eq!(due(&world, TWO).await, Later { asked: 20, more: true });
    world.queue.done(&job, None).await.unwrap();
    assert_eq!(world.count("jobs where kind = 'refresh_later' and state = 'waiting'").await, 2);
}

/// Handlers write rows while jobs ask for them: whenever both rest, every row was asked for, or has a job that will.
pub(crate) async fn no_row_is_left_without_a_job(database: TestDatabase) {
    const HANDLERS: usize = 4;
    const EACH: usize = 30;
    let world = Arc::new(World::new(database).await);
    let over = Arc::new(AtomicBool::new(false));
    let mut handlers = Vec::new();
    for hand in 0..HANDLERS {
        let (handler, world) = (world.neighbour().await, Arc::clone(&world));
        handlers.push(tokio::spawn(async move {
            for n in 0..EACH {
                let batch = world.batch(&[settles(&format!("{hand}-{n}"), &format!("vm-{hand}-{n}"))]).await;
                handler.handle(batch).await.unwrap().expect("handled");
            }
        }));
    }
    // The clock is turned for all rows and jobs, so that everything is due at once.
    let clock = {
        let (world, over) = (Arc::clone(&world), Arc::clone(&over));
        tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                turn(&world).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
    };
    let mut workers = Vec::new();
    for _ in 0..2 {
        let (world, over) = (Arc::clone(&world), Arc::clone(&over));
        workers.push(tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                let Some(job) = world.claim(LANE).await else {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    continue;
                };
                let wait = Duration::from_millis(job.payload["wait_millis"].as_u64().unwrap());
                match ask_due(&world.queue, world.provider, wait, DEBOUNCE).await {
                    Ok(_) => world.queue.done(&job, None).await.unwrap(),
                    Err(error) if error.is_transient() => drop(world.queue.fail(&job, "again").await.unwrap()),
                    Err(error) => panic!("{error:?}"),
                }
            }
        }));
    }
    for handler in handlers {
        handler.await.unwrap();
    }
    until("nothing is left to look at again", || async { world.count("refresh_later").await == 0 }).await;
    over.store(true, Ordering::SeqCst);
    clock.await.unwrap();
    for worker in workers {
        worker.await.unwrap();
    }
    // Once by its event, and once or more by looking again after each wait.
    assert_eq!(world.count("refresh_targets where asked >= 3").await, (HANDLERS * EACH) as i64);
}

/// Only rows that nobody works on, and in everybody's order: a clock holds up no one.
async fn turn(world: &World) {
    let (far, skip) = match world.store.kind() {
        stocktake_store::Kind::Postgres => ("now() - interval '1 second'", " for update skip locked"),
        stocktake_store::Kind::Sqlite => ("now() - 1000000", ""),
    };
    let rows = format!(
        "update refresh_later set due_on = {far} where (wait_millis, collection, ref) in \
         (select wait_millis, collection, ref from refresh_later where due_on > now(){skip})"
    );
    let jobs = format!(
        "update jobs set run_after = {far} where id in (select id from jobs where kind = 'refresh_later' \
         and state in ('waiting', 'retrying') and run_after > now(){skip})"
    );
    for sql in [rows, jobs] {
        world.store.execute(&sql, &[]).await.unwrap();
    }
}
