//! What rules make of events.

use std::path::Path;

use serde_json::{Value, json};
use stocktake_model::Menu;
use stocktake_rules::{Consequence, Facts, Rules, Targets, Variable, Verdict};

fn menu() -> Menu {
    Menu::builder().pick(stocktake_model::menus::all()).build().expect("a menu")
}

fn rules(text: &str) -> Rules {
    Rules::parse(Path::new("/etc/rules.toml"), text, &menu()).unwrap_or_else(|error| panic!("{error}"))
}

fn event() -> Value {
    json!({
        "key": "k1", "type": "compute.instance.delete.end", "level": "info", "severity": "detail", "group": "deletion",
        "collection": "vms", "ref": "u-1", "user": "ann",
        "payload": {"instance_id": "u-1", "memory_mb": 2048, "ratio": 1.5, "tags": ["a", "b"], "image": {"os type": "linux"}},
    })
}

fn vm() -> Value {
    json!({"id": 7, "ref": "u-1", "name": "prod-web", "power_state": "on", "host": null})
}

fn verdict(when: &str, more: &str) -> Verdict {
    let text = format!("[[rule]]\nname = \"r\"\nwhen = '''{when}'''\n{more}");
    let (rules, event, vm, provider) = (rules(&text), event(), vm(), json!({"name": "cloud1", "type": "openstack"}));
    let mut facts = Facts::default();
    facts.set(Variable::Event, &event);
    facts.set(Variable::Vm, &vm);
    facts.set(Variable::Provider, &provider);
    rules.find("r").expect("the rule").evaluate(&facts)
}

/// Of a rule with a note: whether it applies.
fn applies(when: &str) -> bool {
    match verdict(when, "note = 'x'") {
        Verdict::Matched(_) => true,
        Verdict::NotMatched => false,
        Verdict::Unclear(why) => panic!("{when}: {why}"),
    }
}

fn unclear(when: &str) -> String {
    match verdict(when, "note = 'x'") {
        Verdict::Unclear(why) => why,
        other => panic!("{when}: {other:?}"),
    }
}

#[test]
fn conditions_speak_of_the_event_and_of_what_it_is_linked_to() {
    assert!(applies(r#"event.type == "compute.instance.delete.end" && vm.name.startsWith("prod-")"#));
    assert!(!applies(r#"event.type == "compute.instance.create.end""#));
    assert!(applies(r#"provider.name == "cloud1" && provider.type in ["openstack", "vsphere"]"#));
    assert!(applies("event.payload.memory_mb >= 2048 && event.payload.ratio > 1"), "whole numbers and others compare");
    assert!(applies("event.payload.memory_mb * 2 + 1 == 4097"));
    assert!(applies(r#"event.payload.tags.exists(t, t == "b") && size(event.payload.tags) == 2"#));
    assert!(applies(r#"event.payload.image["os type"] == "linux""#));
    assert!(applies(r#"event.type.matches("^compute\\.instance\\..*\\.end$")"#));
    assert!(applies("host == null && vm != null && vm.host == null"), "what is unknown is null");
    assert!(applies("!has(event.payload.nothing) && has(event.payload.tags)"));
    assert!(applies(r#"object == null ? event.user == "ann" : false"#));
    assert!(applies("true"));
    // Each loop has names of its own, be they those of variables.
    assert!(applies(r#"event.payload.tags.all(vm, vm != "c")"#));
}

#[test]
fn what_nobody_can_tell_is_no_match_and_says_why() {
    assert!(unclear("event.payload.nothing == 1").contains("there is no 'nothing'"));
    assert_eq!(unclear("host.name == 'x'"), "null has no fields; not known: host");
    assert!(unclear("vm.name > 3").contains("'>' does not go with string and int"));
    assert!(unclear("vm.name").contains("it yields text, not true or false"));
    assert!(unclear("1 / 0 == 1").to_lowercase().contains("zero"));
    // As CEL has it: what decides the answer need not be known.
    assert!(!applies("event.type == 'other' && host.name == 'x'"));
    assert!(applies("event.type != 'other' || host.name == 'x'"));
}

#[test]
fn actions_are_filled_in_and_come_in_one_order() {
    let more = r#"
        command = ["/usr/bin/tell", "--", "${vm.name} of ${provider.name}", "$${HOME}", "${event.payload.memory_mb}", "${event.payload.tags}"]
        note = "gone by ${event.user == null ? 'nobody' : event.user}"
        refresh = [{ collection = "vms", ref = "${event.payload.instance_id}" }, { collection = "hosts", ref = "*" }]
    "#;
    let Verdict::Matched(found) = verdict("true", more) else { panic!("it applies") };
    assert_eq!(
        found[0],
        Consequence::Refresh(Targets::These(vec![("vms".to_owned(), Some("u-1".to_owned())), ("hosts".to_owned(), None)]))
    );
    assert_eq!(found[1], Consequence::Note("gone by ann".to_owned()));
    let Consequence::Command { arguments, .. } = &found[2] else { panic!("a command") };
    assert_eq!(arguments, &["/usr/bin/tell", "--", "prod-web of cloud1", "${HOME}", "2048", r#"["a","b"]"#]);
    assert_eq!(found.len(), 3);
    let kept = serde_json::to_value(&found).expect("kept in a job");
    assert_eq!(serde_json::from_value::<Vec<Consequence>>(kept).expect("read again"), found);
}

#[test]
fn a_text_with_null_in_it_is_none_and_nothing_at_all_is_done() {
    let unclear = verdict("true", "note = 'x'\ncommand = ['prog', '${vm.host}']");
    assert_eq!(unclear, Verdict::Unclear("command: '${vm.host}' is null".to_owned()));
    let unclear = verdict("true", "refresh = [{ collection = 'vms', ref = '${\"\"}' }]");
    assert_eq!(unclear, Verdict::Unclear("refresh: the ref of one of vms is empty".to_owned()));
}

#[test]
fn what_a_rule_mentions_is_known_without_an_event() {
    let rules = rules(
        r#"
        [[rule]]
        name = "one"
        when = 'event.type == "a" && [1].exists(host, host == event.payload.n) && flavor.memory_mb > 5'
        note = "${vm.name}"
        [[rule]]
        name = "two"
        when = 'vm != null'
        webhook = { url = "https://example.org/x", secret_file = "key" }
        "#,
    );
    let one = rules.find("one").expect("there");
    assert_eq!(one.mentions().variables().collect::<Vec<_>>(), [Variable::Event, Variable::Flavor]);
    let paths: Vec<_> = one.mentions().paths().map(|path| path.join(".")).collect();
    assert_eq!(paths, ["event.payload.n", "event.type", "flavor.memory_mb"]);
    assert_eq!(one.mentions_of_actions().variables().collect::<Vec<_>>(), [Variable::Vm]);
    assert!(!one.tells_everything());
    assert!(rules.find("two").expect("there").tells_everything());
}

#[test]
fn an_explanation_has_the_terms_and_the_values_of_what_they_mention() {
    let rules =
        rules("[[rule]]\nname = 'r'\nwhen = 'vm.name == \"x\" && event.user == \"ann\" && host.name == \"h\"'\nnote = 'n'");
    let (event, vm) = (event(), vm());
    let mut facts = Facts::default();
    facts.set(Variable::Event, &event);
    facts.set(Variable::Vm, &vm);
    let explained = rules.iter().next().expect("one").explain(&facts);
    assert_eq!(explained.applies, Some(false));
    let terms: Vec<_> = explained.terms.iter().map(|t| (t.text.as_str(), t.holds)).collect();
    assert_eq!(
        terms,
        [(r#"vm.name == "x""#, Some(false)), (r#"event.user == "ann""#, Some(true)), (r#"host.name == "h""#, None)]
    );
    let values = [("event.user", json!("ann")), ("host.name", Value::Null), ("vm.name", json!("prod-web"))];
    assert_eq!(explained.values, values.map(|(path, value)| (path.to_owned(), value)));
}

#[test]
fn too_many_values_are_an_answer_not_a_wait() {
    let verdict = |when: &str, values: i64| {
        let rules = rules(&format!("[[rule]]\nname='r'\nwhen='{when}'\nnote='n'"));
        let event = json!({"payload": (0..values).collect::<Vec<_>>()});
        let mut facts = Facts::default();
        facts.set(Variable::Event, &event);
        rules.iter().next().expect("one").evaluate(&facts)
    };
    let (one, two) = ("event.payload.all(x, x >= 0)", "event.payload.all(x, event.payload.all(y, x != y + 10000))");
    for (when, values, more) in [(one, 9_000, "more than 10000 values"), (two, 100, "more than 1000 values")] {
        assert!(matches!(verdict(when, values), Verdict::Matched(_)), "{when}");
        let Verdict::Unclear(why) = verdict(when, values + 1_500) else { panic!("too many for {when}") };
        assert!(why.contains(more), "{why}");
    }
}
