//! The services a cloud offers and where. The network entry has no `/v2.0` and cinder's has the project in it, as in
//! real clouds: a client must cope with both.

use crate::ids::Kind;
use crate::json::{Hex, List};
use crate::wire::Service;

use super::Context;

pub(crate) struct Entry {
    pub name: &'static str,
    pub kind: &'static str,
    service: Service,
    tail: &'static str,
    needs_project: bool,
}

const fn entry(name: &'static str, kind: &'static str, service: Service, tail: &'static str, project: bool) -> Entry {
    Entry { name, kind, service, tail, needs_project: project }
}

const ENTRIES: [Entry; 7] = [
    entry("neutron", "network", Service::Network, "", false),
    entry("cinderv3", "volumev3", Service::Volume, "/v3/", true),
    entry("keystone", "identity", Service::Identity, "/v3/", false),
    entry("cinder", "block-storage", Service::Volume, "/v3/", true),
    entry("glance", "image", Service::Image, "", false),
    entry("nova", "compute", Service::Compute, "/v2.1", false),
    entry("heat", "orchestration", Service::Orchestration, "/v1/", true),
];

pub(crate) const INTERFACES: [&str; 3] = ["public", "internal", "admin"];

/// The offered services with their index.
pub(crate) fn entries(context: &Context<'_>) -> impl Iterator<Item = (u32, &'static Entry)> {
    let heat = context.view.world.options.orchestration;
    (0..).zip(ENTRIES.iter()).filter(move |(_, e)| heat || e.service != Service::Orchestration)
}

/// The url of an entry; `None` when it needs a project and the token has none.
pub(crate) fn url(context: &Context<'_>, entry: &Entry, project: Option<u32>) -> Option<String> {
    let root = context.root(entry.service);
    match (entry.needs_project, project) {
        (false, _) => Some(format!("{root}{}", entry.tail)),
        (true, Some(p)) => {
            let id = context.view.id(Kind::Project, p).hex();
            Some(format!("{root}{}{}", entry.tail, String::from_utf8_lossy(&id)))
        }
        (true, None) => None,
    }
}

/// The `catalog` of a token.
pub(crate) fn write(context: &Context<'_>, project: Option<u32>, list: &mut List<'_>) {
    for (index, entry) in entries(context) {
        let Some(url) = url(context, entry, project) else {
            continue;
        };
        list.obj(|o| {
            o.list("endpoints", |l| {
                for (i, interface) in (0..).zip(INTERFACES) {
                    l.obj(|o| {
                        o.put("id", Hex(context.view.id(Kind::Endpoint, index * 3 + i)));
                        o.put("interface", interface).put("region_id", "RegionOne");
                        o.put("url", url.as_str()).put("region", "RegionOne");
                    });
                }
            });
            o.put("id", Hex(context.view.id(Kind::Service, index)));
            o.put("type", entry.kind).put("name", entry.name);
        });
    }
}
