//! What happens in a cloud, told through the real handler and asked by the command line; and rules tried on it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stocktake_events::handle::{Handler, Nothing, Whose};
use stocktake_events::{Known, Routes, RoutesText, pack};
use stocktake_provider::{Event, EventLevel, EventReader, RawEvent};
use stocktake_queue::{Debounce, Queue};
use stocktake_store::{Store, params, registry};
use stocktake_testkit::TestDatabase;

use crate::shell::Shell;

const ROUTES: &str = r#"
[[route]]
types = ["compute.instance.*"]
group = "power"
severity = "warning"
targets = [{ collection = "vms", ref = "instance_id" }]
"#;

/// Events of tests say what they are in plain words.
#[derive(Debug)]
struct Plain;

impl EventReader for Plain {
    fn routes(&self) -> &'static str {
        ROUTES
    }

    fn read(&self, raw: &RawEvent) -> Result<Event, String> {
        let body: Value = serde_json::from_slice(&raw.body).map_err(|error| format!("no JSON: {error}"))?;
        let text = |name: &str| body[name].as_str().map(ToOwned::to_owned);
        Ok(Event {
            kind: text("type").unwrap_or_default(),
            at: Some(jiff_now() - 60_000_000),
            level: if body["level"] == "error" { EventLevel::Error } else { EventLevel::Info },
            message: text("message"),
            vm: text("vm"),
            user: Some("ann".to_owned()),
            request: Some("req-1".to_owned()),
            payload: body["payload"].clone(),
            ..Event::default()
        })
    }
}

fn jiff_now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as i64
}

/// Stores events as a handler does.
async fn happens(store: &Store, events: &[(&str, &str)]) {
    let record = registry::find(store, "cloud1").await.unwrap();
    let known = Known { provider: "openstack", targetable: &["vms"], listable: &[] };
    let handler = Handler {
        queue: Queue::new(store.clone()),
        whose: Whose { id: record.id, name: record.name, kind: record.kind },
        reader: Arc::new(Plain),
        routes: Arc::new(Routes::read(&[RoutesText { name: "routes", text: ROUTES }], known).unwrap()),
        consequences: Arc::new(Nothing),
        debounce: Debounce { quiet: Duration::ZERO, at_most: Duration::ZERO },
    };
    let raw = |(key, body): &(&str, &str)| RawEvent {
        key: (*key).to_owned(),
        via: "nova notifications.info".to_owned(),
        body: (*body).to_owned().into(),
    };
    let body = pack(&events.iter().map(raw).collect::<Vec<_>>());
    let sql = "insert into event_batches (provider_id, events, body) values ($1, $2, $3) returning id";
    let row = store.query_one(sql, &params![record.id, events.len() as i64, body]).await.unwrap();
    handler.handle(row.get(0).unwrap()).await.unwrap().expect("the batch was there");
}

fn event(kind: &str, vm: &str) -> String {
    let payload = json!({"instance_id": vm, "state": "stopped"});
    json!({"type": kind, "vm": vm, "message": "power off", "payload": payload}).to_string()
}

/// A cloud that was read, one of whose VMs was stopped, and more happened.
async fn house(database: TestDatabase) -> (Shell, Store, String, String) {
    let shell = Shell::refreshed(database).await;
    let store = shell.store().await;
    let vm = shell.json(&["get", "vms", "-n", "1"])[0].clone();
    let (name, reference) = (vm["name"].as_str().unwrap().to_owned(), vm["ref"].as_str().unwrap().to_owned());
    let failed =
        json!({"type": "compute.instance.create.error", "vm": "u-unknown", "level": "error", "payload": {}}).to_string();
    happens(
        &store,
        &[
            ("k1", &event("compute.instance.power_off.end", &reference)),
            ("k2", &failed),
            ("k3", r#"{"type": "identity.user.created", "payload": {}}"#),
            ("k4", "not JSON"),
        ],
    )
    .await;
    (shell, store, name, reference)
}

pub(crate) async fn events_are_listed_and_filtered(database: TestDatabase) {
    let (shell, _store, name, reference) = house(database).await;
    let types = |words: &[&str]| -> Vec<String> {
        let words: Vec<_> = ["events"].iter().chain(words).copied().collect();
        let events = shell.json(&words);
        events.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect()
    };
    let (off, error, user) = ("compute.instance.power_off.end", "compute.instance.create.error", "identity.user.created");
    assert_eq!(types(&[]), [user, error, off]);
    assert_eq!(types(&["--vm", &name]), [off]);
    assert_eq!(types(&["--object", &format!("vms={reference}")]), [off]);
    assert_eq!(types(&["--vm", "u-unknown"]), [error], "the inventory need not know it");
    assert_eq!(types(&["--type", "compute.*.end", "--type", user]), [user, off]);
    assert_eq!(types(&["--level", "warning"]), [error]);
    assert_eq!(types(&["--group", "power", "--severity", "warning", "--provider", "cloud1"]), [error, off]);
    assert_eq!(types(&["--since", "2h", "-n", "1"]), [user]);
    assert_eq!(types(&["--since", "1s"]), Vec::<String>::new());
    let table = shell.run(&["events"]).ok();
    assert!(table.contains(&format!("vm {name}")) && table.contains("power off"), "{table}");
    let csv = shell.run(&["events", "-o", "csv"]).ok();
    assert!(csv.starts_with("id,provider,type,at,") && csv.lines().count() == 4, "{csv}");
    assert_eq!(shell.run(&["events", "-o", "jsonl"]).ok().lines().count(), 3);

    let seen = shell.json(&["events", "types"]);
    assert_eq!(seen.as_array().unwrap().len(), 3);
    let unrouted = shell.run(&["events", "types", "--unrouted"]).ok();
    assert!(unrouted.contains(user) && !unrouted.contains(off), "{unrouted}");
    let aside = shell.json(&["events", "aside"]);
    assert_eq!((aside[0]["body"].as_str(), aside.as_array().unwrap().len()), (Some("not JSON"), 1));
    assert!(shell.run(&["events", "aside"]).ok().contains("no JSON: "));

    for (words, told) in [
        (&["events", "--group", "pwer"][..], "there are addition"),
        (&["events", "--since", "yesterday"], "is not a time"),
        (&["events", "--object", "web-1"], "COLLECTION=NAME"),
        (&["events", "--follow", "-o", "json"], "-o jsonl"),
        (&["show", "event", "web-1"], "named by its number"),
    ] {
        let error = shell.run(words).failed(2);
        assert!(error.contains(told), "{words:?}: {error}");
    }
    assert!(shell.run(&["show", "event", "4711"]).failed(1).contains("there is no event 4711"));
}

pub(crate) async fn an_event_is_shown_and_stands_with_its_object(database: TestDatabase) {
    let (shell, store, name, reference) = house(database).await;
    let id = shell.json(&["events", "--vm", &name])[0]["id"].as_i64().unwrap();
    let record = registry::find(&store, "cloud1").await.unwrap();
    let sql = "insert into notes (provider_id, collection, ref, author, body, event_id) values ($1, 'vms', $2, 'rule r', 'seen', $3)";
    store.execute(sql, &params![record.id, &reference, id]).await.unwrap();
    let shown = shell.json(&["show", "event", &id.to_string()]);
    assert_eq!(shown["event"]["payload"]["state"], "stopped");
    assert_eq!(shown["event"]["vm"]["name"], name.as_str());
    assert_eq!(shown["notes"][0]["body"], "seen");
    let text = shell.run(&["show", "event", &id.to_string()]).ok();
    for told in ["compute.instance.power_off.end", &name, "req-1", "power, warning", "rule r", "\"state\": \"stopped\""] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let vm = shell.run(&["show", "vm", &name]).ok();
    assert!(vm.contains("last events") && vm.contains("compute.instance.power_off.end"), "{vm}");
    assert!(vm.contains("notes") && vm.contains("seen"), "{vm}");
    let vm = shell.json(&["show", "vm", &name]);
    assert_eq!((vm["events"][0]["id"].as_i64(), vm["notes"][0]["author"].as_str()), (Some(id), Some("rule r")));
}

pub(crate) async fn events_are_followed_until_somebody_ends_it(database: TestDatabase) {
    let (shell, store, _name, reference) = house(database).await;
    let mut child = shell.command(&["events", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first: Vec<_> = lines.by_ref().take(3).map(Result::unwrap).collect();
    assert!(first[0].contains("power_off") && first[2].contains("identity.user.created"), "the oldest first: {first:?}");
    happens(&store, &[("k9", &event("compute.instance.power_on.end", &reference))]).await;
    assert!(lines.next().unwrap().unwrap().contains("compute.instance.power_on.end"), "told once, and nothing else");
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap()), (Some(0), String::new()));
}

const RULES: &str = r#"
[[rule]]
name = "stopped"
when = 'event.type.endsWith("power_off.end") && vm.name != null'
note = "${vm.name} was stopped"
webhook = { url = "https://192.0.2.1/hook", secret_file = "key" }
command = ["false", "${event.payload.state}"]
refresh = [{ collection = "hosts", ref = "*" }]

[[rule]]
name = "other"
when = 'event.user == "bob" && has(event.payload.state)'
note = "x"

[[rule]]
name = "odd"
when = 'event.payload.nothing == 1'
note = "x"
"#;

pub(crate) async fn a_rule_test_says_why_and_changes_nothing(database: TestDatabase) {
    let (shell, store, name, _reference) = house(database).await;
    let id = shell.json(&["events", "--vm", &name])[0]["id"].to_string();
    let error = shell.run(&["rule", "test", &id]).failed(2);
    assert!(error.contains("no rules file is named"), "{error}");
    std::fs::write(shell.home.path().join("r.toml"), RULES).unwrap();
    let before = counts(&store).await;
    let tried = shell.run(&["rule", "test", &id, "--file", "r.toml"]);
    assert_eq!(tried.code, 0, "{}", tried.err);
    for told in [
        "stopped (line 2) applies",
        &format!("would note: {name} was stopped"),
        "would send to https://192.0.2.1/hook, signed with key",
        r#"would run ["false","stopped"]"#,
        "would refresh hosts (all)",
        "other (line 10) does not apply",
        r#"event.user == "bob""#,
        "odd (line 15) cannot be evaluated",
        "there is no 'nothing' in it",
    ] {
        assert!(tried.out.contains(told), "{told}: {}", tried.out);
    }
    let one = shell.json(&["rule", "test", &id, "--file", "r.toml", "--rule", "other"]);
    assert_eq!(one.as_array().unwrap().len(), 1);
    assert_eq!((one[0]["applies"].as_bool(), one[0]["terms"][1]["holds"].as_bool()), (Some(false), Some(true)));
    let unknown = shell.run(&["rule", "test", &id, "--file", "r.toml", "--rule", "othr"]).failed(2);
    assert!(unknown.contains("did you mean 'other'"), "{unknown}");
    assert_eq!(counts(&store).await, before, "nothing was done");
}

async fn counts(store: &Store) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["jobs", "notes", "refresh_targets", "events", "runs", "event_types"] {
        let row = store.query_one(&format!("select count(*) from {table}"), &[]).await.unwrap();
        counts.push(row.get(0).unwrap());
    }
    counts
}

pub(crate) async fn mistakes_in_rules_are_told_before_anything_starts(database: TestDatabase) {
    let shell = Shell::registered(database).await;
    assert!(shell.run(&["rule", "check"]).err.contains("nothing to check"));
    let (settings, rules) = (shell.home.path().join("s.toml"), shell.home.path().join("rules.toml"));
    std::fs::write(&settings, format!("[events]\nrules = \"{}\"\n", rules.display())).unwrap();
    std::fs::write(&rules, RULES).unwrap();
    let checked = shell.run(&["rule", "check", "--config", "s.toml"]).ok();
    assert!(checked.contains("rules.toml, 3 rules"), "{checked}");
    assert!(shell.run(&["doctor", "--config", "s.toml"]).ok().contains("rules.toml, 3 rules"));
    std::fs::write(&rules, RULES.replace("vm.name !=", "vm.nmae !=")).unwrap();
    let told = "rules.toml, line 4: rule 'stopped'.when: character 41: vm has no field 'nmae' (did you mean 'name'?)";
    for words in [&["rule", "check", "--config", "s.toml"][..], &["doctor", "--config", "s.toml"]] {
        let done = shell.run(words);
        assert!(done.code == 1 && done.out.contains(told), "{words:?}: {}", done.out);
    }
    let error = shell.run(&["server", "--config", "s.toml"]).failed(2);
    assert!(error.contains(told), "{error}");
    std::fs::remove_file(&rules).unwrap();
    let error = shell.run(&["server", "--config", "s.toml"]).failed(2);
    assert!(error.contains("cannot be read") && error.contains("events.rules of the settings names it"), "{error}");
}
