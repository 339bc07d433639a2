//! Machines and programs the cloud runs on: hypervisors, compute and volume services, network agents.
//!
//! Their records carry clocks and counters (uptime, heartbeats, memory in use) that change with every look; those are
//! neither columns nor part of the document's digest, or every refresh would write every host.

use serde::Deserialize;
use sonic_rs::JsonValueTrait;
use stocktake_model::menus::cloud::services;
use stocktake_model::menus::machines::{hardwares, hosts};
use stocktake_model::{Key, Rows};

use super::Parsing;
use super::decode::{self, Json};
use super::lenient::{Flag, Int, Text};
use super::words::{self, BY_SERVICE_HOST, GIB};
use crate::menu::Collections;

/// Sizes are here until 2.87; later clouds keep them in placement.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hypervisor<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    hypervisor_hostname: Text<'a>,
    state: Text<'a>,
    status: Text<'a>,
    hypervisor_type: Text<'a>,
    hypervisor_version: Text<'a>,
    host_ip: Text<'a>,
    service: HypervisorService<'a>,
    vcpus: Int,
    memory_mb: Int,
    local_gb: Int,
    cpu_info: Option<Json<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct HypervisorService<'a> {
    #[serde(borrow)]
    host: Text<'a>,
    disabled_reason: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cpu<'a> {
    #[serde(borrow)]
    model: Text<'a>,
    arch: Text<'a>,
    topology: Topology,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Topology {
    sockets: Int,
    cores: Int,
}

pub(super) fn hypervisors(p: &mut Parsing<'_, '_>) {
    p.each("hypervisors", p.c.hosts, |c, json, h: Hypervisor<'_>, out| {
        let id = h.id.get().unwrap_or_default();
        let up = h.state.filled().map(|state| state.eq_ignore_ascii_case("up"));
        // One ironic service stands before many machines: its name finds none of them.
        let alone = !h.hypervisor_type.get().unwrap_or_default().eq_ignore_ascii_case("ironic");
        out.row(c.hosts, id)
            .text(hosts::name, h.hypervisor_hostname.get())
            .text(hosts::service_host, h.service.host.filled().filter(|_| alone))
            .text(hosts::ip_address, h.host_ip.filled())
            .text(hosts::power_state, if up == Some(true) { "on" } else { "unknown" })
            .text(hosts::raw_power_state, h.state.filled())
            .text(hosts::connection_state, up.map(|up| if up { "connected" } else { "disconnected" }))
            .bool(hosts::is_enabled, h.status.filled().map(|status| status.eq_ignore_ascii_case("enabled")))
            .text(hosts::disabled_reason, h.service.disabled_reason.filled())
            .text(hosts::hypervisor_type, h.hypervisor_type.filled())
            .text(hosts::hypervisor_version, h.hypervisor_version.filled())
            .raw(json)
            .raw_digest_of(&h.lasting())
            .finish();
        hardware(c, id, &h, out);
    });
}

impl Hypervisor<'_> {
    /// What of the document lasts from one look to the next.
    fn lasting(&self) -> String {
        let texts = [&self.hypervisor_hostname, &self.state, &self.status, &self.host_ip, &self.hypervisor_version];
        let mut lasting: Vec<_> = texts.iter().map(|t| t.get().unwrap_or_default().to_owned()).collect();
        let service = [&self.service.host, &self.service.disabled_reason];
        lasting.extend(service.iter().map(|t| t.get().unwrap_or_default().to_owned()));
        lasting.extend([self.vcpus, self.memory_mb, self.local_gb].map(|n| n.0.unwrap_or(-1).to_string()));
        lasting.push(self.cpu_info.as_ref().map(|info| info.as_raw_str().to_owned()).unwrap_or_default());
        lasting.join("\n")
    }
}

fn hardware(c: &Collections, id: &str, h: &Hypervisor<'_>, out: &mut Rows) {
    if id.is_empty() || h.vcpus.0.is_none() && h.memory_mb.0.is_none() {
        return;
    }
    // An object since 2.28, before that a text with an object in it.
    let info = h.cpu_info.as_ref();
    let json = info.map(|info| info.as_str().unwrap_or_else(|| info.as_raw_str())).unwrap_or_default();
    let cpu: Cpu<'_> = decode::record(json).unwrap_or_default();
    out.row(c.hardwares, words::of_host(&Key::text(id)))
        .int(hardwares::cpu_total_cores, h.vcpus.0)
        .int(hardwares::cpu_sockets, cpu.topology.sockets.0)
        .int(hardwares::cpu_cores_per_socket, cpu.topology.cores.0)
        .text(hardwares::cpu_type, cpu.model.filled())
        .text(hardwares::architecture, cpu.arch.filled())
        .int(hardwares::memory_mb, h.memory_mb.0)
        .int(hardwares::disk_capacity_bytes, h.local_gb.times(GIB))
        .link(hardwares::host, id)
        .finish();
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Service<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    binary: Text<'a>,
    host: Text<'a>,
    zone: Text<'a>,
    status: Text<'a>,
    state: Text<'a>,
    disabled_reason: Text<'a>,
    forced_down: Flag,
    // Of agents.
    agent_type: Text<'a>,
    availability_zone: Text<'a>,
    admin_state_up: Flag,
    alive: Flag,
}

pub(super) fn compute_services(p: &mut Parsing<'_, '_>) {
    services_of(p, "services", "compute");
}

pub(super) fn volume_services(p: &mut Parsing<'_, '_>) {
    services_of(p, "services", "volume");
}

pub(super) fn agents(p: &mut Parsing<'_, '_>) {
    services_of(p, "agents", "network");
}

fn services_of(p: &mut Parsing<'_, '_>, root: &'static str, service: &'static str) {
    p.each(root, p.c.services, |c, json, s: Service<'_>, out| {
        let name = s.agent_type.or(&s.binary).get().unwrap_or_default();
        let host = s.host.get().unwrap_or_default();
        // Since 2.69 nova lists so the services of a cell that is down: nothing else of them is known.
        if s.id.filled().is_none() && s.status.get() == Some("UNKNOWN") {
            return out.malformed(c.services, format!("{name} {host}"), "its cell is down; only its host is known");
        }
        let is_up = s.alive.0.or(s.state.filled().map(|state| state == "up"));
        let is_enabled = s.admin_state_up.0.or(s.status.filled().map(|status| status == "enabled"));
        let zone = s.zone.or(&s.availability_zone).filled();
        let reason = s.disabled_reason.filled();
        let lasting = format!("{:?}", (&s.id, &s.binary, zone, is_up, is_enabled, reason, s.forced_down));
        let on_host = if s.binary.get() == Some("nova-compute") { host } else { "" };
        out.row(c.services, Key::text(service).and_text(name).and_text(host))
            .text(services::service, service)
            .text(services::name, name)
            .text(services::host_name, host)
            .text(services::uid, s.id.filled())
            .text(services::program, s.binary.filled())
            .text(services::zone_name, zone)
            .bool(services::is_up, is_up)
            .bool(services::is_enabled, is_enabled)
            .text(services::disabled_reason, reason)
            .link_by(services::host, BY_SERVICE_HOST, on_host)
            .raw(json)
            .raw_digest_of(&lasting)
            .finish();
    });
}
