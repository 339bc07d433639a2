use serde_json::Value;
use stocktake_testkit::TestDatabase;

use crate::shell::{Done, Shell};

fn write(shell: &Shell, text: &str) {
    let folder = shell.home.path().join(".config/stocktake");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("stocktake.toml"), text).unwrap();
}

fn with(shell: &Shell, variable: &str, value: &str, words: &[&str]) -> Done {
    Done::of(shell.command(words).env(variable, value).output().unwrap())
}

fn said(done: Done, key: &str) -> (String, String) {
    let shown: Value = serde_json::from_str(&done.ok()).unwrap();
    let one = shown.as_array().unwrap().iter().find(|one| one["key"] == key).unwrap().clone();
    (one["value"].as_str().unwrap().to_owned(), one["source"].as_str().unwrap().to_owned())
}

pub(crate) async fn one_file_and_variables(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    const SHOW: [&str; 4] = ["doctor", "--settings", "-o", "json"];
    assert_eq!(said(shell.run(&SHOW), "refresh.schedule"), ("24h".to_owned(), "default".to_owned()));
    write(&shell, "[refresh]\nschedule = \"6h\"\n\n[server]\nzone = \"east\"\n");
    let (zone, source) = said(shell.run(&SHOW), "server.zone");
    assert!(zone == "east" && source.ends_with(".config/stocktake/stocktake.toml, line 5"), "{zone} {source}");
    let west = with(&shell, "STOCKTAKE__SERVER__ZONE", "west", &SHOW);
    assert_eq!(said(west, "server.zone"), ("west".to_owned(), "variable STOCKTAKE__SERVER__ZONE".to_owned()));
    assert!(shell.run(&["provider", "list"]).ok().contains("6h"));
    assert!(shell.run(&["doctor"]).ok().contains("stocktake.toml, 4 values said"));

    let url = "postgres://u:hidden@127.0.0.1:1/x";
    let shown = with(&shell, "STOCKTAKE_DATABASE", url, &["doctor", "--settings"]).ok();
    assert!(shown.contains("postgres://u:…@127.0.0.1:1/x") && !shown.contains("hidden"), "{shown}");
    let file = shell.home.path().join("from-file.db");
    std::fs::write(shell.home.path().join("other.toml"), format!("[database]\nurl = \"sqlite:{}\"\n", file.display()))
        .unwrap();
    let migrated = with(&shell, "STOCKTAKE_DATABASE", "", &["migrate", "--config", "other.toml"]);
    assert_eq!(migrated.code, 0, "{}", migrated.err);
    assert!(file.exists(), "the database is the one that the file names");

    let as_file = shell.run(&["doctor", "--settings", "-o", "toml"]).ok();
    std::fs::write(shell.home.path().join("again.toml"), as_file).unwrap();
    let again = shell.run(&["doctor", "--settings", "-o", "json", "--config", "again.toml"]);
    assert_eq!(said(again, "server.zone").0, "east");
}

pub(crate) async fn mistakes_are_told_and_stop_everything(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    write(&shell, "[server]\nzonee = \"east\"\n");
    let error = shell.run(&["provider", "list"]).failed(2);
    let expected = "stocktake.toml, line 2: server.zonee: there is no such setting (did you mean 'server.zone'?)";
    assert!(error.contains(expected), "{error}");
    let doctor = shell.run(&["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains(expected), "{}", doctor.out);
    shell.run(&["completions", "bash"]).ok();
    write(&shell, "");
    let error = with(&shell, "STOCKTAKE__REFRESH__SCHEDULE", "daily", &["provider", "list"]).failed(2);
    assert!(error.contains("variable STOCKTAKE__REFRESH__SCHEDULE: refresh.schedule: 'daily' is not a schedule"), "{error}");
    let error = shell.run(&["provider", "list", "--config", "nowhere.toml"]).failed(2);
    assert!(error.contains("nowhere.toml does not exist; --config names it"), "{error}");
}
