//! The routes by themselves: whether every word in them means something, and where every recorded type goes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use stocktake_events::{Glob, Route, Routes};
use stocktake_model::Target;

use super::recorded;
use crate::OpenStack;

/// As a handler of events reads them: groups, severities, paths, and what may be a target are checked there.
fn routes() -> Routes {
    Routes::of_type(&OpenStack, None).expect("every word means something").expect("OpenStack has events")
}

fn route_of<'r>(routes: &'r Routes, kind: &str) -> Option<(&'r Route, &'r str)> {
    let route = routes.find(kind)?;
    let glob = route.types.iter().find(|glob| glob.matches(kind)).expect("it was found by one of them");
    Some((route, glob.as_str()))
}

fn shown(target: &Target) -> String {
    format!("{} {}", target.collection, if target.is_whole() { "*" } else { &target.reference })
}

#[test]
fn every_word_in_a_route_means_something() {
    for route in routes().all() {
        let place = &route.types;
        assert_eq!(route.ignore, !route.has_targets(), "{place:?}: causes something, or is known not to");
        assert!(!route.types.is_empty());
        for wait in &route.look_again {
            assert!(wait.subsec_nanos() == 0 && (1..=60).contains(&wait.as_secs()), "{place:?}: {wait:?}");
        }
    }
}

/// A glob that an earlier one covers would never be taken.
#[test]
fn no_type_is_named_in_vain() {
    let routes = routes();
    let mut seen: Vec<&Glob> = Vec::new();
    for glob in routes.all().iter().flat_map(|route| &route.types) {
        // A glob is covered by another that matches it as a text.
        let cover = seen.iter().find(|earlier| earlier.matches(glob.as_str()));
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
        for target in route.targets(&event.payload) {
            let _ = write!(line, "\n    {}", shown(&target));
        }
        if !route.look_again.is_empty() {
            let waits: Vec<_> = route.look_again.iter().map(|wait| format!("{}s", wait.as_secs())).collect();
            let _ = write!(line, "\n    again after {}", waits.join(", "));
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
        let targets = route.targets(&event.payload);
        assert!(route.ignore || !targets.is_empty(), "{} by {glob} leads nowhere: {}", event.kind, event.payload);
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
        let mut led: Vec<_> = route.targets(&payload).iter().map(shown).collect();
        led.extend(route.ignore.then(|| "ignored".to_owned()));
        assert_eq!(led.join(", "), expected, "{kind}");
    }
    for unknown in ["compute", "dns.zone.create", "metric.create"] {
        assert!(route_of(&routes, unknown).is_none(), "{unknown}");
    }
}
