//! What nova has besides servers and hosts: flavors, zones, aggregates, groups, keys.

use serde::Deserialize;
use stocktake_model::Key;
use stocktake_model::menus::cloud::{
    availability_zones, flavors as flavor, host_aggregate_hosts, host_aggregates, key_pairs as key_pair,
    server_group_members, server_groups as server_group,
};
use stocktake_model::menus::machines::labels;

use super::Parsing;
use super::decode::Json;
use super::labels::Owner;
use super::lenient::{Flag, Int, List, Map, Text, Time};
use super::words::{self, BY_SERVICE_HOST, Document as _, GIB, MIB};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Flavor<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    vcpus: Int,
    ram: Int,
    disk: Int,
    swap: Int,
    #[serde(rename = "OS-FLV-EXT-DATA:ephemeral")]
    ephemeral: Int,
    #[serde(rename = "OS-FLV-DISABLED:disabled")]
    disabled: Flag,
    #[serde(rename = "os-flavor-access:is_public")]
    is_public: Flag,
    extra_specs: Map<'a, Text<'a>>,
}

pub(super) fn flavors(p: &mut Parsing<'_, '_>) {
    p.each("flavors", p.c.flavors, |c, json, f: Flavor<'_>, out| {
        let id = f.id.get().unwrap_or_default();
        out.row(c.flavors, id)
            .text(flavor::name, f.name.get())
            .text(flavor::description, f.description.filled())
            .int(flavor::cpu_total_cores, f.vcpus.0)
            .int(flavor::memory_mb, f.ram.0)
            .int(flavor::root_disk_bytes, f.disk.times(GIB))
            .int(flavor::ephemeral_disk_bytes, f.ephemeral.times(GIB))
            .int(flavor::swap_disk_bytes, f.swap.times(MIB).unwrap_or(0))
            .bool(flavor::is_public, f.is_public.0)
            .bool(flavor::is_enabled, f.disabled.0.map(|d| !d))
            .document(json)
            .finish();
        Owner { collection: "flavors", link: labels::flavor, id }.map(c, out, "extra_specs", &f.extra_specs);
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Zone<'a> {
    #[serde(rename = "zoneName", borrow)]
    name: Text<'a>,
    #[serde(rename = "zoneState")]
    state: ZoneState,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ZoneState {
    available: Flag,
}

pub(super) fn zones(p: &mut Parsing<'_, '_>) {
    zones_of(p, "compute");
}

/// Nova and Cinder describe zones alike.
pub(super) fn zones_of(p: &mut Parsing<'_, '_>, kind: &'static str) {
    p.each("availabilityZoneInfo", p.c.availability_zones, |c, json, z: Zone<'_>, out| {
        out.row(c.availability_zones, words::zone(kind, z.name.get()))
            .text(availability_zones::kind, kind)
            .text(availability_zones::name, z.name.get())
            .bool(availability_zones::is_available, z.state.available.0)
            .document(json)
            .finish();
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Aggregate<'a> {
    /// Always a number: another id would look like another aggregate.
    id: Int,
    #[serde(borrow)]
    uuid: Text<'a>,
    name: Text<'a>,
    availability_zone: Text<'a>,
    hosts: List<Text<'a>>,
    metadata: Map<'a, Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

pub(super) fn aggregates(p: &mut Parsing<'_, '_>) {
    p.each("aggregates", p.c.host_aggregates, |c, json, a: Aggregate<'_>, out| {
        let id = a.id.0.map(|id| id.to_string()).unwrap_or_default();
        let id = id.as_str();
        out.row(c.host_aggregates, id)
            .text(host_aggregates::name, a.name.get())
            .text(host_aggregates::uid, a.uuid.filled())
            .time(host_aggregates::ems_created_on, a.created_at.0)
            .time(host_aggregates::ems_updated_on, a.updated_at.0)
            .link(host_aggregates::availability_zone, words::zone("compute", a.availability_zone.get()))
            .document(json)
            .finish();
        for host in a.hosts.iter().filter_map(Text::filled) {
            out.row(c.host_aggregate_hosts, Key::new().and_link(&Key::text(id)).and_text(host))
                .text(host_aggregate_hosts::host_name, host)
                .link(host_aggregate_hosts::host_aggregate, id)
                .link_by(host_aggregate_hosts::host, BY_SERVICE_HOST, host)
                .finish();
        }
        Owner { collection: "host_aggregates", link: labels::host_aggregate, id }.map(c, out, "metadata", &a.metadata);
    });
}

/// Until 2.63 a list of policies with one in it, then one policy and its rules.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ServerGroup<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    policy: Text<'a>,
    policies: List<Text<'a>>,
    rules: Option<Json<'a>>,
    members: List<Text<'a>>,
    project_id: Text<'a>,
    user_id: Text<'a>,
}

pub(super) fn server_groups(p: &mut Parsing<'_, '_>) {
    p.each("server_groups", p.c.server_groups, |c, json, g: ServerGroup<'_>, out| {
        let id = g.id.get().unwrap_or_default();
        let policy = g.policy.filled().or_else(|| g.policies.iter().find_map(Text::filled));
        out.row(c.server_groups, id)
            .text(server_group::name, g.name.get())
            .text(server_group::policy, policy)
            .json(server_group::rules, g.rules.as_ref().map(Json::as_raw_str))
            .text(server_group::user_ref, g.user_id.filled())
            .opt_link(server_group::cloud_tenant, g.project_id.filled())
            .document(json)
            .finish();
        for vm in g.members.iter().filter_map(Text::filled) {
            out.row(c.server_group_members, Key::new().and_link(&Key::text(id)).and_link(&Key::text(vm)))
                .link(server_group_members::server_group, id)
                .link(server_group_members::vm, vm)
                .finish();
        }
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct KeyPairRecord<'a> {
    #[serde(borrow)]
    keypair: KeyPair<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct KeyPair<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    #[serde(rename = "type")]
    kind: Text<'a>,
    fingerprint: Text<'a>,
    public_key: Text<'a>,
}

/// The list does not say whose keys they are; the page's context does.
pub(super) fn key_pairs(p: &mut Parsing<'_, '_>) {
    let user = p.page.context.clone();
    p.each("keypairs", p.c.key_pairs, |c, json, k: KeyPairRecord<'_>, out| {
        let k = k.keypair;
        out.row(c.key_pairs, Key::text(&user).and_text(k.name.get().unwrap_or_default()))
            .text(key_pair::user_ref, &*user)
            .text(key_pair::name, k.name.get())
            .text(key_pair::kind, k.kind.filled().unwrap_or("ssh"))
            .text(key_pair::fingerprint, k.fingerprint.filled())
            .text(key_pair::public_key, k.public_key.filled())
            .document(json)
            .finish();
    });
}
