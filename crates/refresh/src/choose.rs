//! Which scope serves what was asked for at the least cost. Pure: prices and numbers of rows in, scope and reasons out.
//!
//! Asking for objects by their ids is right for a few and dear for many; listing a collection costs its pages, however few
//! of its objects are wanted. Everything is listed only when that costs no more than the parts.

use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::{Scope, Target};
use stocktake_provider::{ListingCost, Provider, ProviderType};

/// What asking a provider costs.
#[derive(Debug, Clone, Default)]
pub struct Prices {
    /// Collections that may be asked for whole, see `ProviderType::listable`.
    pub listable: BTreeSet<&'static str>,
    /// Of a collection that is not among them, the usual price is taken.
    pub of: BTreeMap<&'static str, ListingCost>,
    /// How many live rows each collection had when last looked at.
    pub rows: BTreeMap<String, u64>,
}

/// A scope, and why it is that: for the run's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    pub scope: Scope,
    pub reasons: Vec<String>,
}

/// Chooses. `full`: everything was asked for, too. `asked`: single objects and whole collections, in any order, any of them
/// twice; when nothing at all is asked for, the scope is empty.
pub fn choose(prices: &Prices, full: bool, asked: &[Target]) -> Choice {
    let asked: BTreeSet<&Target> = asked.iter().collect();
    if full {
        let others =
            (!asked.is_empty()).then(|| format!("everything was asked for, and so {} with it", targets(asked.len())));
        return Choice { scope: Scope::Full, reasons: others.into_iter().collect() };
    }
    let mut single: BTreeMap<&str, Vec<&Target>> = BTreeMap::new();
    let mut whole: BTreeSet<&str> = BTreeSet::new();
    for target in asked {
        if target.is_whole() {
            whole.insert(&target.collection);
        } else {
            single.entry(&target.collection).or_default().push(target);
        }
    }
    let mut reasons = Vec::new();
    single.retain(|collection, of| {
        let (by_id, listing) = (prices.cost(collection).targets(of.len() as u64), prices.listing(&[collection]));
        if whole.contains(collection) {
            reasons.push(format!("all {collection} were asked for, and so {} with them", targets(of.len())));
        } else if prices.listable.contains(collection) && by_id > listing {
            let objects = targets(of.len());
            reasons.push(format!(
                "{objects} of {collection} cost {}, listing {}: all {collection}",
                calls(by_id),
                calls(listing)
            ));
            whole.insert(collection);
        } else {
            return true;
        }
        false
    });
    // All of everything there is needs no reckoning: it is everything.
    let is_everything = !whole.is_empty() && prices.listable.iter().all(|collection| whole.contains(collection));
    let parts = prices.listing(&whole.iter().copied().collect::<Vec<_>>())
        + single.iter().map(|(collection, of)| prices.cost(collection).targets(of.len() as u64)).sum::<u64>();
    let everything = prices.everything();
    if is_everything || parts > 0 && everything > 0 && parts >= everything {
        let reason = format!("what was asked for costs {}, a full refresh {}: everything", calls(parts), calls(everything));
        reasons.push(reason);
        return Choice { scope: Scope::Full, reasons };
    }
    let whole = whole.into_iter().map(Target::whole);
    Choice { scope: Scope::Targets(whole.chain(single.into_values().flatten().cloned()).collect()), reasons }
}

impl Prices {
    /// Those of a provider. `rows`: live rows by collection, for those that have some.
    pub fn new(kind: &dyn ProviderType, provider: &dyn Provider, rows: BTreeMap<String, u64>) -> Self {
        let of = provider.menu().iter().map(|(_, collection)| (collection.name, provider.cost(collection.name))).collect();
        Self { listable: kind.listable().into_iter().collect(), of, rows }
    }

    fn cost(&self, collection: &str) -> ListingCost {
        self.of.get(collection).copied().unwrap_or_default()
    }

    /// Calls that listing these collections takes, with what must be listed with them, each once.
    fn listing(&self, collections: &[&str]) -> u64 {
        let with = collections.iter().flat_map(|c| self.cost(c).listed_with.iter().copied());
        let listed: BTreeSet<&str> = collections.iter().copied().chain(with).collect();
        listed.iter().map(|c| self.cost(c).listing(self.rows.get(*c).copied().unwrap_or(0))).sum()
    }

    /// Calls that a full refresh takes; 0 when nothing is known that it would list.
    fn everything(&self) -> u64 {
        let known = || self.rows.iter().filter(|(_, rows)| **rows > 0).map(|(collection, _)| collection.as_str());
        if self.listable.is_empty() {
            // Which collections have listings is not said; rows that come inside other records are counted as if they had.
            return self.listing(&known().collect::<Vec<_>>());
        }
        self.listing(&self.listable.iter().copied().collect::<Vec<_>>())
    }
}

fn targets(n: usize) -> String {
    format!("{} {}", thousands(n as u64), if n == 1 { "target" } else { "targets" })
}

fn calls(n: u64) -> String {
    format!("{} {}", thousands(n), if n == 1 { "call" } else { "calls" })
}

/// `1,836`
fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VMS: ListingCost =
        ListingCost { page_size: 200, calls_per_record: 0, listed_with: &["volumes"], calls_per_target: 3 };
    const PLAIN: ListingCost = ListingCost { page_size: 100, calls_per_record: 0, listed_with: &[], calls_per_target: 1 };

    /// Listing all VMs takes 45 pages and 5 of volumes, images one page; ports 100.
    fn prices() -> Prices {
        let rows = [("vms", 9_000), ("volumes", 450), ("images", 30), ("ports", 10_000), ("labels", 90_000)];
        Prices {
            listable: BTreeSet::from(["vms", "volumes", "images", "ports"]),
            of: BTreeMap::from([("vms", VMS), ("volumes", PLAIN), ("images", PLAIN), ("ports", PLAIN)]),
            rows: rows.map(|(name, rows)| (name.to_owned(), rows)).into(),
        }
    }

    fn some(collection: &str, n: usize) -> Vec<Target> {
        (0..n).map(|n| Target::one(collection, format!("r{n:04}"))).collect()
    }

    fn chosen(asked: &[Target]) -> (Scope, Vec<String>) {
        let Choice { scope, reasons } = choose(&prices(), false, asked);
        (scope, reasons)
    }

    #[test]
    fn a_few_objects_are_asked_for_by_their_ids() {
        let asked = some("vms", 16);
        assert_eq!(chosen(&asked), (Scope::Targets(asked), vec![]), "48 calls, listing takes 50");
    }

    #[test]
    fn objects_that_cost_more_than_their_listing_become_all_of_their_collection_and_no_other() {
        let mut asked = some("vms", 612);
        asked.extend(some("ports", 5));
        let (scope, reasons) = chosen(&asked);
        let whole = std::iter::once(Target::whole("vms")).chain(some("ports", 5)).collect();
        assert_eq!(scope, Scope::Targets(whole));
        assert_eq!(reasons, ["612 targets of vms cost 1,836 calls, listing 50 calls: all vms"]);
    }

    #[test]
    fn the_same_asked_twice_costs_once() {
        let twice = [some("vms", 10), some("vms", 10)].concat();
        assert_eq!(chosen(&twice), (Scope::Targets(some("vms", 10)), vec![]));
    }

    #[test]
    fn an_equal_price_buys_the_objects_alone() {
        assert_eq!(chosen(&some("images", 1)).0.name(), "targeted");
        assert_eq!(chosen(&some("images", 2)).0, Scope::Targets(vec![Target::whole("images")]));
    }

    #[test]
    fn a_whole_collection_swallows_its_objects() {
        let asked = [some("ports", 2), vec![Target::whole("ports")]].concat();
        let (scope, reasons) = chosen(&asked);
        assert_eq!(scope, Scope::Targets(vec![Target::whole("ports")]));
        assert_eq!(reasons, ["all ports were asked for, and so 2 targets with them"]);
    }

    #[test]
    fn a_full_refresh_swallows_everything() {
        let all = choose(&prices(), true, &some("vms", 3));
        assert_eq!(all.scope, Scope::Full);
        assert_eq!(all.reasons, ["everything was asked for, and so 3 targets with it"]);
        assert_eq!(choose(&prices(), true, &[]), Choice { scope: Scope::Full, reasons: vec![] });
    }

    #[test]
    fn parts_that_cost_as_much_as_everything_become_everything() {
        let asked = ["vms", "ports", "images", "volumes"].map(Target::whole);
        let (scope, reasons) = chosen(&asked);
        assert_eq!(scope, Scope::Full);
        assert_eq!(reasons, ["what was asked for costs 151 calls, a full refresh 151 calls: everything"]);
        // Volumes come with VMs anyway, and are paid for once.
        assert_eq!(chosen(&["vms", "volumes"].map(Target::whole)).0.name(), "collections");
    }

    #[test]
    fn what_cannot_be_asked_for_whole_stays_single_until_everything_is_cheaper() {
        let unlisted = Prices { listable: BTreeSet::new(), ..prices() };
        let everything = unlisted.everything();
        let few = some("images", everything as usize - 1);
        assert_eq!(choose(&unlisted, false, &few).scope, Scope::Targets(few));
        let many = some("images", everything as usize);
        assert_eq!(choose(&unlisted, false, &many).scope, Scope::Full);
    }

    #[test]
    fn of_an_inventory_that_was_never_read_nothing_is_dear_but_nothing_is_nothing() {
        let unread = Prices { rows: BTreeMap::new(), ..prices() };
        assert_eq!(choose(&unread, false, &some("vms", 1)).scope, Scope::Targets(vec![Target::whole("vms")]));
        assert_eq!(choose(&unread, false, &[]).scope, Scope::Targets(vec![]));
        assert_eq!(choose(&Prices::default(), false, &some("vms", 1)).scope, Scope::Targets(some("vms", 1)));
    }

    #[test]
    fn numbers_are_read_by_people() {
        assert_eq!([0, 12, 1_836, 1_000_000].map(thousands), ["0", "12", "1,836", "1,000,000"]);
    }
}
