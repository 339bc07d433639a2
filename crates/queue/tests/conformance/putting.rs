use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use stocktake_queue::{Debounce, JobId, Lane, Merge, NewJob, Priority, Put, QueueError, ROW, State};
use stocktake_store::{Durability, Statement, params};
use stocktake_testkit::TestDatabase;

use super::support::{World, ids, job, number, numbered};

fn keyed() -> NewJob {
    job().merge_key("refresh:1")
}

pub(crate) async fn a_job_comes_out_as_it_went_in(database: TestDatabase) {
    let world = World::new(database).await;
    let payload = json!({"text": "it's \"so\" $1 ä \u{1F980} \n", "n": [1, 2.5, null, true], "o": {}});
    let new = NewJob::new("a_kind", Lane::exclusive("lane of 'one'"))
        .payload(payload.clone())
        .priority(Priority(-7))
        .max_attempts(3)
        .merge_key("key")
        .expires_in(Duration::from_hours(1))
        .trace_context("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let many = world.queue.put_all(&[new.clone().merge_key("k2"), NewJob::new("b", Lane::shared("l"))]).await.unwrap();
    let id = world.put(new.clone()).await;
    for id in [id, many[0]] {
        let found = world.get(id).await;
        assert_eq!((found.kind.as_str(), found.lane.as_str(), found.exclusive), ("a_kind", "lane of 'one'", true));
        assert_eq!((found.state, found.priority, found.attempts, found.max_attempts), (State::Waiting, Priority(-7), 0, 3));
        assert_eq!((&found.payload, &found.trace_context), (&payload, &new.trace_context));
        assert_eq!(found.expires_on.unwrap() - found.created_on, 3_600_000_000);
        assert_eq!((found.run_after, found.merged, found.owner), (found.created_on, 0, None));
    }
    let plain = world.get(many[1]).await;
    assert_eq!((plain.expires_on, plain.merge_key, plain.trace_context), (None, None, None));
    let claimed = world.take(&["lane of 'one'"], 1).await.remove(0);
    assert_eq!((claimed.kind.as_str(), &claimed.payload, claimed.attempt), ("a_kind", &payload, 1));
    assert_eq!((claimed.trace_context, claimed.priority, claimed.exclusive), (new.trace_context, Priority(-7), true));
}

pub(crate) async fn many_are_put_in_order_or_not_at_all(database: TestDatabase) {
    let world = World::new(database).await;
    assert!(world.queue.put_all(&[]).await.unwrap().is_empty());
    let put = world.queue.put_all(&(0..250).map(numbered).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(put.len(), 250);
    assert!(put.is_sorted());
    let claimed = world.take(&["work"], 1000).await;
    assert_eq!(ids(&claimed), put);
    assert_eq!(claimed.iter().map(|j| number(&j.payload)).collect::<Vec<_>>(), (0..250).collect::<Vec<_>>());
    let error = world.queue.put_all(&[job(), keyed(), keyed()]).await.unwrap_err();
    assert!(matches!(error, QueueError::Waiting), "{error:?}");
    assert_eq!(world.count("select count(*) from jobs where state = 'waiting'").await, 0, "all or none");
}

pub(crate) async fn a_second_waiting_job_of_a_key_is_refused(database: TestDatabase) {
    let world = World::new(database).await;
    world.put(keyed()).await;
    let error = world.queue.put(&keyed()).await.unwrap_err();
    assert!(matches!(error, QueueError::Waiting), "{error:?}");
    world.put(job().merge_key("refresh:2")).await;
}

pub(crate) async fn one_waits_however_many_ask(database: TestDatabase) {
    let world = World::new(database).await;
    let queues = join_all((0..8).map(|_| world.neighbour())).await;
    for _ in 0..10 {
        let asked = queues.iter().flat_map(|queue| (0..4).map(move |_| queue)).map(|queue| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.put_unless_waiting(&keyed()).await.unwrap() })
        });
        let answers: Vec<Put> = join_all(asked.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
        let new: Vec<_> = answers.iter().filter(|put| matches!(put, Put::New(_))).collect();
        assert_eq!(new.len(), 1, "{answers:?}");
        assert!(answers.iter().all(|put| put.id() == new[0].id()), "{answers:?}");
        assert_eq!(ids(&world.take(&["work"], 9).await), [new[0].id()]);
    }
}

pub(crate) async fn a_running_job_does_not_stand_for_a_new_wish(database: TestDatabase) {
    let world = World::new(database).await;
    let first = world.queue.put_unless_waiting(&keyed()).await.unwrap();
    let running = world.next().await;
    let second = world.queue.put_unless_waiting(&keyed()).await.unwrap();
    assert!(first == Put::New(running.id) && matches!(second, Put::New(id) if id != running.id), "{second:?}");
    world.queue.fail(&running, "no").await.unwrap();
    assert_eq!(world.queue.put_unless_waiting(&keyed()).await.unwrap(), Put::Waiting(second.id()));
    assert_eq!(world.take(&["work"], 9).await.len(), 2, "the failed one keeps apart");
}

pub(crate) async fn payloads_merge_into_the_one_that_waits(database: TestDatabase) {
    let world = World::new(database).await;
    let with = |targets: &[&str]| keyed().payload(json!({"targets": targets, "by": targets[0]}));
    let union = Merge::UnionOf("targets");
    let soon = with(&["a", "b"]).priority(Priority::LOW).delay(Duration::from_mins(5)).expires_in(Duration::from_mins(6));
    let first = world.queue.put_and_merge(&soon, &union).await.unwrap();
    let expires = Duration::from_hours(1);
    let sooner = with(&["b", "c"]).delay(Duration::from_mins(1)).expires_in(expires);
    assert_eq!(world.queue.put_and_merge(&sooner, &union).await.unwrap(), Put::Waiting(first.id()));
    let merged = world.get(first.id()).await;
    assert_eq!(merged.payload, json!({"targets": ["a", "b", "c"], "by": "a"}));
    assert_eq!((merged.priority, merged.merged), (Priority::NORMAL, 1));
    assert!((55_000_000..=65_000_000).contains(&(merged.run_after - merged.created_on)), "{merged:?}");
    assert!(merged.expires_on.unwrap() - merged.created_on >= 3_600_000_000, "{merged:?}");
    let later = with(&["z"]).priority(Priority::LOW).delay(Duration::from_mins(9));
    world.queue.put_and_merge(&later, &Merge::Replace).await.unwrap();
    let merged_again = world.get(first.id()).await;
    assert_eq!(merged_again.payload, json!({"targets": ["z"], "by": "z"}));
    assert_eq!((merged_again.priority, merged_again.run_after), (Priority::NORMAL, merged.run_after));
    assert_eq!(merged_again.expires_on, None, "one of the wishes never expires");
    world.queue.put_and_merge(&with(&["y"]), &Merge::Keep).await.unwrap();
    assert_eq!(world.get(first.id()).await.payload, json!({"targets": ["z"], "by": "z"}));
    let other = world.queue.put_and_merge(&with(&["y"]).merge_key("refresh:2"), &union).await.unwrap();
    assert!(matches!(other, Put::New(_)));
}

/// Workers claim while many merge: every target is in exactly one job that was claimed after it had been asked for.
pub(crate) async fn no_wish_is_lost_in_merging(database: TestDatabase) {
    const ASKERS: usize = 8;
    const EACH: usize = 25;
    let world = World::new(database).await;
    let mut askers = Vec::new();
    for asker in 0..ASKERS {
        let queue = world.neighbour().await;
        askers.push(tokio::spawn(async move {
            for n in 0..EACH {
                let wish = keyed().payload(json!({"targets": [asker * EACH + n]}));
                queue.put_and_merge(&wish, &Merge::UnionOf("targets")).await.unwrap();
            }
        }));
    }
    let mut served = Vec::new();
    loop {
        let over = askers.iter().all(tokio::task::JoinHandle::is_finished);
        let claimed = world.take(&["work"], 1).await;
        for job in &claimed {
            let targets = job.payload["targets"].as_array().unwrap();
            served.extend(targets.iter().map(|n| n.as_u64().unwrap() as usize));
            world.queue.done(job, None).await.unwrap();
        }
        if over && claimed.is_empty() {
            break;
        }
    }
    for asker in askers {
        asker.await.unwrap();
    }
    served.sort_unstable();
    assert_eq!(served, (0..ASKERS * EACH).collect::<Vec<_>>());
}

pub(crate) async fn bursts_are_debounced_but_not_for_ever(database: TestDatabase) {
    let world = World::new(database).await;
    let debounce =
        |quiet: u64, at_most: u64| Debounce { quiet: Duration::from_secs(quiet), at_most: Duration::from_secs(at_most) };
    let first = world.queue.put_debounced(&keyed(), debounce(60, 300)).await.unwrap();
    let Put::New(id) = first else { panic!("{first:?}") };
    let start = world.get(id).await;
    assert_eq!(start.run_after - start.created_on, 60_000_000);
    assert_eq!(world.queue.put_debounced(&keyed(), debounce(100, 300)).await.unwrap(), Put::Waiting(id));
    let moved = world.get(id).await;
    assert!(moved.run_after - start.run_after >= 40_000_000, "later by the burst");
    assert_eq!(world.queue.put_debounced(&keyed(), debounce(1000, 300)).await.unwrap(), Put::Waiting(id));
    let last = world.get(id).await;
    assert_eq!((last.run_after - last.created_on, last.merged), (300_000_000, 2), "but not for ever");
    assert!(world.take(&["work"], 1).await.is_empty());
}

pub(crate) async fn who_waits_is_not_put_off_by_what_is_less_urgent(database: TestDatabase) {
    let world = World::new(database).await;
    let at_once = Debounce { quiet: Duration::ZERO, at_most: Duration::ZERO };
    let late = Debounce { quiet: Duration::from_mins(1), at_most: Duration::from_mins(5) };
    let urgent = || keyed().priority(Priority::HIGH);
    let first = world.queue.put_debounced(&urgent(), at_once).await.unwrap();
    assert_eq!(world.queue.put_debounced(&keyed(), late).await.unwrap(), Put::Waiting(first.id()));
    let job = world.next().await;
    assert_eq!(job.id, first.id(), "it is due still");
    world.queue.done(&job, None).await.unwrap();
    // The other way round: what waits becomes urgent, and stays so.
    let second = world.queue.put_debounced(&keyed(), late).await.unwrap();
    assert!(world.take(&["work"], 1).await.is_empty());
    assert_eq!(world.queue.put_debounced(&urgent(), at_once).await.unwrap(), Put::Waiting(second.id()));
    assert_eq!(world.queue.put_debounced(&keyed(), late).await.unwrap(), Put::Waiting(second.id()));
    let record = world.get(second.id()).await;
    assert_eq!((record.priority, record.run_after, record.merged), (Priority::HIGH, record.created_on, 2));
    assert_eq!(world.next().await.id, second.id());
}

pub(crate) async fn a_job_is_put_by_the_callers_transaction_or_not_at_all(database: TestDatabase) {
    let world = World::new(database).await;
    let queue = &world.queue;
    let other = || Statement::new("insert into settings (name, value) values ($1, $2)", params!["with a job", "1"]);
    queue.store().batch(&[other(), queue.statement(&job())]).await.unwrap();
    let failed = queue.store().batch(&[queue.statement(&job()), other()]).await;
    assert!(failed.is_err());
    let debounce = Debounce { quiet: Duration::ZERO, at_most: Duration::ZERO };
    let more = [
        queue.statement_unless_waiting(&keyed()),
        queue.statement_unless_waiting(&keyed()),
        queue.statement_debounced(&keyed(), debounce),
    ];
    assert_eq!(queue.store().batch(&more).await.unwrap(), [1, 0, 1]);
    let claimed = world.take(&["work"], 9).await;
    assert_eq!(claimed.len(), 2, "{claimed:?}");
    assert!(claimed.iter().all(|job| job.id > JobId(0)));
}

pub(crate) async fn a_job_names_the_row_it_was_put_with(database: TestDatabase) {
    let world = World::new(database).await;
    let queue = &world.queue;
    let row = |name: &str| Statement::new("insert into providers (name, type) values ($1, 'none')", params![name]);
    let about = job().payload(json!({"row": ROW, "text": "$rows"}));
    for name in ["one", "two"] {
        let statements = [row(name), queue.statement_about(&about, "providers")];
        queue.store().transact(&statements, Durability::Full).await.unwrap();
    }
    let rows = queue.store().query("select id from providers order by id", &[]).await.unwrap();
    let ids: Vec<i64> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    let payloads: Vec<_> = world.take(&["work"], 9).await.into_iter().map(|job| job.payload).collect();
    assert_eq!(payloads, [json!({"row": ids[0], "text": "$rows"}), json!({"row": ids[1], "text": "$rows"})]);
}
