//! Everything: all listings at once, each from page to page.

use std::borrow::Cow;

use stocktake_provider::BoxFuture;

use super::listings::{Everybody, LISTINGS, Listing};
use super::walk::Walk;
use super::{Run, all_of, fan_out, stacks};
use crate::parse::decode;

/// Listings under way at once. Requests have a budget of their own; this bounds pages in memory.
const AT_ONCE: usize = 8;

/// Reads every listing.
pub(crate) async fn collect(run: &Run<'_>) {
    let (projects, plain): (Vec<_>, Vec<_>) = LISTINGS.iter().partition(|l| l.name == "projects");
    let plain = plain.into_iter().map(|listing| Box::pin(whole(run, listing)) as BoxFuture<'_, ()>).collect();
    let projects = async {
        for listing in projects {
            let mut ids = Vec::new();
            run.walk(&Walk::of(listing), &mut |record| ids.extend(decode::text_at(record, "id"))).await;
            fan_out::quotas(run, &run.reach.readable(ids)).await;
        }
    };
    tokio::join!(all_of(plain, AT_ONCE), projects, stacks::all(run));
}

async fn whole(run: &Run<'_>, listing: &'static Listing) {
    let mut walk = Walk::of(listing);
    if listing.everybody == Everybody::User {
        walk.context = Cow::Owned(run.reach.user.clone());
    }
    run.walk(&walk, &mut |_| {}).await;
}
