//! Everything: all listings at once, each from page to page.

use std::borrow::Cow;
use std::sync::atomic::Ordering::Relaxed;

use stocktake_provider::BoxFuture;

use stocktake_model::Listed;

use super::listings::{Everybody, LISTINGS, Listing, listing};
use super::outcome::Outcome;
use super::targeted::attached_volumes;
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
            let note = &mut |record: &str| ids.extend(decode::text_at(record, "id").filter(|id| !id.is_empty()));
            let listed = run.walk(&Walk::of(listing), note).await;
            let known = if ids.len() as u64 == listed.records { listed.listed } else { unread_projects() };
            fan_out::quotas(run, &run.reach.readable(ids), &known).await;
        }
    };
    tokio::join!(all_of(plain, AT_ONCE), projects, stacks::all(run));
    doubt_no_volumes(run);
}

fn unread_projects() -> Listed {
    Listed::Partial { errors: vec!["some projects are listed without an id".to_owned()] }
}

async fn whole(run: &Run<'_>, listing: &'static Listing) {
    let mut walk = Walk::of(listing);
    if listing.everybody == Everybody::User {
        walk.context = Cow::Owned(run.reach.user.clone());
    }
    if listing.name != "servers" {
        run.walk(&walk, &mut |_| {}).await;
        return;
    }
    let mut has_volumes = false;
    run.walk(&walk, &mut |server| has_volumes = has_volumes || !attached_volumes(server).is_empty()).await;
    run.has_attached_volumes.store(has_volumes, Relaxed);
}

/// Cinder may list nothing without an error. When servers say they have volumes, that is not believed.
fn doubt_no_volumes(run: &Run<'_>) {
    let Some(volumes) = listing("volumes") else { return };
    let none = run.outcomes.of(volumes).is_some_and(|o| o.listed.is_complete() && o.records == 0);
    if none && run.has_attached_volumes.load(Relaxed) {
        let error = "no volume is listed, but servers have some attached".to_owned();
        run.outcomes.add(volumes, Outcome { listed: Listed::Failed { error }, ..Outcome::default() });
    }
}
