use std::time::Duration;

use serde_json::json;
use stocktake_queue::{Claim, Lane, NewJob, Queue};
use stocktake_testkit::TestDatabase;

use crate::shell::Shell;

/// A parked job with a chain of causes, one that waits, one that runs.
pub(crate) async fn jobs_are_seen_retried_and_cancelled(database: TestDatabase) {
    let queue = Queue::new(database.store().await);
    let shell = Shell::new(database).await;
    assert!(shell.json(&["queue", "ls"]).as_array().unwrap().is_empty());
    let job = |kind: &str, lane: &str| NewJob::new(kind, Lane::shared(lane)).payload(json!({"provider": 7}));
    let claim = |lane: &str| Claim {
        lanes: vec![lane.to_owned()],
        owner: "worker-1@here".to_owned(),
        ttl: Duration::from_mins(5),
        limit: 1,
    };
    let parked = queue.put(&job("remove_provider", "bulk").max_attempts(1)).await.unwrap();
    let taken = queue.claim(&claim("bulk")).await.unwrap().remove(0);
    queue.fail(&taken, "cannot remove cloud1\ndelete rows of vms\nthe disk is full").await.unwrap();
    let running = queue.put(&job("purge", "bulk")).await.unwrap();
    let taken = queue.claim(&claim("bulk")).await.unwrap().remove(0);
    let waiting = queue.put(&job("check_credentials", "generic").delay(Duration::from_hours(2))).await.unwrap();
    let [parked, running, waiting] = [parked, running, waiting].map(|id| id.to_string());

    let listed = shell.run(&["queue", "ls"]).ok();
    for words in ["remove_provider", "parked", "1 of 1", "cannot remove cloud1", "in 1 h", "running"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }
    assert!(!listed.contains("the disk is full"), "the first line of an error only: {listed}");
    let ids = |words: &[&str]| -> Vec<i64> {
        let jobs = shell.json(words);
        jobs.as_array().unwrap().iter().map(|job| job["id"].as_i64().unwrap()).collect()
    };
    let numbers = |ids: &[&String]| -> Vec<i64> { ids.iter().map(|id| id.parse().unwrap()).collect() };
    assert_eq!(ids(&["queue", "ls"]), numbers(&[&waiting, &running, &parked]));
    assert_eq!(ids(&["queue", "ls", "--state", "parked", "--state", "done"]), numbers(&[&parked]));
    assert_eq!(ids(&["queue", "ls", "--lane", "bulk", "--state", "open"]), numbers(&[&running, &parked]));
    assert_eq!(ids(&["queue", "ls", "--kind", "purge"]), numbers(&[&running]));
    assert_eq!(ids(&["queue", "ls", "-n", "1"]), numbers(&[&waiting]));

    let shown = shell.run(&["queue", "show", &parked]).ok();
    for words in ["delete rows of vms", "the disk is full", "\"provider\": 7", "last run by", "worker-1@here"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(shell.run(&["queue", "show", &running]).ok().contains("lease until"));
    assert_eq!(shell.json(&["queue", "show", &parked])["state"], "parked");
    assert!(shell.run(&["queue", "show", &parked, "-o", "yaml"]).ok().contains("state: parked"));

    let retried = shell.run(&["queue", "retry", &parked, &waiting]);
    assert_eq!(retried.code, 3, "done in part: {}{}", retried.out, retried.err);
    assert!(retried.err.contains(&format!("job {waiting} is waiting: it will be run as soon as")), "{}", retried.err);
    assert_eq!(shell.json(&["queue", "show", &parked])["state"], "waiting");
    shell.run(&["queue", "cancel", &parked, &running, &waiting, "--quiet"]).ok();
    assert_eq!(queue.beat(&taken, Duration::from_mins(5)).await.unwrap(), stocktake_queue::Beat::Cancel);
    let states: Vec<_> = [&parked, &running, &waiting].map(|id| shell.json(&["queue", "show", id])["state"].clone()).into();
    assert_eq!(states, ["cancelled", "running", "cancelled"]);
    let error = shell.run(&["queue", "cancel", "4711"]).failed(1);
    assert_eq!(error, "error: job 4711 does not exist; `stocktake queue ls` shows those that do\n");
    assert!(shell.run(&["queue", "show", "4711"]).failed(1).contains("does not exist"));
    shell.run(&["queue", "retry"]).failed(2);
}
