//! Quotas: one object for each project and service, named numbers. Whose they are stands in the page's context.

use sonic_rs::JsonValueTrait;
use stocktake_model::Key;
use stocktake_model::menus::cloud::quotas;

use super::{Parsing, decode, place};

pub(super) fn compute(p: &mut Parsing<'_, '_>) {
    quotas_of(p, "quota_set", "compute");
}

pub(super) fn volume(p: &mut Parsing<'_, '_>) {
    quotas_of(p, "quota_set", "volume");
}

pub(super) fn network(p: &mut Parsing<'_, '_>) {
    quotas_of(p, "quota", "network");
}

fn quotas_of(p: &mut Parsing<'_, '_>, root: &'static str, service: &'static str) {
    let project = &*p.page.context;
    let set = match decode::root(p.body, root) {
        Ok(set) if set.is_object() => set,
        Ok(_) => return p.out.malformed(p.c.quotas, place(p.page, None), format!("'{root}' is not an object")),
        Err(shape) => return p.out.malformed(p.c.quotas, place(p.page, None), shape.to_string()),
    };
    for (name, value) in decode::entries(set.as_raw_str()) {
        // The rest is the project's id and, in some releases, flags.
        let Some(limit) = value.as_i64() else { continue };
        let tenant = Key::text(project);
        p.out
            .row(p.c.quotas, Key::new().and_link(&tenant).and_text(service).and_text(&name))
            .text(quotas::service, service)
            .text(quotas::name, &*name)
            .int(quotas::max_value, limit)
            .link(quotas::cloud_tenant, project)
            .finish();
    }
}
