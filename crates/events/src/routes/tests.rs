use serde_json::json;

use super::*;

const KNOWN: Known<'static> =
    Known { provider: "test", targetable: &["vms", "volumes", "ports"], listable: &["vms", "flavors"] };

const OWN: &str = r#"
[[route]]
types = ["instance.power_*.end", "instance.reboot.end"]
group = "power"
severity = "warning"
targets = [{ collection = "vms", ref = "instance_id|uuid" }]
look_again = ["2s", "10s"]

[[route]]
types = ["volume.attach.end"]
targets = [{ collection = "volumes", ref = "id" }, { collection = "vms", ref = "attachments[].server_id" },
           { collection = "vms", ref = "instance_id" }, { collection = "flavors", ref = "*" }]

[[route]]
types = ["instance.*"]
ignore = true
"#;

fn read(texts: &[(&str, &str)]) -> Result<Routes, RoutesError> {
    let texts: Vec<_> = texts.iter().map(|&(name, text)| RoutesText { name, text }).collect();
    Routes::read(&texts, KNOWN)
}

fn line(routes: &Routes, kind: &str) -> Option<(String, usize)> {
    routes.find(kind).map(|route| (route.file.clone(), route.line))
}

#[test]
fn the_first_route_that_has_a_type_counts_and_the_users_before_the_providers() {
    let users = "[[route]]\ntypes = [\"instance.power_off.*\"]\nignore = true\n";
    let routes = read(&[("mine.toml", users), ("own", OWN)]).expect("routes");
    let cases = [
        ("instance.power_off.end", Some(("mine.toml", 1))),
        ("instance.power_on.end", Some(("own", 2))),
        ("instance.reboot.end", Some(("own", 2))),
        ("instance.reboot.start", Some(("own", 14))),
        ("volume.attach.end", Some(("own", 9))),
        ("volume.attach", None),
        ("", None),
    ];
    // Twice: what is remembered is the same.
    for (kind, expected) in cases.iter().chain(&cases) {
        assert_eq!(line(&routes, kind), expected.map(|(file, line)| (file.to_owned(), line)), "{kind}");
    }
    let power = routes.find("instance.power_on.end").expect("known");
    assert_eq!((power.group, power.severity, power.ignore), (Group::Power, Severity::Warning, false));
    assert_eq!(power.look_again, [Duration::from_secs(2), Duration::from_secs(10)]);
    let attach = routes.find("volume.attach.end").expect("known");
    assert_eq!((attach.group, attach.severity), (Group::General, Severity::Detail));
}

#[test]
fn a_type_named_outright_does_not_hide_an_earlier_star() {
    let stars = "[[route]]\ntypes = [\"a.*\"]\n";
    let routes = read(&[("stars", stars), ("names", "[[route]]\ntypes = [\"a.b\", \"b\"]\n")]).expect("routes");
    assert_eq!(line(&routes, "a.b").map(|(file, _)| file).as_deref(), Some("stars"));
    assert_eq!(line(&routes, "b").map(|(file, _)| file).as_deref(), Some("names"));
}

#[test]
fn targets_are_found_in_the_payload_each_once() {
    let routes = read(&[("own", OWN)]).expect("routes");
    let targets = |kind: &str, payload| routes.find(kind).expect(kind).targets(&payload);
    let one = Target::one;
    assert_eq!(targets("instance.power_on.end", json!({"uuid": "b", "instance_id": "a"})), [one("vms", "a")]);
    assert_eq!(targets("instance.power_on.end", json!({"uuid": "b", "instance_id": null})), [one("vms", "b")]);
    assert_eq!(targets("instance.power_on.end", json!({})), []);
    let attached = json!({"id": "v", "instance_id": "s1", "attachments": [{"server_id": "s1"}, {"server_id": "s2"}]});
    let expected = [one("volumes", "v"), one("vms", "s1"), one("vms", "s2"), Target::whole("flavors")];
    assert_eq!(targets("volume.attach.end", attached), expected);
}

#[test]
fn types_without_end_fill_no_memory() {
    let routes = read(&[("own", OWN)]).expect("routes");
    for n in 0..3 * REMEMBERED {
        assert!(routes.find(&format!("made.up.{n}")).is_none());
    }
    assert!(routes.remembered.read().expect("unpoisoned").len() <= REMEMBERED);
    assert!(routes.find("instance.reboot.end").is_some());
}

#[test]
fn routes_for_other_providers_are_left_out() {
    let texts = "[[route]]\nprovider = \"other\"\ntypes = [\"a\"]\ntargets = [{ collection = \"pods\", ref = \"id\" }]\n\
                 [[route]]\nprovider = \"test\"\ntypes = [\"b\"]\n";
    let routes = read(&[("mine.toml", texts)]).expect("routes");
    assert!(routes.find("a").is_none() && routes.find("b").is_some());
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_was_meant() {
    let text = r#"
[[route]]
typs = ["a"]

[[route]]
types = ["a.*"]
group = "powr"
severity = "loud"
look_again = ["2x", "2h", 3]
ignore = "yes"

[[route]]
types = ["a.b"]
targets = [{ collection = "vm", ref = "id" }, { collection = "flavors", ref = "id" }, { collection = "ports", ref = "*" },
    { collection = "vms", ref = "a[0]" }, { collection = "vms" }, { collektion = "vms", ref = "id" }]

[[route]]
types = []

[section]
x = 1
"#;
    let RoutesError(problems) = read(&[("mine.toml", text)]).expect_err("full of mistakes");
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let expected = [
        "line 3: a route has no 'typs' (did you mean 'types'?); it has types, group",
        "line 2: a route needs types",
        "line 7: there is no group 'powr' (did you mean 'power'?); group is one of addition,",
        "line 8: there is no severity 'loud'; severity is one of critical, warning, detail",
        "line 9: look_again: '2x' is not a duration",
        "line 9: look_again: 2h is not between 100ms and 1h",
        "line 9: look_again is a list of texts",
        "line 10: ignore is true or false",
        "line 14: test has no collection 'vm' that can be asked for one by one (did you mean 'vms'?)",
        "line 14: flavors of test cannot be asked for one by one; write ref = \"*\"",
        "line 14: ports of test cannot be asked for whole; name where its ref stands",
        "line 15: 'a[0]' is no path into a payload",
        "line 15: a target needs collection and ref",
        "line 15: a target has no 'collektion' (did you mean 'collection'?)",
        "line 12: a.b never comes here: the route in line 5 takes it",
        "line 18: types: name at least one",
        "line 20: only routes stand here",
    ];
    for expected in expected {
        assert!(told.iter().any(|told| told.contains(expected)), "{expected} is not among\n{}", told.join("\n"));
    }
    let RoutesError(problems) = read(&[("mine.toml", "[[route]\n")]).expect_err("no TOML");
    assert!(problems[0].to_string().starts_with("mine.toml, line 1: not TOML"), "{problems:?}");
}
