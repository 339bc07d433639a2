//! What the credential may read: every listing is asked for one record, and each collection is as readable as the
//! listings that feed it.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use stocktake_model::Listed;
use stocktake_provider::{Access, ErrorKind, ProviderError};

use crate::api::{Api, Session};
use crate::collect::{Everybody, LISTINGS, Listing, OF_ONE, Reach, Whose};
use crate::menu::menu;

/// Listings whose path needs something that a small test does not look for.
const NOT_ASKED: [&str; 1] = ["stack_resources"];

/// How one listing went.
enum Answer {
    Readable {
        reach: Option<String>,
        note: Option<String>,
    },
    Refused {
        needs: &'static str,
        message: String,
    },
    Failed(String),
    /// The cloud does not have it.
    Absent(String),
}

pub(super) async fn check(api: &Api, session: &Session, reach: &Reach) -> Vec<Access> {
    let asked: Vec<&Listing> = LISTINGS.iter().chain(OF_ONE).filter(|l| !NOT_ASKED.contains(&l.name)).collect();
    let answers = join_all(asked.iter().map(|listing| ask(api, session, reach, listing))).await;
    let mut by_collection: BTreeMap<&str, Vec<(&Listing, &Answer)>> = BTreeMap::new();
    for (listing, answer) in asked.iter().zip(&answers) {
        for collection in listing.feeds {
            by_collection.entry(collection).or_default().push((listing, answer));
        }
    }
    let menu = menu();
    let known = menu.iter().filter_map(|(_, c)| Some((c.name, by_collection.remove(c.name)?)));
    known.map(|(name, fed)| merge(name, &fed)).collect()
}

async fn ask(api: &Api, session: &Session, reach: &Reach, listing: &Listing) -> Answer {
    match api.has(listing.service).await {
        Ok(true) => {}
        Ok(false) => return Answer::Absent(format!("no {} service in the catalogue", listing.service)),
        Err(e) => return Answer::Failed(e.to_string()),
    }
    let of = session.project_id.as_deref().unwrap_or_default();
    if listing.path.contains("{}") && of.is_empty() {
        return Answer::Absent("not tried: it is read project by project, and the token has none".to_owned());
    }
    let whose = reach.asks();
    let all = whose == Whose::Everybody;
    let (outcome, refused) = match get(api, listing, whose, of).await {
        Err(e) if e.kind == ErrorKind::Forbidden && all && matches!(listing.everybody, Everybody::Asked(_)) => {
            (get(api, listing, Whose::Shown, of).await, true)
        }
        outcome => (outcome, false),
    };
    match outcome {
        Ok(()) => {
            let (reach, listed) = reach.of_listing(listing, refused);
            let note = if let Listed::Partial { errors } = listed { errors.into_iter().next() } else { None };
            Answer::Readable { reach, note }
        }
        Err(e) if e.kind == ErrorKind::NotFound && listing.optional => {
            Answer::Absent(format!("this cloud's {} service does not offer it", listing.service))
        }
        Err(e) if matches!(e.kind, ErrorKind::Forbidden | ErrorKind::Unauthorized) => {
            Answer::Refused { needs: role(listing.everybody), message: e.to_string() }
        }
        Err(e) => Answer::Failed(e.to_string()),
    }
}

async fn get(api: &Api, listing: &Listing, whose: Whose<'_>, of: &str) -> Result<(), ProviderError> {
    let path = listing.first(whose, of, 1, "");
    // Older behaviour where the listing's fields left with a newer one, as the collector asks.
    let microversion = api.microversion(listing.service).await?.map(|v| listing.newest.map_or(v, |newest| newest.min(v)));
    api.get_at(listing.service, &path, microversion).await.map(drop)
}

/// The role that services of a usual policy want. A cloud may have written its own.
const fn role(everybody: Everybody) -> &'static str {
    match everybody {
        Everybody::Operators => "admin; some services also take a reader signed in to the system (system_scope=all)",
        Everybody::Asked(_) | Everybody::Silent(_) => "reader in the project; admin for every project",
        Everybody::Same | Everybody::User => "reader in the project",
    }
}

/// A collection can be read when every listing that feeds it can, or is not there to be read.
fn merge(collection: &str, fed: &[(&Listing, &Answer)]) -> Access {
    let absent = fed.iter().all(|(_, answer)| matches!(answer, Answer::Absent(_)));
    let collection = collection.to_owned();
    let mut access = Access { collection, readable: true, absent, reach: None, needs: None, message: None };
    let mut present = false;
    let mut messages: Vec<String> = Vec::new();
    for (listing, answer) in fed {
        let told = match answer {
            Answer::Readable { reach, note } => {
                present = true;
                // The narrower reach is the collection's.
                if access.reach.is_none() || note.is_some() {
                    access.reach.clone_from(reach);
                }
                note.clone()
            }
            Answer::Absent(why) if fed.len() == 1 => Some(why.clone()),
            Answer::Absent(why) => Some(format!("{}: {why}", listing.name)),
            Answer::Refused { needs, message } => {
                access.readable = false;
                access.needs = Some((*needs).to_owned());
                Some(message.clone())
            }
            Answer::Failed(message) => {
                access.readable = false;
                Some(message.clone())
            }
        };
        messages.extend(told.filter(|m| !messages.contains(m)));
    }
    access.readable &= present;
    access.message = (!messages.is_empty()).then(|| messages.join("; "));
    access
}
