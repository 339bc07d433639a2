//! Everything: all listings at once, each from page to page.

use std::borrow::Cow;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use stocktake_provider::BoxFuture;

use stocktake_model::Listed;

use super::listings::{Everybody, LISTINGS, Listing, Whose, listing};
use super::outcome::Outcome;
use super::targeted::attached_volumes;
use super::walk::Walk;
use super::{Run, all_of, fan_out, page, stacks};
use crate::parse::decode;

/// Listings under way at once. Requests have a budget of their own; this bounds pages in memory.
const AT_ONCE: usize = 8;

/// Reads every listing.
pub(crate) async fn collect(run: &Run<'_>) {
    listings(run, |_| true, false).await;
}

/// Reads the wanted listings; that of projects with their quotas, that of stacks with each of them. `noted`: whether the
/// run must know later which records came.
pub(super) async fn listings(run: &Run<'_>, wanted: impl Fn(&Listing) -> bool, noted: bool) {
    let (projects, plain): (Vec<_>, Vec<_>) = LISTINGS.iter().filter(|l| wanted(l)).partition(|l| l.name == "projects");
    let plain = plain.into_iter().map(|listing| Box::pin(whole(run, listing, noted)) as BoxFuture<'_, ()>).collect();
    let projects = async {
        for listing in projects {
            let mut ids = Vec::new();
            let mut own = Vec::new();
            let whose = run.reach.asks();
            let is_own = |id: &str| matches!(whose, Whose::Project(project) if project == id);
            let note = &mut |record: &str| {
                let id = decode::text_at(record, "id").filter(|id| !id.is_empty());
                own.extend(id.as_deref().filter(|id| is_own(id)).map(|_| record.to_owned()));
                ids.extend(id);
            };
            // Keystone lists every project in which the user has a role.
            let walk = Walk { send: !matches!(whose, Whose::Project(_)), ..Walk::of(listing) };
            let listed = run.walk(&walk, note).await;
            if !walk.send {
                own_project(run, listing, &own, &listed).await;
            }
            let known = if ids.len() as u64 == listed.records { listed.listed } else { unread_projects() };
            fan_out::quotas(run, &run.reach.readable(ids), &known).await;
        }
    };
    let stacks = async {
        if listing("stacks").is_some_and(&wanted) {
            stacks::all(run).await;
        }
    };
    tokio::join!(all_of(plain, AT_ONCE), projects, stacks);
    doubt_no_volumes(run);
}

/// Hands on the own project out of those the user has.
async fn own_project(run: &Run<'_>, listing: &'static Listing, own: &[String], listed: &Outcome) {
    if let Some(project) = own.first() {
        run.send(listing, 1, Cow::Borrowed(""), page::of_records(listing, [project.as_str()])).await;
    } else if listed.listed.is_complete() {
        let error = "the own project is not among those listed".to_owned();
        run.outcomes.add(listing, Outcome { listed: Listed::Failed { error }, ..Outcome::default() });
    }
}

fn unread_projects() -> Listed {
    Listed::Partial { errors: vec!["some projects are listed without an id".to_owned()] }
}

async fn whole(run: &Run<'_>, listing: &'static Listing, noted: bool) {
    let mut walk = Walk::of(listing);
    if listing.everybody == Everybody::User {
        walk.context = Cow::Owned(run.reach.user.clone());
    }
    let mut has_volumes = false;
    let mut each = |record: &str| {
        has_volumes = has_volumes || listing.name == "servers" && !attached_volumes(record).is_empty();
        if noted && let Some(id) = decode::text_at(record, listing.id) {
            run.sent.lock().unwrap_or_else(PoisonError::into_inner).insert((listing.name, id));
        }
    };
    run.walk(&walk, &mut each).await;
    if has_volumes {
        run.has_attached_volumes.store(true, Relaxed);
    }
}

/// Cinder may list nothing without an error. When servers say they have volumes, that is not believed, nor when none were
/// asked.
fn doubt_no_volumes(run: &Run<'_>) {
    let (Some(volumes), Some(servers)) = (listing("volumes"), listing("servers")) else { return };
    let none = run.outcomes.of(volumes).is_some_and(|o| o.listed.is_complete() && o.records == 0);
    let error = if !none {
        return;
    } else if run.has_attached_volumes.load(Relaxed) {
        "no volume is listed, but servers have some attached"
    } else if run.outcomes.of(servers).is_none() {
        "no volume is listed, which only a refresh that lists the servers, too, can believe"
    } else {
        return;
    };
    run.outcomes.add(volumes, Outcome { listed: Listed::Failed { error: error.to_owned() }, ..Outcome::default() });
}
