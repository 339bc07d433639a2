//! Log lines: whose they are can be told from each, and a wrong filter is told at once.

use serde_json::{Value, json};
use stocktake_testkit::TestDatabase;

use crate::running::Running;
use crate::shell::{Done, Shell};

pub(crate) async fn each_line_tells_whose_it_is(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let server = Running::start(&shell, &[]);
    let ended = server.wait_for("run ended");
    let run = shell.json(&["runs"])[0]["id"].clone();
    let spans: Vec<_> = ended["spans"].as_array().unwrap().iter().map(|span| span["name"].clone()).collect();
    assert_eq!(spans, [json!("worker"), json!("job"), json!("run")], "{ended}");
    let [worker, job, of_run] = [0, 1, 2].map(|at| &ended["spans"][at]);
    assert_eq!((&worker["kind"], &worker["provider"]), (&json!("refresh"), &json!("cloud1")));
    assert_eq!((&job["kind"], &of_run["id"]), (&json!("refresh_provider"), &run));
    let known = shell.json(&["workers", "--all"]);
    let known: Vec<_> = known.as_array().unwrap().iter().map(|worker| worker["id"].clone()).collect();
    assert!(known.contains(&worker["id"]), "{worker} is none of {known:?}");

    let (status, lines) = server.stop();
    assert!(status.success(), "{status}");
    for line in lines {
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let of_server = line["target"].as_str().is_some_and(|target| target.starts_with("stocktake_supervisor"));
        let tagged = line["spans"][0]["name"] == "worker" && line["spans"][0]["id"].is_string();
        assert!(of_server || tagged, "nobody's line: {line}");
    }
}

pub(crate) async fn a_wrong_filter_stops_the_start(database: TestDatabase) {
    let shell = Shell::new(database).await;
    let file = shell.home.path().join("settings.toml");
    std::fs::write(&file, "[log]\n\nfilter = \"inof\"\n").unwrap();
    let said = shell.run(&["server", "--config", "settings.toml"]).failed(2);
    assert!(said.contains("settings.toml, line 3: log.filter: 'inof' is no level"), "{said}");
    let by_variable = shell.command(&["worker", "generic"]).env("STOCKTAKE_LOG", "stocktake=loud").output().unwrap();
    let said = Done::of(by_variable).err;
    assert!(said.contains("variable STOCKTAKE_LOG: log.filter: 'stocktake=loud' is no filter"), "{said}");
}
