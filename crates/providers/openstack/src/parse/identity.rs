//! Keystone's projects.

use serde::Deserialize;
use stocktake_model::menus::cloud::cloud_tenants;
use stocktake_model::menus::machines::labels;

use super::Parsing;
use super::labels::Owner;
use super::lenient::{Flag, List, Text};
use super::words::Document as _;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Project<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    enabled: Flag,
    domain_id: Text<'a>,
    parent_id: Text<'a>,
    tags: List<Text<'a>>,
}

pub(super) fn projects(p: &mut Parsing<'_, '_>) {
    p.each("projects", p.c.cloud_tenants, |c, json, t: Project<'_>, out| {
        let id = t.id.get().unwrap_or_default();
        // At the top of its domain a project names the domain as its parent, which is no project.
        let parent = t.parent_id.filled().filter(|parent| t.domain_id.get() != Some(parent));
        out.row(c.cloud_tenants, id)
            .text(cloud_tenants::name, t.name.get())
            .text(cloud_tenants::description, t.description.filled())
            .bool(cloud_tenants::is_enabled, t.enabled.0)
            .text(cloud_tenants::domain_ref, t.domain_id.filled())
            .opt_link(cloud_tenants::parent, parent)
            .document(json)
            .finish();
        Owner { collection: "cloud_tenants", link: labels::cloud_tenant, id }.tags(c, out, &t.tags);
    });
}
