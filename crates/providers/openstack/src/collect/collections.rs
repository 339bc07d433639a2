//! Whole collections, and single targets beside them: the listings that feed what is asked for, those that hold what its
//! records own, and no other.

use std::collections::BTreeSet;

use stocktake_model::Target;
use stocktake_provider::{ListingCost, Progress};

use super::full;
use super::listings::{LISTINGS, Listing, OF_ONE, Paging, listing};
use super::{Run, targeted};
use crate::menu::menu;

/// Listings that hold what records of a collection own: volumes are disks of VMs, subnets are their network's.
const OWNED_ELSEWHERE: &[(&str, &[&str])] = &[
    ("vms", &["volumes"]),
    ("cloud_networks", &["subnets"]),
    ("cloud_tenants", &["compute_quotas", "volume_quotas", "network_quotas"]),
    ("orchestration_stacks", &["stack_resources"]),
];

/// Collections that may be asked for whole: those a listing is of. What is asked for once for each project or stack comes
/// with these, and what is in other records with them.
pub(crate) fn listable() -> Vec<&'static str> {
    let mut collections: Vec<_> =
        LISTINGS.iter().chain(listing("stacks")).filter_map(|l| l.feeds.first().copied()).collect();
    let mut seen = BTreeSet::new();
    collections.retain(|collection| seen.insert(*collection));
    collections
}

/// The listings that a refresh of the whole collection makes.
fn listings_of(collection: &str) -> impl Iterator<Item = &'static Listing> {
    let feeding = LISTINGS.iter().chain(OF_ONE).filter(move |l| l.feeds.contains(&collection));
    let owned = OWNED_ELSEWHERE.iter().filter(move |(of, _)| *of == collection).flat_map(|(_, names)| *names);
    feeding.chain(owned.filter_map(|name| listing(name)))
}

/// Listings first: what single targets lead to may have come in one of them by then.
pub(super) async fn collect(run: &Run<'_>, targets: &[Target]) {
    let listable = listable();
    let (whole, single): (Vec<_>, Vec<_>) = targets.iter().partition(|target| target.is_whole());
    let (whole, cannot): (Vec<_>, Vec<_>) = whole.into_iter().partition(|t| listable.contains(&t.collection.as_str()));
    for target in cannot {
        run.sink.progress(Progress::Notice(format!("{target}: has no listing of its own")));
    }
    let single: Vec<_> = single.into_iter().filter(|one| whole.iter().all(|w| w.collection != one.collection)).collect();
    let wanted: BTreeSet<_> = whole.iter().flat_map(|target| listings_of(&target.collection)).map(|l| l.name).collect();
    full::listings(run, |listing| wanted.contains(listing.name), !single.is_empty()).await;
    for ix in whole.iter().filter_map(|target| menu().ix(&target.collection)) {
        run.outcomes.whole(ix);
    }
    if !single.is_empty() {
        targeted::collect(run, single).await;
    }
}

/// What a collection costs, with so many records in a page.
pub(crate) fn cost(collection: &str, page_size: u32) -> ListingCost {
    let paging = listings_of(collection).next().map(|l| l.paging);
    let page_size = match paging {
        Some(Paging::Whole) => u32::MAX,
        Some(Paging::LightLinks(_)) => Listing::light_page(page_size),
        Some(Paging::Links(_) | Paging::Next | Paging::Offset) | None => page_size,
    };
    let usual = ListingCost { page_size, ..ListingCost::default() };
    match collection {
        // The server, its ports, its volumes: most have one.
        "vms" => ListingCost { listed_with: &["cloud_volumes"], calls_per_target: 3, ..usual },
        "cloud_networks" => ListingCost { listed_with: &["cloud_subnets"], calls_per_target: 2, ..usual },
        "network_routers" | "floating_ips" => ListingCost { calls_per_target: 2, ..usual },
        // The quotas of three services.
        "cloud_tenants" => ListingCost { calls_per_record: 3, calls_per_target: 4, ..usual },
        // Each by itself, and its resources; one alone is looked up in the list first.
        "orchestration_stacks" => ListingCost { calls_per_record: 2, calls_per_target: 3, ..usual },
        _ => usual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::TARGETABLE;

    fn names(collection: &str) -> Vec<&'static str> {
        listings_of(collection).map(|l| l.name).collect()
    }

    #[test]
    fn a_collection_is_listed_with_what_its_records_own() {
        assert_eq!(names("vms"), ["servers", "volumes"]);
        assert_eq!(names("cloud_networks"), ["networks", "subnets"]);
        assert_eq!(names("cloud_volumes"), ["volumes"]);
        assert_eq!(names("images"), ["images", "hidden_images"]);
        assert_eq!(names("services"), ["compute_services", "volume_services", "agents"]);
        assert_eq!(names("orchestration_stacks"), ["stacks", "stack_resources"]);
    }

    /// A listing that feeds rows of an owner but has no owner's records must be read with the owners, or those rows could
    /// never be seen to go.
    #[test]
    fn whatever_a_record_owns_is_listed_with_it() {
        let menu = menu();
        let all = || LISTINGS.iter().chain(OF_ONE);
        let mut missed = Vec::new();
        for (_, owned) in menu.iter() {
            let owners: Vec<_> = owned.owners().map(|link| link.target).collect();
            let alone = |l: &&Listing| l.feeds.contains(&owned.name) && !owners.iter().any(|o| l.feeds.contains(o));
            for l in all().filter(alone) {
                let with = |owner: &&&str| names(owner).contains(&l.name);
                if !owners.is_empty() && owners.iter().filter(with).count() == 0 {
                    missed.push(format!("{} of {owners:?} in {}", owned.name, l.name));
                }
            }
        }
        assert_eq!(missed, Vec::<String>::new());
    }

    #[test]
    fn what_can_be_a_target_can_be_asked_for_whole() {
        let (listable, menu) = (listable(), menu());
        assert!(TARGETABLE.iter().all(|collection| listable.contains(collection)), "{listable:?}");
        for collection in &listable {
            let ix = menu.ix(collection).expect(collection);
            assert!(!menu.get(ix).embedded, "{collection} comes inside other records");
        }
        for comes_with_others in ["labels", "hardwares", "disks", "quotas", "stack_resources"] {
            assert!(!listable.contains(&comes_with_others), "{comes_with_others}");
        }
    }

    #[test]
    fn what_is_listed_with_a_collection_is_priced_with_it() {
        for collection in listable() {
            let with = cost(collection, 200).listed_with;
            let fed: Vec<_> = with.iter().flat_map(|c| names(c)).collect();
            let (plain, own) = (|name: &&&str| LISTINGS.iter().any(|l| l.name == **name), names(collection));
            let elsewhere = OWNED_ELSEWHERE.iter().find(|(of, _)| *of == collection).map_or(&[][..], |(_, names)| *names);
            let priced: Vec<_> = elsewhere.iter().filter(plain).collect();
            assert!(priced.iter().all(|name| fed.contains(*name)), "{collection}: {priced:?}");
            assert!(fed.iter().all(|name| own.contains(name)), "{collection}: {fed:?}");
        }
        assert_eq!(cost("network_ports", 200).page_size, 1_000);
        assert_eq!(cost("vms", 200).listing(10_000), 50);
        assert_eq!(cost("host_aggregates", 200).listing(10_000), 1);
        assert_eq!(cost("cloud_tenants", 200).listing(10), 31);
    }
}
