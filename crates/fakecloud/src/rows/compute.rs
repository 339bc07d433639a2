//! The rest of nova's objects: flavors, hypervisors, services, aggregates, zones, server groups, key pairs.

use crate::auth::user_of_project;
use crate::clock::{GENESIS, micros};
use crate::ids::{Kind, Place};
use crate::json::{Hex, Null, Obj};
use crate::spec::Minor;
use crate::world::{FIRST_TENANT, View, ZONES};

use super::names;
use super::server::links;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub vcpus: u32,
    pub ram: u32,
    pub disk: u32,
    pub ephemeral: u32,
    pub swap: u32,
}

pub(crate) fn flavor_size(flavor: u32) -> Size {
    let (class, step) = (flavor / 5, flavor % 5);
    let vcpus = [1, 1, 2, 4, 8][step as usize] << (class / 4).min(3);
    let ram_per_cpu = [2_048, 1_024, 8_192, 4_096][class as usize % 4];
    Size {
        vcpus,
        ram: if step == 0 { 512 } else { vcpus * ram_per_cpu },
        disk: [1, 20, 40, 80, 160][step as usize],
        ephemeral: if class % 4 == 3 { 100 } else { 0 },
        swap: if flavor % 9 == 8 { 1_024 } else { 0 },
    }
}

pub(crate) fn extra_specs(flavor: u32, o: &mut Obj<'_>) {
    if !flavor.is_multiple_of(3) {
        o.put("hw:cpu_policy", if flavor % 5 == 4 { "dedicated" } else { "shared" });
    }
}

/// Every seventh flavor is private, to be used by the first tenant and by one other.
pub(crate) fn flavor_is_public(flavor: u32) -> bool {
    flavor % 7 != 6
}

/// Tenants that may use a private flavor.
pub(crate) fn flavor_access(view: &View<'_>, flavor: u32) -> Vec<u32> {
    let mut tenants = vec![0, flavor % view.spec().tenants];
    tenants.dedup();
    tenants
}

pub(crate) fn flavor(view: &View<'_>, minor: Minor, index: u32, o: &mut Obj<'_>) {
    let size = flavor_size(index);
    let id = names::flavor_id(view, index);
    o.put("id", id.as_str()).put("name", names::flavor(view, index));
    o.put("ram", size.ram).put("disk", size.disk);
    // Before 2.75 "no swap" was an empty string.
    match (size.swap, minor) {
        (0, ..75) => o.put("swap", ""),
        (swap, _) => o.put("swap", swap),
    };
    o.put("OS-FLV-EXT-DATA:ephemeral", size.ephemeral).put("OS-FLV-DISABLED:disabled", false);
    o.put("vcpus", size.vcpus).put("os-flavor-access:is_public", flavor_is_public(index));
    o.put("rxtx_factor", serde_json::Value::from(1.0));
    links(o, view, "flavors", &id);
    if minor >= 55 {
        o.put("description", (index % 4 != 3).then_some("simulated flavor"));
    }
    if minor >= 61 {
        o.obj("extra_specs", |o| extra_specs(index, o));
    }
}

/// The second host is down, the fourth disabled by hand.
fn host_state(host: u32) -> (&'static str, &'static str, Option<&'static str>) {
    match host {
        1 => ("down", "enabled", None),
        3 => ("up", "disabled", Some("maintenance")),
        _ => ("up", "enabled", None),
    }
}

/// What the servers of a host use; only hypervisors before 2.88 show it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub servers: u32,
    pub vcpus: u32,
    pub ram: u32,
    pub disk: u32,
}

/// Usage of every host, in one run over the servers.
pub(crate) fn usage(view: &View<'_>) -> Vec<Usage> {
    let mut hosts = vec![Usage::default(); view.span(Kind::Hypervisor) as usize];
    for index in (0..view.span(Kind::Server)).filter(|i| view.exists(Place::new(Kind::Server, *i))) {
        let server = view.server(index);
        if let Some(usage) = server.host.and_then(|h| hosts.get_mut(h as usize)) {
            let size = flavor_size(server.flavor);
            usage.servers += 1;
            usage.vcpus += size.vcpus;
            usage.ram += size.ram;
            usage.disk += size.disk;
        }
    }
    hosts
}

pub(crate) fn hypervisor(view: &View<'_>, minor: Minor, usage: &[Usage], index: u32, o: &mut Obj<'_>) {
    let (state, status, reason) = host_state(index);
    let host = names::host(index);
    match minor {
        ..53 => o.put("id", index + 1),
        _ => o.put("id", view.id(Kind::Hypervisor, index)),
    };
    o.put("hypervisor_hostname", host.as_str()).put("state", state).put("status", status);
    o.put("hypervisor_type", "QEMU").put("hypervisor_version", 7_002_000_u32);
    o.put("host_ip", format!("192.168.{}.{}", 100 + (index >> 8), index & 0xff));
    o.obj("service", |o| {
        match minor {
            ..53 => o.put("id", index + 3),
            _ => o.put("id", view.id(Kind::ComputeService, index + 2)),
        };
        o.put("host", host.as_str()).put("disabled_reason", reason);
    });
    if minor >= 88 {
        o.put("uptime", (state == "up").then_some(" 08:32:11 up 93 days, 18:25,  1 user,  load average: 0.50, 0.40, 0.42"));
        return;
    }
    let used = usage.get(index as usize).copied().unwrap_or_default();
    let (ram, disk) = (1_048_576_u32, 20_000_u32);
    o.put("vcpus", 128_u32).put("vcpus_used", used.vcpus).put("running_vms", used.servers);
    o.put("memory_mb", ram).put("memory_mb_used", used.ram).put("free_ram_mb", ram.saturating_sub(used.ram));
    o.put("local_gb", disk).put("local_gb_used", used.disk).put("free_disk_gb", disk.saturating_sub(used.disk));
    o.put("disk_available_least", disk.saturating_sub(used.disk)).put("current_workload", 0_u32);
    // A string of JSON before 2.28, an object since.
    let topology = r#"{"arch":"x86_64","model":"Skylake-Server-IBRS","vendor":"Intel","topology":{"sockets":2,"cores":32,"threads":2},"features":["vmx","avx2"]}"#;
    match minor {
        ..28 => o.put("cpu_info", topology),
        _ => o.put("cpu_info", serde_json::from_str::<serde_json::Value>(topology).unwrap_or_default()),
    };
}

/// When a heartbeat was last seen: fixed, or moving with the clock.
pub(crate) fn heartbeat(view: &View<'_>, index: u32) -> u64 {
    let world = view.world;
    if world.options.heartbeats { world.clock.now() - u64::from(index % 10) } else { GENESIS + 86_400 }
}

fn service_parts(index: u32) -> (&'static str, String, &'static str) {
    match index {
        0 => ("nova-scheduler", "controller-01".to_owned(), "internal"),
        1 => ("nova-conductor", "controller-01".to_owned(), "internal"),
        i => ("nova-compute", names::host(i - 2), names::ZONE_NAMES[View::zone_of_host(i - 2) as usize]),
    }
}

pub(crate) fn service(view: &View<'_>, minor: Minor, index: u32, o: &mut Obj<'_>) {
    let (binary, host, zone) = service_parts(index);
    let (state, status, reason) = index.checked_sub(2).map_or(("up", "enabled", None), host_state);
    o.put("binary", binary).put("host", host);
    match minor {
        ..53 => o.put("id", index + 1),
        _ => o.put("id", view.id(Kind::ComputeService, index)),
    };
    o.put("zone", zone).put("status", status).put("state", state);
    o.put("updated_at", micros(heartbeat(view, index))).put("disabled_reason", reason);
    if minor >= 11 {
        o.put("forced_down", false);
    }
}

/// One aggregate per zone and one that is no zone.
pub(crate) fn aggregate(view: &View<'_>, minor: Minor, index: u32, o: &mut Obj<'_>) {
    let zone = names::ZONE_NAMES.get(index as usize).copied();
    o.put("id", index + 1);
    if minor >= 41 {
        o.put("uuid", view.id(Kind::Aggregate, index));
    }
    o.put("name", zone.map_or_else(|| "ssd-hosts".to_owned(), |z| format!("zone-{z}")));
    o.list("hosts", |l| {
        let of_zone = |h: &u32| {
            if zone.is_some() { View::zone_of_host(*h) == index } else { h.is_multiple_of(5) }
        };
        for host in (0..view.span(Kind::Hypervisor)).filter(of_zone) {
            l.put(&names::host(host));
        }
    });
    o.obj("metadata", |o| {
        match zone {
            Some(zone) => o.put("availability_zone", zone).put("tier", zone),
            None => o.put("ssd", "true"),
        };
    });
    o.put("created_at", micros(GENESIS + u64::from(index))).put("updated_at", Null).put("deleted_at", Null);
    o.put("deleted", false).put("availability_zone", zone);
}

/// A zone with its hosts; the last is nova's own, `internal`.
pub(crate) fn zone(view: &View<'_>, index: u32, detail: bool, o: &mut Obj<'_>) {
    o.put("zoneName", names::ZONE_NAMES.get(index as usize).copied().unwrap_or("internal"));
    o.obj("zoneState", |o| {
        o.put("available", true);
    });
    if !detail {
        o.put("hosts", Null);
        return;
    }
    let alive = |o: &mut Obj<'_>, service: u32| {
        let (state, status, _) = service.checked_sub(2).map_or(("up", "enabled", None), host_state);
        o.put("available", state == "up").put("active", status == "enabled");
        o.put("updated_at", micros(heartbeat(view, service)));
    };
    o.obj("hosts", |o| {
        if index >= ZONES {
            o.obj("controller-01", |o| {
                o.obj("nova-scheduler", |o| alive(o, 0)).obj("nova-conductor", |o| alive(o, 1));
            });
            return;
        }
        for host in (0..view.span(Kind::Hypervisor)).filter(|h| View::zone_of_host(*h) == index) {
            o.obj(&names::host(host), |o| {
                o.obj("nova-compute", |o| alive(o, host + 2));
            });
        }
    });
}

/// The first three servers of each tenant form a group.
pub(crate) fn in_group(view: &View<'_>, server: u32) -> bool {
    server / view.spec().tenants < 3
}

pub(crate) fn server_group(view: &View<'_>, minor: Minor, index: u32, o: &mut Obj<'_>) {
    let policy = if index.is_multiple_of(2) { "anti-affinity" } else { "affinity" };
    o.put("id", view.id(Kind::ServerGroup, index)).put("name", format!("{}-group", names::tenant(index)));
    if minor < 64 {
        o.put("policies", [policy]);
    } else {
        o.put("policy", policy).obj("rules", |_| {});
    }
    o.list("members", |l| {
        let members = (0..3).map(|n| index + n * view.spec().tenants);
        for server in members.filter(|i| view.exists(Place::new(Kind::Server, *i))) {
            l.put(&view.id(Kind::Server, server));
        }
    });
    if minor < 64 {
        o.obj("metadata", |_| {});
    }
    if minor >= 13 {
        let project = FIRST_TENANT + index;
        o.put("project_id", Hex(view.id(Kind::Project, project)));
        o.put("user_id", Hex(view.id(Kind::User, user_of_project(project))));
    }
}

pub(crate) fn keypair(view: &View<'_>, minor: Minor, tenant: u32, o: &mut Obj<'_>) {
    let dice = view.chance(Kind::Keypair, tenant, 1).to_be_bytes();
    let print: Vec<String> = dice.iter().chain(&dice).map(|b| format!("{b:02x}")).collect();
    o.obj("keypair", |o| {
        o.put("name", names::key(tenant)).put("public_key", format!("ssh-rsa AAAAB3Nza{tenant:06} sim"));
        o.put("fingerprint", print.join(":"));
        if minor >= 2 {
            o.put("type", "ssh");
        }
    });
}
