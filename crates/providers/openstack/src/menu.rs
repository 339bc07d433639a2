//! The collections OpenStack fills: the cloud menu, with what is different here.
//!
//! Knows no API and no record; parsers and collectors find their collections through [`Collections`].

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use stocktake_model::menu::MenuBuilder;
use stocktake_model::{CollectionIx, Menu, MenuError, menus};

use crate::collect;

/// Raised whenever a parser gives another meaning to a field: all rows are compared anew.
const MAPPING_VERSION: u32 = 1;

/// The menu. Built once: every provider of this type shares it.
pub(crate) fn menu() -> Arc<Menu> {
    static MENU: LazyLock<Arc<Menu>> = LazyLock::new(|| {
        let menu = build().and_then(MenuBuilder::build);
        Arc::new(menu.unwrap_or_else(|e| unreachable!("the menu is data, and a test builds it: {e}")))
    });
    Arc::clone(&MENU)
}

fn build() -> Result<MenuBuilder, MenuError> {
    Menu::builder()
        .pick(menus::with_targets(menus::for_cloud()))
        .mapping_version(MAPPING_VERSION)
        .change_each(|c| c.embedded = collect::comes_with_its_owner(c))
        // Nova deletes the ports it made for a server and leaves those that were brought to it; it frees volumes or deletes
        // them, as was said when each was attached. What becomes of a floating IP it does not say at all.
        .change("network_ports", |c| c.asked_with = Cow::Borrowed(&["vm", "network_router", "floating_ip"]))?
        .change("floating_ips", |c| c.asked_with = Cow::Borrowed(&["vm"]))?
        .change("volume_attachments", |c| c.asked_with = Cow::Borrowed(&["vm"]))?
        // Nova names flavors since 2.47 and hypervisors always by name, Cinder types until 3.63.
        .change("vms", |c| {
            c.link_by("flavor", "name");
            c.link_by("host", "name");
        })?
        .change("services", |c| c.link_by("host", "service_host"))?
        .change("host_aggregate_hosts", |c| c.link_by("host", "service_host"))
}

macro_rules! collections {
    ($($name:ident),+ $(,)?) => {
        /// Positions of the collections in [`menu`].
        #[derive(Debug, Clone, Copy)]
        pub(crate) struct Collections { $(pub(crate) $name: CollectionIx,)+ }

        impl Collections {
            /// The positions, looked up once.
            pub(crate) fn get() -> &'static Self {
                static POSITIONS: LazyLock<Collections> = LazyLock::new(|| {
                    let menu = menu();
                    Collections { $($name: menu.expect_ix(stringify!($name)),)+ }
                });
                &POSITIONS
            }
        }
    };
}

collections! {
    vms, hosts, hardwares, disks, nics, operating_systems, images, labels,
    flavors, availability_zones, host_aggregates, host_aggregate_hosts, cloud_tenants, key_pairs, server_groups,
    server_group_members, quotas, services,
    cloud_networks, cloud_subnets, network_ports, cloud_subnet_network_ports, network_ports_security_groups,
    network_routers, floating_ips, security_groups, firewall_rules,
    cloud_volumes, volume_types, volume_snapshots, volume_backups, volume_attachments,
    orchestration_stacks, stack_resources, stack_parameters, stack_outputs,
}
