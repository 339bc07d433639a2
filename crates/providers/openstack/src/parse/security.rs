//! Neutron's security groups with their rules.

use serde::Deserialize;
use stocktake_model::Rows;
use stocktake_model::menus::machines::labels;
use stocktake_model::menus::network::{firewall_rules, security_groups as security_group};

use super::Parsing;
use super::labels::Owner;
use super::lenient::{Flag, Int, List, Text, Time};
use super::words::Document as _;
use crate::menu::Collections;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SecurityGroup<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    stateful: Flag,
    shared: Flag,
    tenant_id: Text<'a>,
    project_id: Text<'a>,
    security_group_rules: List<Rule<'a>>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rule<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    direction: Text<'a>,
    ethertype: Text<'a>,
    protocol: Text<'a>,
    port_range_min: Int,
    port_range_max: Int,
    remote_ip_prefix: Text<'a>,
    remote_group_id: Text<'a>,
    description: Text<'a>,
}

pub(super) fn security_groups(p: &mut Parsing<'_, '_>) {
    p.each("security_groups", p.c.security_groups, |c, json, g: SecurityGroup<'_>, out| {
        let id = g.id.get().unwrap_or_default();
        out.row(c.security_groups, id)
            .text(security_group::name, g.name.get())
            .text(security_group::description, g.description.filled())
            .bool(security_group::is_stateful, g.stateful.0)
            .bool(security_group::is_shared, g.shared.0)
            .time(security_group::ems_created_on, g.created_at.0)
            .time(security_group::ems_updated_on, g.updated_at.0)
            .opt_link(security_group::cloud_tenant, g.project_id.or(&g.tenant_id).filled())
            .document(json)
            .finish();
        for rule in g.security_group_rules.iter() {
            rule_row(c, id, rule, out);
        }
        Owner { collection: "security_groups", link: labels::security_group, id }.tags(c, out, &g.tags);
    });
}

fn rule_row(c: &Collections, group: &str, r: &Rule<'_>, out: &mut Rows) {
    let ip_version = match r.ethertype.get() {
        Some("IPv4") => Some(4),
        Some("IPv6") => Some(6),
        _ => None,
    };
    out.row(c.firewall_rules, r.id.get().unwrap_or_default())
        .text(firewall_rules::direction, r.direction.filled())
        .int(firewall_rules::ip_version, ip_version)
        .text(firewall_rules::protocol, r.protocol.filled())
        .int(firewall_rules::port_min, r.port_range_min.0)
        .int(firewall_rules::port_max, r.port_range_max.0)
        .text(firewall_rules::remote_cidr, r.remote_ip_prefix.filled())
        .text(firewall_rules::description, r.description.filled())
        .link(firewall_rules::security_group, group)
        .opt_link(firewall_rules::remote_security_group, r.remote_group_id.filled())
        .finish();
}
