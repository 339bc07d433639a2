//! Every listing, as data: what is asked, how its pages are followed, which rows come of it.

use stocktake_model::{Collection, CollectionIx};

use crate::api::{Service, Version};
use crate::menu::menu;

/// One listing of one service.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) name: &'static str,
    pub(crate) service: Service,
    /// After the service's version; `{}` is whatever the listing is of.
    pub(crate) path: &'static str,
    /// Where those ask instead who may not see everybody's.
    pub(crate) own_path: Option<&'static str>,
    /// Asked always.
    pub(crate) query: &'static str,
    /// How to see every project's.
    pub(crate) everybody: Everybody,
    pub(crate) paging: Paging,
    /// The list's name in a page.
    pub(crate) root: &'static str,
    /// Where a record's identity stands.
    pub(crate) id: &'static str,
    pub(crate) feeds: &'static [&'static str],
    /// The newest microversion that still has what is wanted.
    pub(crate) newest: Option<Version>,
    /// Not every cloud has it: a 404 is no failure.
    pub(crate) optional: bool,
    /// There is always something: an empty list is an error.
    pub(crate) never_empty: bool,
    /// How one of its records is asked for by id.
    pub(crate) one: Option<One>,
}

/// Who sees what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Everybody {
    /// All see the same.
    Same,
    /// Asked for by this; who may not is refused with 403 and asks for the own project's.
    Asked(&'static str),
    /// Who may sees all, others see their own project's; nobody is told which. The query, where there is one, is ignored
    /// for those who may not.
    Silent(&'static str),
    /// For those who run the cloud; others are refused.
    Operators,
    /// The credential's user's own, whoever asks.
    User,
}

/// Whose records are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose<'a> {
    Everybody,
    /// What a service shows to those who may not see everybody's.
    Shown,
    /// This project's and no other's, whatever the roles would show.
    Project(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paging {
    /// All in one answer.
    Whole,
    /// `limit`, and a list of links under this name, one of them `"rel": "next"`. Records are large.
    Links(&'static str),
    /// Likewise, with small records: five times as many in a page.
    LightLinks(&'static str),
    /// `limit`, and the link itself under `next`.
    Next,
    /// `limit` and `offset`, until a page is empty: a service may give fewer than asked for.
    Offset,
}

/// A record by its id, made to look as if it came in the list.
#[derive(Debug, Clone, Copy)]
pub(crate) struct One {
    /// `{}` is the id.
    pub(crate) path: &'static str,
    /// Its name in the answer; empty where the answer is the record itself.
    pub(crate) root: &'static str,
}

const fn one(path: &'static str, root: &'static str) -> One {
    One { path, root }
}

/// Most of what a listing says; the rest is changed where it differs.
const fn list(
    name: &'static str,
    service: Service,
    path: &'static str,
    root: &'static str,
    everybody: Everybody,
    paging: Paging,
    feeds: &'static [&'static str],
) -> Listing {
    Listing {
        name,
        service,
        path,
        own_path: None,
        query: "",
        everybody,
        paging,
        root,
        id: "id",
        feeds,
        newest: None,
        optional: false,
        never_empty: false,
        one: None,
    }
}

use Everybody::{Asked, Operators, Same, Silent, User};
use Paging::{LightLinks, Links, Next, Offset, Whole};
use Service::{Compute, Identity, Image, Network, Orchestration, Volume};

/// What a full run asks, the longest first.
#[rustfmt::skip]
pub(crate) const LISTINGS: &[Listing] = &[
    Listing {
        one: Some(one("/servers/{}", "server")),
        ..list("servers", Compute, "/servers/detail", "servers", Asked("all_tenants=1"), Links("servers_links"),
            &["vms", "hardwares", "disks", "nics", "operating_systems", "labels"])
    },
    Listing {
        one: Some(one("/ports/{}", "port")),
        ..list("ports", Network, "/ports", "ports", Silent(""), LightLinks("ports_links"),
            &["network_ports", "cloud_subnet_network_ports", "network_ports_security_groups", "labels"])
    },
    Listing {
        one: Some(one("/volumes/{}", "volume")),
        ..list("volumes", Volume, "/volumes/detail", "volumes", Silent("all_tenants=1"), Links("volumes_links"),
            &["cloud_volumes", "volume_attachments", "disks", "labels"])
    },
    list("snapshots", Volume, "/snapshots/detail", "snapshots", Silent("all_tenants=1"), LightLinks("snapshots_links"),
        &["volume_snapshots", "labels"]),
    Listing {
        optional: true,
        ..list("backups", Volume, "/backups/detail", "backups", Silent("all_tenants=1"), LightLinks("backups_links"),
            &["volume_backups"])
    },
    Listing {
        one: Some(one("/networks/{}", "network")),
        ..list("networks", Network, "/networks", "networks", Silent(""), LightLinks("networks_links"),
            &["cloud_networks", "labels"])
    },
    list("subnets", Network, "/subnets", "subnets", Silent(""), LightLinks("subnets_links"), &["cloud_subnets", "labels"]),
    Listing {
        one: Some(one("/routers/{}", "router")),
        ..list("routers", Network, "/routers", "routers", Silent(""), LightLinks("routers_links"),
            &["network_routers", "labels"])
    },
    Listing {
        one: Some(one("/floatingips/{}", "floatingip")),
        ..list("floating_ips", Network, "/floatingips", "floatingips", Silent(""), LightLinks("floatingips_links"),
            &["floating_ips", "labels"])
    },
    Listing {
        one: Some(one("/security-groups/{}", "security_group")),
        ..list("security_groups", Network, "/security-groups", "security_groups", Silent(""),
            Links("security_groups_links"), &["security_groups", "firewall_rules", "labels"])
    },
    Listing {
        one: Some(one("/images/{}", "")),
        ..list("images", Image, "/images", "images", Silent(""), Next, &["images", "labels"])
    },
    Listing {
        // Lists leave them out; servers made from them remain.
        query: "os_hidden=true",
        ..list("hidden_images", Image, "/images", "images", Silent(""), Next, &["images", "labels"])
    },
    Listing {
        one: Some(one("/projects/{}", "project")),
        own_path: Some("/auth/projects"),
        never_empty: true,
        ..list("projects", Identity, "/projects", "projects", Asked(""), Whole, &["cloud_tenants", "labels"])
    },
    Listing {
        query: "is_public=None",
        ..list("flavors", Compute, "/flavors/detail", "flavors", Silent(""), LightLinks("flavors_links"),
            &["flavors", "labels"])
    },
    Listing {
        // Sizes of hosts went to placement with 2.88.
        newest: Some(Version::new(2, 87)),
        ..list("hypervisors", Compute, "/os-hypervisors/detail", "hypervisors", Operators, LightLinks("hypervisors_links"),
            &["hosts", "hardwares"])
    },
    Listing {
        never_empty: true,
        ..list("compute_services", Compute, "/os-services", "services", Operators, Whole, &["services"])
    },
    Listing {
        never_empty: true,
        ..list("compute_zones", Compute, "/os-availability-zone", "availabilityZoneInfo", Same, Whole,
            &["availability_zones"])
    },
    list("aggregates", Compute, "/os-aggregates", "aggregates", Operators, Whole,
        &["host_aggregates", "host_aggregate_hosts", "labels"]),
    list("server_groups", Compute, "/os-server-groups", "server_groups", Silent("all_projects=True"), Offset,
        &["server_groups", "server_group_members"]),
    list("key_pairs", Compute, "/os-keypairs", "keypairs", User, LightLinks("keypairs_links"), &["key_pairs"]),
    Listing {
        query: "is_public=None",
        ..list("volume_types", Volume, "/types", "volume_types", Silent(""), LightLinks("volume_type_links"), &["volume_types"])
    },
    Listing {
        never_empty: true,
        ..list("volume_services", Volume, "/os-services", "services", Operators, Whole, &["services"])
    },
    Listing {
        optional: true,
        never_empty: true,
        ..list("volume_zones", Volume, "/os-availability-zone", "availabilityZoneInfo", Same, Whole, &["availability_zones"])
    },
    Listing {
        optional: true,
        never_empty: true,
        ..list("agents", Network, "/agents", "agents", Operators, LightLinks("agents_links"), &["services"])
    },
    Listing {
        // An extension; its zones are those of agents, and a cloud without any looks like one that lost sight of them.
        optional: true,
        never_empty: true,
        ..list("network_zones", Network, "/availability_zones", "availability_zones", Same, Whole, &["availability_zones"])
    },
];

/// Asked once for each of something that was listed before: a project's quotas, a stack and its resources.
#[rustfmt::skip]
pub(crate) const OF_ONE: &[Listing] = &[
    list("compute_quotas", Compute, "/os-quota-sets/{}", "quota_set", Silent(""), Whole, &["quotas"]),
    list("volume_quotas", Volume, "/os-quota-sets/{}", "quota_set", Silent(""), Whole, &["quotas"]),
    list("network_quotas", Network, "/quotas/{}", "quota", Silent(""), Whole, &["quotas"]),
    Listing {
        query: "show_nested=True",
        ..list("stacks", Orchestration, "/stacks", "stacks", Asked("global_tenant=True"), Links("links"),
            &["orchestration_stacks", "stack_parameters", "stack_outputs", "labels"])
    },
    Listing {
        id: "resource_name",
        ..list("stack_resources", Orchestration, "/stacks/{}/resources", "resources", Same, Whole, &["stack_resources"])
    },
];

/// A listing by its name.
pub(crate) fn listing(name: &str) -> Option<&'static Listing> {
    LISTINGS.iter().chain(OF_ONE).find(|l| l.name == name)
}

/// Whether every listing that feeds a collection brings its rows' owners, too.
pub(crate) fn comes_with_its_owner(collection: &Collection) -> bool {
    let brings_owner = |l: &Listing| collection.owners().any(|owner| l.feeds.contains(&owner.target));
    let mut feeding = LISTINGS.iter().chain(OF_ONE).filter(|l| l.feeds.contains(&collection.name)).peekable();
    feeding.peek().is_some() && feeding.all(brings_owner)
}

/// The collections a listing feeds.
pub(crate) fn feeds(name: &str) -> Vec<CollectionIx> {
    let menu = menu();
    listing(name).map(|l| l.feeds.iter().filter_map(|c| menu.ix(c)).collect()).unwrap_or_default()
}

impl Listing {
    /// `/servers/detail?all_tenants=1&limit=200`.
    pub(crate) fn first(&self, whose: Whose<'_>, of: &str, page_size: u32, filter: &str) -> String {
        let all = whose == Whose::Everybody;
        let everybody = match self.everybody {
            Asked(query) if all => query,
            Silent(query) if !matches!(whose, Whose::Project(_)) => query,
            _ => "",
        };
        let own = match whose {
            Whose::Project(project) => self.only_of(project),
            Whose::Everybody | Whose::Shown => String::new(),
        };
        let limit = match self.paging {
            Whole => String::new(),
            Links(_) | Next => format!("limit={page_size}"),
            LightLinks(_) => format!("limit={}", Self::light_page(page_size)),
            Offset => format!("limit={page_size}&offset=0"),
        };
        let query: Vec<&str> = [everybody, &own, self.query, filter, &limit].into_iter().filter(|q| !q.is_empty()).collect();
        let path = self.own_path.filter(|_| !all).unwrap_or(self.path).replace("{}", of);
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    /// Small records in a page, where so many large ones are.
    pub(crate) fn light_page(page_size: u32) -> u32 {
        page_size.saturating_mul(5).min(1_000).max(page_size)
    }

    /// What keeps a listing to one project where roles would open it: services that know `all_tenants` do so without
    /// being told.
    fn only_of(&self, project: &str) -> String {
        match (self.service, self.everybody) {
            _ if self.path.contains("{}") => String::new(),
            (Network, Silent(_)) => format!("project_id={project}"),
            (Image, Silent(_)) => format!("owner={project}"),
            _ => String::new(),
        }
    }

    /// Where a record says whose it is.
    pub(crate) fn owner_at(&self) -> &'static str {
        match (self.name, self.service) {
            ("projects", _) => "id",
            ("servers", _) => "tenant_id",
            (_, Image) => "owner",
            (_, Volume) => "os-vol-tenant-attr:tenant_id",
            _ => "project_id",
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_in_their_owners_records_are_known() {
        let menu = super::menu();
        let embedded: Vec<_> = menu.iter().filter(|(_, c)| c.embedded).map(|(_, c)| c.name).collect();
        for name in ["hardwares", "nics", "labels", "firewall_rules", "volume_attachments", "host_aggregate_hosts"] {
            assert!(embedded.contains(&name), "{name}: {embedded:?}");
        }
        for name in ["vms", "cloud_subnets", "disks"] {
            assert!(!embedded.contains(&name), "{name}: {embedded:?}");
        }
    }

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_listing_has_one_name_a_parser_and_known_collections() {
        let mut names = BTreeSet::new();
        for l in LISTINGS.iter().chain(OF_ONE) {
            assert!(names.insert(l.name), "{} twice", l.name);
            assert!(crate::parse::has_parser(l.name), "{} has no parser", l.name);
            assert_eq!(feeds(l.name).len(), l.feeds.len(), "{} feeds something unknown", l.name);
        }
    }

    #[test]
    fn every_collection_that_is_written_is_fed() {
        let fed: BTreeSet<_> = LISTINGS.iter().chain(OF_ONE).flat_map(|l| l.feeds).copied().collect();
        let menu = menu();
        let unfed: Vec<_> =
            menu.iter().map(|(_, c)| c).filter(|c| !c.link_only && !fed.contains(c.name)).map(|c| c.name).collect();
        assert_eq!(unfed, ["snapshots"], "cloud VMs have images instead");
    }

    #[test]
    fn first_pages() {
        let first = |name: &str, whose| listing(name).map(|l| l.first(whose, "", 200, "")).unwrap_or_default();
        let (all, shown, own) = (Whose::Everybody, Whose::Shown, Whose::Project("p"));
        assert_eq!(first("servers", all), "/servers/detail?all_tenants=1&limit=200");
        assert_eq!(first("servers", shown), "/servers/detail?limit=200");
        assert_eq!(first("servers", own), "/servers/detail?limit=200");
        assert_eq!(first("ports", all), "/ports?limit=1000");
        assert_eq!(first("ports", own), "/ports?project_id=p&limit=1000");
        assert_eq!(first("hidden_images", own), "/images?owner=p&os_hidden=true&limit=200");
        assert_eq!(first("volumes", shown), "/volumes/detail?all_tenants=1&limit=200");
        assert_eq!(first("volumes", own), "/volumes/detail?limit=200");
        assert_eq!(first("server_groups", own), "/os-server-groups?limit=200&offset=0");
        assert_eq!(first("projects", own), "/auth/projects");
        assert_eq!(first("flavors", all), "/flavors/detail?is_public=None&limit=1000");
        assert_eq!(first("aggregates", all), "/os-aggregates");
    }
}
