use std::io::{BufRead as _, BufReader};

use serde_json::Value;
use stocktake_testkit::TestDatabase;

use crate::shell::Shell;

pub(crate) async fn every_form_holds_the_same(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    let get = |form: &str| shell.run(&["get", "vms", "--sort", "name", "-o", form]).ok();
    let json: Vec<Value> = serde_json::from_str(&get("json")).unwrap();
    assert_eq!(json.len(), 25);
    let names: Vec<_> = json.iter().map(|vm| vm["name"].as_str().unwrap()).collect();
    assert!(names.is_sorted());
    assert!(json[0]["flavor"]["name"].is_string() && json[0]["created_on"].as_str().unwrap().ends_with('Z'));
    let lines: Vec<Value> = get("jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, json);
    assert_eq!(get("name").lines().collect::<Vec<_>>(), names);
    assert_eq!(get("csv").lines().count(), 26);
    assert_eq!(get("yaml").lines().filter(|line| line.starts_with("- ")).count(), 25);
    assert_eq!(get("table").lines().count(), 26);
    assert!(get("wide").lines().next().unwrap().contains("REF"));
    let documents: Vec<Value> = get("raw").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> = documents.iter().map(|vm| &vm["id"]).collect();
    assert_eq!(ids, json.iter().map(|vm| &vm["ref"]).collect::<Vec<_>>());
    assert_eq!(shell.run(&["get", "vm", "--count"]).ok(), "25\n");
    let few = shell.run(&["get", "servers", "-c", "name,flavor.memory_mb", "-n", "2", "-o", "csv"]).ok();
    assert_eq!((few.lines().count(), few.lines().next()), (3, Some("name,flavor.memory_mb")));
    let summary = shell.json(&["summary"]);
    let vms = summary[0]["collections"].as_array().unwrap().iter().find(|c| c["collection"] == "vms").unwrap();
    assert_eq!((vms["objects"].as_u64(), vms["listed"]["status"].as_str()), (Some(25), Some("complete")));
}

pub(crate) async fn wrong_questions_are_usage_errors(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    let wrong = [
        (vec!["get", "vmz"], "did you mean 'vms'"),
        (vec!["get", "vms", "nmae=x"], "did you mean 'name'"),
        (vec!["get", "vms", "-c", "nmae"], "did you mean 'name'"),
        (vec!["get", "vms", "--sort", "-nmae"], "did you mean 'name'"),
        (vec!["get", "volumes", "size_bytes>big"], "'big' is not a number"),
        (vec!["get", "vms", "launched_on>yesterday"], "is not a time"),
        (vec!["get", "nics", "-o", "raw"], "have no documents of their own"),
        (vec!["refresh"], "required"),
        (vec!["refresh", "cloud1", "--target", "vms="], "COLLECTION=REF"),
        (vec!["refresh", "cloud1", "--target", "flavors=x"], "targets are"),
        (vec!["provider", "add", "x", "--type", "cloudstack"], "there are openstack"),
        (vec!["provider", "add", "x", "--set", "passwd=x"], "did you mean 'password'"),
        (vec!["provider", "add", "x", "--set", "password=x"], "--secret-stdin password"),
        (vec!["provider", "remove", "cloud1"], "--yes"),
        (vec!["bogus"], "unrecognized subcommand"),
    ];
    for (words, told) in wrong {
        let error = shell.run(&words).failed(2);
        assert!(error.contains(told), "{words:?}: {error}");
    }
    let missing = [
        (vec!["show", "vm", "nothing"], "name~nothing"),
        (vec!["refresh", "clod1"], "did you mean 'cloud1'"),
        (vec!["run", "show", "zzzz"], "stocktake runs"),
        (vec!["get", "vms", "--database", "sqlite:/nowhere/x.db"], "stocktake provider add"),
        (vec!["get", "vms", "--database", "mysql://x"], "postgres://"),
    ];
    for (words, told) in missing {
        let error = shell.run(&words).failed(1);
        assert!(error.contains(told), "{words:?}: {error}");
    }
}

pub(crate) async fn objects_are_shown(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    let vm = shell.json(&["get", "vms", "flavor!=null", "-n", "1"])[0].clone();
    let (name, reference) = (vm["name"].as_str().unwrap(), vm["ref"].as_str().unwrap());
    for word in [name, reference, &reference[..13]] {
        let shown = shell.json(&["show", "vm", word]);
        assert_eq!(shown["object"]["ref"], reference, "{word}");
        assert_eq!(shown["freshness"]["listed"]["status"], "complete");
        assert!(shown["linked_by"].as_array().unwrap().iter().any(|b| b["collection"] == "hardwares"));
    }
    let text = shell.run(&["show", "vm", name, "--raw"]).ok();
    let flavor = vm["flavor"]["name"].as_str().unwrap();
    for told in [name, reference, flavor, "links to", "linked by", "all vms of cloud1 were seen", "\"OS-EXT-STS:vm_state\""]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
}

pub(crate) async fn a_reader_that_leaves_is_no_error(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    for words in [&["get", "quotas", "-o", "jsonl"][..], &["get", "labels"], &["completions", "bash"], &["--help"]] {
        let mut child = shell.command(words).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let left = child.wait_with_output().unwrap();
        assert!(!first.is_empty());
        assert_eq!((left.status.code(), String::from_utf8(left.stderr).unwrap()), (Some(0), String::new()), "{words:?}");
    }
}
