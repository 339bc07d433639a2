//! Names of things, by index; a rename in the overlay wins.

use crate::auth::project_name;
use crate::ids::Kind;
use crate::world::{FIRST_TENANT, GROUPS, View};

pub(crate) const ROLES: [&str; 4] = ["web", "db", "cache", "app"];
pub(crate) const VOLUME_TYPES: [&str; 3] = ["hdd", "ssd", "__DEFAULT__"];
pub(crate) const GROUP_NAMES: [&str; GROUPS as usize] = ["default", "web", "db"];
pub(crate) const ZONE_NAMES: [&str; 3] = ["az-1", "az-2", "az-3"];

fn renamed(view: &View<'_>, kind: Kind, index: u32, generated: impl FnOnce() -> String) -> String {
    view.tweak(kind, index).and_then(|t| t.name.clone()).unwrap_or_else(generated)
}

pub(crate) fn role(index: u32) -> &'static str {
    ROLES[index as usize % ROLES.len()]
}

pub(crate) fn server(view: &View<'_>, index: u32) -> String {
    renamed(view, Kind::Server, index, || format!("{}-{index:05}", role(index)))
}

pub(crate) fn host(index: u32) -> String {
    format!("compute-{:04}", index + 1)
}

pub(crate) fn tenant(tenant: u32) -> String {
    project_name(FIRST_TENANT + tenant)
}

pub(crate) fn key(owner: u32) -> String {
    format!("{}-key", tenant(owner))
}

pub(crate) fn network(view: &View<'_>, index: u32) -> String {
    renamed(view, Kind::Network, index, || match view.tenant_of_network(index) {
        Some(t) => format!("{}-{}", tenant(t), if index.is_multiple_of(2) { "front" } else { "back" }),
        None if index == view.external_network() => "public".to_owned(),
        None => "shared".to_owned(),
    })
}

pub(crate) fn volume(view: &View<'_>, kind: Kind, index: u32) -> String {
    renamed(view, kind, index, || match kind {
        Kind::VolumeData => format!("data-{index:05}"),
        // A root disk made by nova on the way has no name.
        Kind::VolumeRoot => String::new(),
        _ => format!("spare-{index:05}"),
    })
}

pub(crate) fn flavor(view: &View<'_>, index: u32) -> String {
    renamed(view, Kind::Flavor, index, || {
        let (class, size) = (index as usize / 5, index as usize % 5);
        let class_name = ["m1", "c1", "r1", "g1", "s1", "x1", "d1", "i1"][class % 8];
        let size_name = ["tiny", "small", "medium", "large", "xlarge"][size];
        match class / 8 {
            0 => format!("{class_name}.{size_name}"),
            round => format!("{class_name}.{size_name}.{round}"),
        }
    })
}

/// The first five flavors have the short ids old clouds gave them.
pub(crate) fn flavor_id(view: &View<'_>, index: u32) -> String {
    if index < 5 { (index + 1).to_string() } else { view.id(Kind::Flavor, index).to_string() }
}
