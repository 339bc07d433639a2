//! Targets: each is asked for by its id, and made to look like a page of its listing, so that the parser cannot tell.
//!
//! A definite 404 for the id says that it is gone. Anything else that goes wrong leaves it unknown: neither gone nor
//! read.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};

use sonic_rs::JsonValueTrait;
use stocktake_model::{CollectionIx, Listed, Target};
use stocktake_provider::{BoxFuture, ErrorKind, Progress, ProviderError};

use super::listings::{Listing, listing};
use super::outcome::Outcome;
use super::walk::Walk;
use super::{Run, all_of, fan_out, page, stacks};
use crate::menu::menu;
use crate::parse::{self, decode};

/// Targets under way at once; requests have a budget of their own.
const AT_ONCE: usize = 32;

/// What may be a target, and the listing it is of.
const TARGETS: &[(&str, &str)] = &[
    ("vms", "servers"),
    ("cloud_volumes", "volumes"),
    ("cloud_networks", "networks"),
    ("network_ports", "ports"),
    ("network_routers", "routers"),
    ("floating_ips", "floating_ips"),
    ("security_groups", "security_groups"),
    ("images", "images"),
    ("orchestration_stacks", "stacks"),
    ("cloud_tenants", "projects"),
];

/// Collections that may be targets.
pub(crate) const TARGETABLE: &[&str] = &[
    "vms",
    "cloud_volumes",
    "cloud_networks",
    "network_ports",
    "network_routers",
    "floating_ips",
    "security_groups",
    "images",
    "orchestration_stacks",
    "cloud_tenants",
];

/// Reads the targets and what they own.
pub(crate) async fn collect(run: &Run<'_>, targets: impl IntoIterator<Item = &Target>) {
    let targeted = Targeted { run, pages: Mutex::default() };
    let mut seen = HashSet::new();
    let targets = targets.into_iter().filter(|target| seen.insert(*target));
    all_of(targets.map(|target| Box::pin(targeted.target(target)) as BoxFuture<'_, ()>).collect(), AT_ONCE).await;
    for (listing, outcome) in
        TARGETS.iter().filter_map(|(_, name)| listing(name)).filter_map(|l| Some((l, run.outcomes.of(l)?)))
    {
        run.sink.progress(Progress::Ended { listing: listing.name, listed: outcome.listed });
    }
}

struct Targeted<'a, 'r> {
    run: &'a Run<'r>,
    pages: Mutex<BTreeMap<&'static str, u32>>,
}

impl Targeted<'_, '_> {
    async fn target(&self, target: &Target) {
        let id = &target.reference;
        let of = TARGETS.iter().find(|(collection, _)| *collection == target.collection);
        let (Some((collection, name)), Some(ix)) = (of, menu().ix(&target.collection)) else {
            return self.run.sink.progress(Progress::Notice(format!("{target}: cannot be a target")));
        };
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
            return self.run.sink.progress(Progress::Notice(format!("{target}: not an id of this cloud")));
        }
        if *name == "stacks" {
            return stacks::target(self.run, ix, id).await;
        }
        let Some(record) = self.record(name, ix, id).await else { return };
        match *collection {
            "vms" => self.around_vm(id, &record).await,
            "cloud_networks" => self.subnets(id, &record).await,
            // A floating IP has a port of its own, too, on the outer network.
            "network_routers" | "floating_ips" => {
                self.children("ports", &format!("device_id={id}"), "network_ports").await;
            }
            "cloud_tenants" => fan_out::quotas(self.run, std::slice::from_ref(id), &Listed::Complete).await,
            _ => {}
        }
    }

    /// A server's volumes, which are disks of it, and its ports.
    async fn around_vm(&self, id: &str, server: &str) {
        let Some(volumes) = menu().ix("cloud_volumes") else { return };
        let attached = attached_volumes(server);
        if !attached.is_empty() {
            self.run.has_attached_volumes.store(true, Relaxed);
        }
        let mut reads: Vec<BoxFuture<'_, ()>> = Vec::new();
        for volume in &attached {
            reads.push(Box::pin(async move {
                self.record("volumes", volumes, volume).await;
            }));
        }
        let filter = format!("device_id={id}");
        tokio::join!(self.children("ports", &filter, "network_ports"), all_of(reads, AT_ONCE));
    }

    /// A network's subnets, which are its own: all it names must be there.
    async fn subnets(&self, id: &str, network: &str) {
        let found = self.children("subnets", &format!("network_id={id}"), "cloud_subnets").await;
        let named = texts_at(network, "subnets");
        let Some(missing) = named.iter().find(|subnet| !found.contains(subnet)) else { return };
        if let Some(subnets) = listing("subnets") {
            self.failed(subnets, format!("network {id} has a subnet {missing} that is not listed"));
        }
    }

    /// Asks for one record and hands it on. None: it is gone or unknown.
    async fn record(&self, name: &str, collection: CollectionIx, id: &str) -> Option<String> {
        let listing = listing(name)?;
        let one = listing.one?;
        // Operators see the list; a single one of their own all may see.
        match self.run.api.has(listing.service).await {
            Ok(true) => {}
            Ok(false) => {
                let error = format!("no {} service in the catalogue", listing.service);
                self.failed(listing, error);
                return None;
            }
            Err(e) => {
                self.failed(listing, e.to_string());
                return None;
            }
        }
        let answer = self.run.get(listing, &one.path.replace("{}", id)).await;
        match answer.and_then(|body| page::single(listing, one, &body)) {
            Ok(record) if decode::text_at(&record, "id").as_deref() == Some(id) => {
                if name == "servers" && parse::is_out_of_reach(&record) {
                    self.send(listing, [record.as_str()]).await;
                    self.failed(listing, format!("server {id}: its cell is down; only its id is known"));
                    return None;
                }
                if self.run.reach.is_anothers(listing, &record) {
                    self.failed(listing, format!("{id} is another project's, and projects=own is set"));
                    return None;
                }
                self.run.outcomes.add(listing, Outcome { records: 1, pages: 1, ..Outcome::default() });
                self.send(listing, [record.as_str()]).await;
                self.run.outcomes.read(collection, id);
                return Some(record);
            }
            Ok(_) => self.failed(listing, format!("asked for {id}, got another")),
            Err(e) if self.run.is_gone(&e, id) => {
                self.run.outcomes.add(listing, Outcome::default());
                self.run.outcomes.gone(collection, id);
            }
            Err(e) => self.failed(listing, e.to_string()),
        }
        None
    }

    /// Reads the part of a listing that belongs to a target.
    async fn children(&self, name: &str, filter: &str, collection: &str) -> Vec<String> {
        let (Some(listing), Some(ix)) = (listing(name), menu().ix(collection)) else { return Vec::new() };
        match self.run.api.has(listing.service).await {
            Ok(true) => {}
            // A cloud without networks has no ports.
            Ok(false) => return Vec::new(),
            Err(e) => {
                self.failed(listing, e.to_string());
                return Vec::new();
            }
        }
        let mut outcome = Outcome::default();
        let mut records = Vec::new();
        let walk = Walk { filter, send: false, ..Walk::of(listing) };
        let end =
            self.run.follow(&walk, self.run.reach.asks(), &mut outcome, &mut |record| records.push(record.to_owned())).await;
        if let Err(e) = end {
            outcome.listed = self.run.failed(listing, &outcome, e);
        }
        self.run.outcomes.add(listing, outcome);
        self.send(listing, records.iter().map(String::as_str)).await;
        let ids: Vec<String> = records.iter().filter_map(|record| decode::text_at(record, "id")).collect();
        for id in &ids {
            self.run.outcomes.read(ix, id);
        }
        ids
    }

    async fn send(&self, listing: &'static Listing, records: impl IntoIterator<Item = &str> + Send) {
        let fresh: Vec<&str> = {
            let mut sent = self.run.sent.lock().unwrap_or_else(PoisonError::into_inner);
            let is_new = |record: &&str| decode::text_at(record, "id").is_none_or(|id| sent.insert((listing.name, id)));
            records.into_iter().filter(is_new).collect()
        };
        if fresh.is_empty() {
            return;
        }
        let number = {
            let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
            let number = pages.entry(listing.name).or_default();
            *number += 1;
            *number
        };
        self.run.send(listing, number, Cow::Borrowed(""), page::of_records(listing, fresh)).await;
    }

    fn failed(&self, listing: &'static Listing, error: String) {
        self.run.outcomes.add(listing, Outcome { listed: Listed::Failed { error }, ..Outcome::default() });
    }
}

impl Run<'_> {
    /// Whether an error says that the thing does not exist. A proxy's 404, or one for a mistaken address, does not name
    /// the id; and to a credential that sees one project only, what is another's does not exist either.
    pub(super) fn is_gone(&self, e: &ProviderError, id: &str) -> bool {
        e.kind == ErrorKind::NotFound && e.message.contains(id) && self.reach.sees_what_it_should()
    }
}

/// Ids of the volumes a server says it has.
pub(super) fn attached_volumes(server: &str) -> Vec<String> {
    let Ok(list) = sonic_rs::get(server, ["os-extended-volumes:volumes_attached"]) else { return Vec::new() };
    let Some(list) = list.into_array_iter() else { return Vec::new() };
    list.map_while(Result::ok).filter_map(|v| v.get("id").and_then(|id| id.as_str().map(str::to_owned))).collect()
}

fn texts_at(record: &str, name: &str) -> Vec<String> {
    let list = sonic_rs::get(record, [name]).ok().and_then(sonic_rs::LazyValue::into_array_iter);
    list.into_iter().flatten().map_while(Result::ok).filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_listing_that_asks_for_one() {
        assert!(TARGETS.iter().map(|(collection, _)| *collection).eq(TARGETABLE.iter().copied()));
        for (collection, name) in TARGETS {
            assert!(menu().ix(collection).is_some(), "{collection}");
            let listing = listing(name).expect(name);
            assert!(listing.one.is_some() || *name == "stacks", "{name}");
            assert_eq!(listing.feeds.first(), Some(collection), "{name}");
        }
    }

    #[test]
    fn volumes_of_a_server() {
        let server = r#"{"id": "s", "os-extended-volumes:volumes_attached": [{"id": "a", "delete_on_termination": true}, {"id": "b"}]}"#;
        assert_eq!(attached_volumes(server), ["a", "b"]);
        assert!(attached_volumes("{}").is_empty());
    }
}
