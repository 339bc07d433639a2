//! Pages into rows: pure, no clock, no network, no state between pages.
//!
//! A parser cannot tell a page of a full listing from one made of targeted objects. It maps each record on its own, so
//! neither the order of pages nor that of records matters, and every row of a collection has one feeder:
//!
//! | rows | fed by |
//! | --- | --- |
//! | hardwares, nics, operating systems, local disks of VMs | `servers` |
//! | disks that are volumes | `volumes`, from their attachments |
//! | hardwares of hosts | `hypervisors` |
//! | labels | the listing of what they are on |
//! | services, quotas | one listing of each service, kept apart by `service` in the identity |
//! | zones | likewise, kept apart by `kind` |

mod compute;
pub(crate) mod decode;
mod hosts;
mod identity;
mod image;
mod labels;
mod lenient;
mod nested;
mod network;
mod orchestration;
mod port;
mod quota;
mod security;
mod server;
mod time;
mod volume;
mod words;

use serde::Deserialize;
use stocktake_model::{CollectionIx, Rows};
use stocktake_provider::Page;

use crate::menu::Collections;
pub(crate) use server::is_out_of_reach;
pub(crate) use time::micros;

type Parser = fn(&mut Parsing<'_, '_>);

/// Every listing and what reads it.
const PARSERS: &[(&str, Parser)] = &[
    ("servers", server::servers),
    ("flavors", compute::flavors),
    ("hypervisors", hosts::hypervisors),
    ("compute_services", hosts::compute_services),
    ("compute_zones", compute::zones),
    ("aggregates", compute::aggregates),
    ("server_groups", compute::server_groups),
    ("key_pairs", compute::key_pairs),
    ("compute_quotas", quota::compute),
    ("projects", identity::projects),
    ("images", image::images),
    ("hidden_images", image::images),
    ("networks", network::networks),
    ("subnets", network::subnets),
    ("ports", port::ports),
    ("routers", network::routers),
    ("floating_ips", network::floating_ips),
    ("security_groups", security::security_groups),
    ("agents", hosts::agents),
    ("network_zones", network::zones),
    ("network_quotas", quota::network),
    ("volumes", volume::volumes),
    ("volume_types", volume::types),
    ("snapshots", volume::snapshots),
    ("backups", volume::backups),
    ("volume_services", hosts::volume_services),
    ("volume_zones", volume::zones),
    ("volume_quotas", quota::volume),
    ("stacks", orchestration::stacks),
    ("stack_resources", orchestration::resources),
];

/// Turns one page into rows; what cannot be read becomes an issue.
pub(crate) fn parse(page: &Page, out: &mut Rows) {
    let c = Collections::get();
    let Some((_, parser)) = PARSERS.iter().find(|(listing, _)| *listing == page.listing) else {
        return out.malformed(c.vms, page.listing, "no parser reads this listing");
    };
    match decode::text(&page.body) {
        Ok(body) => parser(&mut Parsing { c, page, body, out }),
        Err(shape) => out.malformed(c.vms, place(page, None), shape.to_string()),
    }
}

/// A page being turned into rows.
struct Parsing<'p, 'o> {
    c: &'static Collections,
    page: &'p Page,
    body: &'p str,
    out: &'o mut Rows,
}

impl<'p> Parsing<'p, '_> {
    /// Reads the records under `root`, each into a `T`, and hands them on with their JSON text. `main` is the collection
    /// that a record that cannot be read is missing from.
    fn each<T: Deserialize<'p>>(
        &mut self,
        root: &'static str,
        main: CollectionIx,
        mut row: impl FnMut(&Collections, &'p str, T, &mut Rows),
    ) {
        let records = match decode::records(self.body, root) {
            Ok(records) => records,
            Err(shape) => return self.out.malformed(main, place(self.page, None), shape.to_string()),
        };
        for (number, json) in (1..).zip(records) {
            let read = json.map_err(|e| e.to_string()).and_then(|json| decode::record(json).map(|record| (json, record)));
            match read {
                Ok((json, record)) => row(self.c, json, record, self.out),
                Err(message) => self.out.malformed(main, place(self.page, Some(number)), message),
            }
        }
    }
}

/// Where a record stood: `servers page 3 record 17`.
fn place(page: &Page, record: Option<usize>) -> String {
    let of = if page.context.is_empty() { String::new() } else { format!(" of {}", page.context) };
    let record = record.map(|n| format!(" record {n}")).unwrap_or_default();
    format!("{}{of} page {}{record}", page.listing, page.number)
}

#[cfg(test)]
pub(crate) fn has_parser(listing: &str) -> bool {
    PARSERS.iter().any(|(name, _)| *name == listing)
}
