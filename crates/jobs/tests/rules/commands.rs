//! Commands with real processes.

use std::time::{Duration, Instant};

use stocktake_queue::State;
use stocktake_testkit::TestDatabase;

use crate::support::{House, chmod, deleted};

/// A rule that runs this script with these arguments.
async fn house(database: TestDatabase, script: &str, arguments: &str, timeout: &str) -> House {
    let scripts = tempfile::tempdir().unwrap();
    let path = scripts.path().join("script");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    chmod(&path, 0o755);
    let rules = format!(
        "[[rule]]\nname = 'run'\nwhen = 'true'\ncommand = {{ run = ['{}'{arguments}], timeout = '{timeout}' }}",
        path.display()
    );
    let house = House::new(database, &rules).await;
    // It must outlive the job.
    std::mem::forget(scripts);
    house
}

pub(crate) async fn a_command_is_told_the_event_and_little_else(database: TestDatabase) {
    let script = r#"echo "$1|$2|$STOCKTAKE_EVENT_TYPE|$STOCKTAKE_PROVIDER|$STOCKTAKE_RULE|$STOCKTAKE_ATTEMPT|${CARGO_MANIFEST_DIR:-none}"
cat
pwd >&2"#;
    let arguments = r#", '--name', '${event.payload.state}; $(id) `id` "x"'"#;
    let house = house(database, script, arguments, "30s").await;
    house.deleted("k1").await;
    let job = house.works_until("run_command", State::Done).await;
    let result = job.result.expect("what it said");
    let output = result["output"].as_str().unwrap();
    let (first, told) = output.split_once('\n').unwrap();
    // Nobody but the program reads an argument, and our own environment stays ours.
    let expected = r#"--name|deleted; $(id) `id` "x"|compute.instance.delete.end|cloud1|run|1|none"#;
    assert_eq!(first, expected);
    let told: serde_json::Value = serde_json::from_str(told).unwrap();
    assert_eq!(told["event"]["payload"], deleted()["payload"]);
    assert_eq!(result["errors"], "/\n");
}

pub(crate) async fn a_command_that_fails_is_tried_again_and_parked_with_what_it_said(database: TestDatabase) {
    let script = "echo out of luck >&2\nhead -c 20000 /dev/zero | tr '\\0' x\nexit 3";
    let house = house(database, script, "", "30s").await;
    house.deleted("k1").await;
    let job = house.works_until("run_command", State::Parked).await;
    assert_eq!(job.attempts, 5);
    let error = job.error.expect("why");
    assert!(error.contains("ended with 3\nout of luck"), "{error}");
    assert!(error.contains("(cut)") && error.len() < 12_000, "{} bytes", error.len());
    let gone = house_without_program().await;
    assert_eq!(gone.1, 1, "{}", gone.0);
    assert!(gone.0.contains("/no/such/program cannot be started"), "{}", gone.0);
}

async fn house_without_program() -> (String, i64) {
    let rules = "[[rule]]\nname = 'run'\nwhen = 'true'\ncommand = ['/no/such/program']";
    let house = House::new(stocktake_testkit::sqlite().await, rules).await;
    house.deleted("k1").await;
    let job = house.works_until("run_command", State::Parked).await;
    (job.error.unwrap_or_default(), job.attempts)
}

pub(crate) async fn a_command_that_takes_too_long_is_killed_with_its_children(database: TestDatabase) {
    // The child is told of by its number; both would sleep far longer than the test lasts.
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("child");
    let script = format!("sleep 600 &\necho $! > {0}.new\nmv {0}.new {0}\nsleep 600", told.display());
    let house = house(database, &script, "", "1s").await;
    house.deleted("k1").await;
    let job = house.works_while("run_command", |job| job.attempts > 0 && job.error.is_some()).await;
    assert!(
        job.error.as_deref().is_some_and(|error| error.contains("had not ended after 1s and was killed")),
        "{:?}",
        job.error
    );
    let child = std::fs::read_to_string(&told).expect("the child was started").trim().to_owned();
    let began = Instant::now();
    // A zombie that nobody has fetched yet is as dead.
    while std::fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(began.elapsed() < Duration::from_secs(20), "process {child} lives");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
