//! The routes by themselves: whether every word in them means something, and where every recorded type goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Deserialize;
use serde_json::Value;

use super::recorded;
use crate::collect::{TARGETABLE, listable};
use crate::events::ROUTES;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    route: Vec<Route>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Route {
    types: Vec<String>,
    group: String,
    severity: String,
    #[serde(default)]
    targets: Vec<Target>,
    #[serde(default)]
    look_again: Vec<String>,
    #[serde(default)]
    ignore: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    collection: String,
    r#ref: String,
}

fn routes() -> Vec<Route> {
    toml::from_str::<File>(ROUTES).expect("routes are TOML").route
}

fn matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((head, rest)) => text
            .strip_prefix(head)
            .is_some_and(|text| (0..=text.len()).any(|at| text.is_char_boundary(at) && matches(rest, &text[at..]))),
    }
}

fn route_of<'r>(routes: &'r [Route], kind: &str) -> Option<(&'r Route, &'r str)> {
    routes.iter().find_map(|route| {
        let glob = route.types.iter().find(|glob| matches(glob, kind))?;
        Some((route, glob.as_str()))
    })
}

/// What an alternative's path finds.
fn found(path: &str, payload: &Value) -> Vec<String> {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let (name, each) = step.strip_suffix("[]").map_or((step, false), |name| (name, true));
    let Some(value) = payload.get(name) else { return Vec::new() };
    let values: Vec<&Value> = if each { value.as_array().into_iter().flatten().collect() } else { vec![value] };
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    values.into_iter().flat_map(|v| rest.map_or_else(|| text(v).into_iter().collect(), |rest| found(rest, v))).collect()
}

fn refs(target: &Target, payload: &Value) -> Vec<String> {
    if target.r#ref == "*" {
        return vec!["*".to_owned()];
    }
    target.r#ref.split('|').map(|path| found(path, payload)).find(|refs| !refs.is_empty()).unwrap_or_default()
}

#[test]
fn every_word_in_a_route_means_something() {
    const GROUPS: [&str; 13] = [
        "addition",
        "configuration",
        "console",
        "deletion",
        "general",
        "import_export",
        "migration",
        "network",
        "power",
        "snapshot",
        "status",
        "storage",
        "update",
    ];
    let listable = listable();
    for route in routes() {
        let place = &route.types;
        assert!(GROUPS.contains(&route.group.as_str()), "{place:?}: group {}", route.group);
        assert!(["critical", "warning", "detail"].contains(&route.severity.as_str()), "{place:?}: {}", route.severity);
        assert_eq!(route.ignore, route.targets.is_empty(), "{place:?}: causes something, or is known not to");
        assert!(!route.types.is_empty());
        for target in &route.targets {
            let known = if target.r#ref == "*" {
                listable.contains(&&*target.collection)
            } else {
                TARGETABLE.contains(&&*target.collection)
            };
            assert!(known, "{place:?}: {} cannot be asked for by {}", target.collection, target.r#ref);
            for path in target.r#ref.split('|').filter(|path| *path != "*") {
                let step_is_good = |step: &str| {
                    let name = step.strip_suffix("[]").unwrap_or(step);
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-:".contains(c))
                };
                assert!(path.split('.').all(step_is_good), "{place:?}: {path}");
            }
        }
        for wait in &route.look_again {
            let seconds = wait.strip_suffix('s').and_then(|number| number.parse::<u32>().ok());
            assert!(seconds.is_some_and(|seconds| (1..=60).contains(&seconds)), "{place:?}: {wait}");
        }
    }
}

/// A glob that an earlier one covers would never be taken.
#[test]
fn no_type_is_named_in_vain() {
    let mut seen: Vec<String> = Vec::new();
    for glob in routes().into_iter().flat_map(|route| route.types) {
        // A glob is covered by another that matches it as a text.
        let cover = seen.iter().find(|earlier| matches(earlier, &glob));
        assert!(cover.is_none(), "{glob} is never reached: {cover:?} comes before");
        seen.push(glob);
    }
}

/// Type, the glob that took it, what it asks for: one line for each recorded type, reviewed as text.
#[test]
fn every_recorded_type_has_a_route() {
    let routes = routes();
    let mut lines = BTreeMap::new();
    let mut unknown = BTreeSet::new();
    for (_, event) in recorded() {
        let Some((route, glob)) = route_of(&routes, &event.kind) else {
            unknown.insert(event.kind);
            continue;
        };
        let mut line = format!("{} <- {glob}, {}, {}", event.kind, route.group, route.severity);
        if route.ignore {
            line.push_str(", ignored");
        }
        for target in &route.targets {
            for found in refs(target, &event.payload) {
                let _ = write!(line, "\n    {} {found}", target.collection);
            }
        }
        if !route.look_again.is_empty() {
            let _ = write!(line, "\n    again after {}", route.look_again.join(", "));
        }
        lines.insert(event.kind, line);
    }
    assert_eq!(unknown, BTreeSet::new(), "types without a route");
    insta::assert_snapshot!("routed", lines.into_values().collect::<Vec<_>>().join("\n"));
}

/// What is not ignored must lead somewhere: a path that fits no recorded payload is a mistake.
#[test]
fn every_recorded_event_that_counts_has_a_target() {
    let routes = routes();
    for (_, event) in recorded() {
        let Some((route, glob)) = route_of(&routes, &event.kind) else { continue };
        let refs: usize = route.targets.iter().map(|target| refs(target, &event.payload).len()).sum();
        assert!(route.ignore || refs > 0, "{} by {glob} leads nowhere: {}", event.kind, event.payload);
    }
}

/// Types that the lab's cloud was never seen to send, with payloads as its services' sources write them.
#[test]
fn types_that_were_not_recorded_lead_where_they_should() {
    let routes = routes();
    for (kind, payload, expected) in [
        ("instance.soft_delete.end", r#"{"uuid":"v"}"#, "vms v"),
        ("instance.evacuate", r#"{"uuid":"v"}"#, "vms v"),
        ("instance.live_migration_rollback_dest.end", r#"{"uuid":"v"}"#, "vms v"),
        ("instance.power_off.error", r#"{"uuid":"v"}"#, "vms v"),
        ("compute.instance.something.new", r#"{"instance_id":"v"}"#, "vms v"),
        (
            "instance.volume_swap.end",
            r#"{"uuid":"v","new_volume_id":"a","old_volume_id":"b"}"#,
            "vms v, cloud_volumes a, cloud_volumes b",
        ),
        ("flavor.update", r#"{"flavorid":"f"}"#, "flavors *"),
        ("flavor.update.end", r#"{"flavor":{}}"#, "ignored"),
        ("port.create.end", r#"{"ports":[{"id":"a"},{"id":"b"}]}"#, "network_ports a, network_ports b"),
        ("network.delete.end", r#"{"network_id":"n"}"#, "cloud_networks n"),
        ("subnet.delete.end", r#"{"subnet_id":"s","subnet":{"network_id":"n"}}"#, "cloud_networks n"),
        (
            "router.interface.delete",
            r#"{"router_interface":{"id":"r","port_id":"p"}}"#,
            "network_routers r, network_ports p",
        ),
        ("router.delete.end", r#"{"router_id":"r"}"#, "network_routers r"),
        ("floatingip.delete.end", r#"{"floatingip_id":"f"}"#, "floating_ips f"),
        (
            "security_group_rule.delete.end",
            r#"{"security_group_rule_id":"x","security_group_rule":{"security_group_id":"g"}}"#,
            "security_groups g",
        ),
        ("tag.create.end", r#"{"found":{"routers":"r"}}"#, "network_routers r"),
        ("rbac_policy.create.end", r#"{"found":{"networks":"n"}}"#, "cloud_networks n"),
        ("quota.update.end", r#"{"quota":{"port":9},"id":"t"}"#, "cloud_tenants t"),
        ("volume.update.end", r#"{"volume_id":"v","volume_attachment":[]}"#, "cloud_volumes v"),
        ("scheduler.create_volume", r#"{"volume_id":"v"}"#, "cloud_volumes v"),
        ("scheduler.retype_volume", r#"{"request_spec":{"volume_id":"v"}}"#, "cloud_volumes v"),
        ("volume.usage", r#"{"volume_id":"v"}"#, "ignored"),
        ("backup.restore.end", r#"{"backup_id":"b","volume_id":"v"}"#, "volume_backups *, cloud_volumes v"),
        ("snapshot.create.error", r#"{"volume_id":"v"}"#, "volume_snapshots *, cloud_volumes v"),
        ("snapshot.delete.start", r#"{"volume_id":"v"}"#, "volume_snapshots *"),
        ("snapshot.update.start", r#"{"volume_id":"v"}"#, "ignored"),
        ("backup.delete.error", r#"{"volume_id":"v"}"#, "volume_backups *, cloud_volumes v"),
        ("backup.create.start", r#"{"volume_id":"v"}"#, "volume_backups *, cloud_volumes v"),
        ("ipsec_site_connection.create.end", r#"{"ipsec_site_connection":{"id":"c"}}"#, "ignored"),
        ("vpnservice.update.end", r#"{"vpnservice":{"id":"c"}}"#, "ignored"),
        ("backup.createprogress", r#"{"volume_id":"v"}"#, "ignored"),
        ("volume_type.update", r"{}", "volume_types *"),
        ("image.member.create", r#"{"image_id":"i"}"#, "images i"),
        ("image.send", r#"{"image_id":"i"}"#, "ignored"),
        ("identity.project.deleted", r#"{"resource_info":"t"}"#, "cloud_tenants t"),
        ("identity.project.updated", r#"{"target":{"id":"t"}}"#, "cloud_tenants t"),
        ("identity.role_assignment.deleted", r"{}", "ignored"),
        ("orchestration.stack.create.start", r#"{"stack_identity":"s"}"#, "orchestration_stacks s"),
        ("orchestration.stack.update.error", r#"{"stack_identity":"s"}"#, "orchestration_stacks s"),
        ("orchestration.autoscaling.end", r#"{"stack_identity":"s"}"#, "orchestration_stacks s"),
        ("attach_volume", r#"{"args":{"instance":{"uuid":"v"}}}"#, "vms v"),
    ] {
        let payload: Value = serde_json::from_str(payload).expect(kind);
        let (route, _) = route_of(&routes, kind).expect(kind);
        let mut led: Vec<_> = route
            .targets
            .iter()
            .flat_map(|t| refs(t, &payload).into_iter().map(move |r| format!("{} {r}", t.collection)))
            .collect();
        led.extend(route.ignore.then(|| "ignored".to_owned()));
        assert_eq!(led.join(", "), expected, "{kind}");
    }
    for unknown in ["compute", "dns.zone.create", "metric.create"] {
        assert!(route_of(&routes, unknown).is_none(), "{unknown}");
    }
}
