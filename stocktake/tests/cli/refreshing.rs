use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use stocktake_fakecloud::{Fault, FaultRule, Kind, NewServer, PASSWORD, Service, Status};
use stocktake_testkit::TestDatabase;

use crate::shell::Shell;

fn counts(run: &Value) -> impl Fn(&str) -> u64 + '_ {
    |what| run["report"]["collections"].as_array().unwrap().iter().map(|c| c[what].as_u64().unwrap()).sum()
}

/// The inventory, without what every refresh may say anew.
fn inventory(shell: &Shell) -> Vec<Value> {
    ["vms", "volumes", "networks", "floating_ips", "hardwares", "labels"]
        .map(|collection| shell.json(&["get", collection, "--all", "--sort", "ref"]))
        .to_vec()
}

pub(crate) async fn the_second_refresh_writes_nothing(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let first = shell.json(&["refresh", "cloud1"]);
    assert_eq!(first[0]["state"], "ok");
    assert!(counts(&first[0])("created") > 300);
    let before = inventory(&shell);
    let second = shell.json(&["refresh", "--all"]);
    for what in ["created", "updated", "archived", "deleted", "raw_only"] {
        assert_eq!(counts(&second[0])(what), 0, "{what}");
    }
    assert!(counts(&second[0])("unchanged") > 300);
    assert_eq!(inventory(&shell), before);
    assert!(shell.run(&["refresh", "cloud1"]).ok().contains("nothing to write"));
    let runs = shell.json(&["runs"]);
    assert_eq!(runs.as_array().unwrap().len(), 3);
    let last = shell.json(&["run", "show", "last"]);
    assert_eq!(
        (last["state"].as_str(), last["mode"].as_str(), last["trigger"].as_str()),
        (Some("ok"), Some("full"), Some("cli"))
    );
    let id = last["id"].as_str().unwrap();
    assert!(shell.run(&["run", "show", id.rsplit('-').next().unwrap()]).ok().contains(id));
}

pub(crate) async fn a_plan_says_what_happens_and_writes_nothing(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    assert!(shell.run(&["plan", "cloud1"]).ok().contains("nothing to do"));
    let (control, servers) = (shell.control(), shell.control().ids(Kind::Server));
    control.rename(&servers[1], "another-name").unwrap();
    control.set_status(&servers[2], Status::Shutoff).unwrap();
    control.delete(&servers[4]).unwrap();
    let made = control.create_server(NewServer { name: Some("made".to_owned()), ..NewServer::default() }).unwrap();
    let before = inventory(&shell);
    let plan = shell.run(&["plan", "cloud1"]).ok();
    for told in ["+ made", "→ another-name", "power_state: on → off", "to be archived", "nothing was written"] {
        assert!(plan.contains(told), "{told}: {plan}");
    }
    let lines = shell.run(&["plan", "cloud1", "-o", "jsonl"]).ok();
    let changes: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |kind: &str| changes.iter().filter(|c| c["collection"] == "vms" && c["change"] == kind).collect::<Vec<_>>();
    assert_eq!((of("create").len(), of("update").len(), of("archive").len()), (1, 2, 1));
    assert_eq!(of("create")[0]["ref"], made.as_str());
    assert_eq!(inventory(&shell), before);
    assert_eq!(shell.json(&["runs"]).as_array().unwrap().len(), 1);
    let done = shell.json(&["refresh", "cloud1"]);
    let vms =
        done[0]["report"]["collections"].as_array().unwrap().iter().find(|c| c["collection"] == "vms").unwrap().clone();
    assert_eq!((&vms["created"], &vms["updated"], &vms["archived"]), (&1.into(), &2.into(), &1.into()));
    assert_eq!(shell.run(&["get", "vms", "--archived", "--count"]).ok(), "1\n");
}

pub(crate) async fn what_cannot_be_seen_is_kept(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    let before = inventory(&shell);
    shell.control().add_fault(FaultRule::new(Fault::Forbidden403).service(Service::Volume));
    let partial = shell.run(&["refresh", "cloud1"]);
    assert_eq!((partial.code, partial.err.as_str()), (3, ""), "{}", partial.out);
    assert!(partial.out.contains("cloud1: partial") && partial.out.contains("403"), "{}", partial.out);
    assert_eq!(inventory(&shell), before);
    let summary = shell.run(&["summary"]).ok();
    assert!(summary.contains("partial") && summary.contains("failed"), "{summary}");
    shell.control().clear_faults();
    shell.run(&["refresh", "cloud1"]).ok();
    shell.control().add_fault(FaultRule::new(Fault::ServerError(503)).service(Service::Identity));
    let failed = shell.run(&["refresh", "cloud1"]).failed(1);
    assert!(failed.contains("nothing was changed"), "{failed}");
    assert_eq!(inventory(&shell), before);
    assert_eq!(shell.json(&["runs", "--state", "failed"]).as_array().unwrap().len(), 1);
}

pub(crate) async fn mass_deletions_wait_for_a_person(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    for server in shell.control().ids(Kind::Server).iter().take(22) {
        shell.control().delete(server).unwrap();
    }
    let held = shell.run(&["refresh", "cloud1"]);
    assert_eq!(held.code, 3, "{}{}", held.out, held.err);
    let line = held.out.lines().find(|line| line.contains("--approve-deletes")).unwrap();
    let run = line.rsplit(' ').next().unwrap();
    let live = || shell.run(&["get", "vms", "--count"]).ok();
    assert_eq!(live(), "25\n");
    let runs = shell.json(&["runs"]);
    let nothing = shell.run(&["refresh", "--approve-deletes", runs[1]["id"].as_str().unwrap()]);
    assert!(nothing.failed(1).contains("nothing to approve"));
    shell.run(&["refresh", "--approve-deletes", run]).ok();
    assert_eq!(live(), "3\n");
    assert!(shell.json(&["run", "show", run])["approved_on"].is_string());
}

pub(crate) async fn a_whole_collection_by_the_word_people_use(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    let (control, servers) = (shell.control(), shell.control().ids(Kind::Server));
    control.rename(&servers[3], "renamed").unwrap();
    control.delete(&servers[6]).unwrap();
    let image = control.id(Kind::Image, 1);
    control.delete(&image).unwrap();
    let plan = shell.run(&["plan", "cloud1", "--target", "servers"]).ok();
    assert!(plan.contains("→ renamed") && !plan.contains("images"), "{plan}");
    shell.run(&["refresh", "cloud1", "--target", "servers"]).ok();
    assert_eq!(shell.json(&["show", "vm", &servers[3]])["object"]["name"], "renamed");
    assert!(shell.json(&["show", "vm", &servers[6]])["object"]["archived_on"].is_string());
    assert!(shell.json(&["show", "image", &image])["object"]["archived_on"].is_null(), "images were not asked for");
    let run = shell.json(&["run", "show", "last"]);
    assert_eq!((run["mode"].as_str(), run["targets"][0]["collection"].as_str()), (Some("collections"), Some("vms")));
    assert!(shell.run(&["run", "show", "last"]).ok().contains("vms (all)"));
    let both = ["refresh", "cloud1", "--target", "images", "--target", &format!("vms={}", servers[3])];
    shell.run(&both).ok();
    assert!(shell.json(&["show", "image", &image])["object"]["archived_on"].is_string());
    let labels = shell.run(&["refresh", "cloud1", "--target", "labels"]).failed(2);
    assert!(labels.contains("labels have no listing of their own; whole collections are vms,"), "{labels}");
    let empty = shell.run(&["refresh", "cloud1", "--target", "vms="]).failed(2);
    assert!(empty.contains("COLLECTION alone for all of it"), "{empty}");
}

pub(crate) async fn one_object_by_its_name(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    let (control, servers) = (shell.control(), shell.control().ids(Kind::Server));
    let name = shell.json(&["show", "vm", &servers[3]])["object"]["name"].as_str().unwrap().to_owned();
    control.rename(&servers[3], "renamed").unwrap();
    control.rename(&servers[5], "not-asked-for").unwrap();
    shell.run(&["refresh", "cloud1", "--target", &format!("vm={name}")]).ok();
    assert_eq!(shell.json(&["show", "vm", &servers[3]])["object"]["name"], "renamed");
    assert_ne!(shell.json(&["show", "vm", &servers[5]])["object"]["name"], "not-asked-for");
    let made = control.create_server(NewServer { name: Some("made".to_owned()), ..NewServer::default() }).unwrap();
    control.delete(&servers[6]).unwrap();
    let (made_target, gone_target) = (format!("vms={made}"), format!("servers={}", servers[6]));
    shell.run(&["refresh", "cloud1", "--target", &made_target, "--target", &gone_target]).ok();
    assert_eq!(shell.json(&["show", "vm", "made"])["object"]["ref"], made.as_str());
    assert!(shell.json(&["show", "vm", &servers[6]])["object"]["archived_on"].is_string());
    assert_eq!(shell.json(&["runs"])[0]["targets"].as_array().unwrap().len(), 2);
    let nobody = shell.run(&["refresh", "cloud1", "--target", "vms=nonexistent"]).ok();
    assert!(nobody.contains("cloud1 has no such object, and none was stored"), "{nobody}");
    let again = shell.run(&["refresh", "cloud1", "--target", &gone_target]).ok();
    assert!(!again.contains("no such object"), "{again}");
}

pub(crate) async fn recorded_and_replayed(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    let file = shell.home.path().join("run.jsonl");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "an older one, open to all").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let recorded = shell.run(&["refresh", "cloud1", "--record", path]);
    assert_eq!(recorded.code, 0, "{}", recorded.err);
    assert!(recorded.err.contains("exchanges kept in"), "{}", recorded.err);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("/servers/detail") && !text.contains(&format!("\"{PASSWORD}\"")), "no password in a recording");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = inventory(&shell);
    shell.control().add_fault(FaultRule::new(Fault::ConnectionReset));
    // Outputs of stacks may hold secrets and are not in a recording: nothing but they differs, and the documents they are in.
    let plan = shell.run(&["plan", "cloud1", "--replay", path, "-o", "jsonl"]).ok();
    let changes: Vec<Value> = plan.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |change: &Value| match change["collection"].as_str().unwrap() {
        "orchestration_stacks" => change["change"] == "document",
        collection => collection == "stack_outputs",
    };
    assert!(changes.iter().all(told), "{plan}");
    shell.run(&["refresh", "cloud1", "--replay", path]).ok();
    let replayed = shell.run(&["refresh", "cloud1", "--replay", path]).ok();
    assert!(replayed.contains("nothing to write"), "{replayed}");
    assert!(shell.run(&["plan", "cloud1", "--replay", path]).ok().contains("nothing to do"));
    assert_eq!(inventory(&shell), before);
    let error = shell.run(&["refresh", "cloud1", "--replay", "/nowhere"]).failed(1);
    assert!(error.contains("cannot read the recording"), "{error}");
}

pub(crate) async fn interrupted_nothing_is_half_written(database: TestDatabase) {
    let shell = Shell::refreshed(database).await;
    shell.add("cloud2", PASSWORD, &[]).ok();
    let before = inventory(&shell);
    shell.control().churn(0.5, 1);
    shell.control().add_fault(FaultRule::new(Fault::Hang).service(Service::Network));
    shell.control().reset_requests();
    let child = shell.command(&["refresh", "--all"]).spawn().unwrap();
    let started = std::time::Instant::now();
    while shell.json(&["runs", "--state", "running"]).as_array().unwrap().is_empty() {
        assert!(started.elapsed() < Duration::from_secs(20), "the run never began");
    }
    let second = shell.run(&["refresh", "cloud1"]).failed(1);
    assert!(second.contains("is being refreshed by"), "{second}");
    // The signal is to meet a refresh that collects.
    while !shell.control().requests().by_pattern.keys().any(|pattern| pattern.contains(" /network/")) {
        assert!(started.elapsed() < Duration::from_secs(20), "the network was never asked for");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("interrupted") && told.contains("nothing was changed"), "{told}");
    assert!(told.contains("not refreshed: cloud2"), "{told}");
    assert!(shell.json(&["runs", "--provider", "cloud2"]).as_array().unwrap().is_empty(), "the next one was begun");
    assert_eq!(inventory(&shell), before);
    let last = shell.json(&["run", "show", "last"]);
    assert_eq!(last["state"], "failed");
    shell.control().clear_faults();
    // The lease was given back: nobody waits for the interrupted one.
    let after = shell.run(&["refresh", "cloud1"]);
    assert!(after.code == 0 || after.code == 3, "{}{}", after.out, after.err);
}
