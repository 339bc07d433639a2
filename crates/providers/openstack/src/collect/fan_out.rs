//! What must be asked for one by one: the quotas of each project, each stack and its resources.

use std::borrow::Cow;
use std::time::Instant;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use sonic_rs::JsonValueTrait;
use stocktake_model::Listed;
use stocktake_provider::{BoxFuture, Progress, ProviderError};
use tracing::Instrument as _;

use super::Run;
use super::listings::{Listing, listing};
use super::outcome::{Outcome, note, span};
use super::page;
use crate::parse::decode;

/// Questions under way at once; requests have a budget of their own.
const AT_ONCE: usize = 8;
/// Errors told of each listing.
const TOLD: usize = 5;

/// One question of many.
pub(super) struct Part {
    pub(super) path: String,
    /// What the answer is of.
    pub(super) of: String,
}

/// Makes a page of an answer, or says that it is none.
pub(super) type Shape = fn(&'static Listing, Bytes) -> Result<Bytes, ProviderError>;

/// Asks each part. `whole`: reach and completeness of the list the parts come from.
pub(super) async fn ask(run: &Run<'_>, listing: &'static Listing, parts: Vec<Part>, shape: Shape, whole: Outcome) {
    ask_some(run, listing, parts, shape, whole, AT_ONCE).await;
}

async fn ask_some(run: &Run<'_>, listing: &'static Listing, parts: Vec<Part>, shape: Shape, whole: Outcome, at_once: usize) {
    ask_each(run, listing, parts, shape, whole, at_once).instrument(span(listing)).await;
}

async fn ask_each(run: &Run<'_>, listing: &'static Listing, parts: Vec<Part>, shape: Shape, whole: Outcome, at_once: usize) {
    run.sink.progress(Progress::Started { listing: listing.name });
    let start = Instant::now();
    let mut outcome = Outcome { records: 0, pages: 0, ..whole };
    let question = |(number, part): (u32, Part)| -> BoxFuture<'_, Result<bool, ProviderError>> {
        Box::pin(async move {
            let ask = async || run.get(listing, &part.path).await.and_then(|body| shape(listing, body));
            let body = match ask().await {
                // Believed only when said twice.
                Ok(body) if page::is_empty(listing, &body) => ask().await,
                answer => answer,
            };
            match body {
                Ok(body) => {
                    let filled = !page::is_empty(listing, &body);
                    run.send(listing, number, Cow::Owned(part.of), body).await;
                    Ok(filled)
                }
                // It went away since it was listed.
                Err(e) if run.is_gone(&e, &part.of) => Ok(true),
                Err(e) => Err(e),
            }
        })
    };
    let questions: Vec<_> = (1..).zip(parts).map(question).collect();
    let mut answers = stream::iter(questions).buffer_unordered(at_once);
    let (mut errors, mut failed, mut filled) = (Vec::new(), 0_u64, 0_u64);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(has_some) => {
                filled += u64::from(has_some);
                (outcome.records, outcome.pages) = (outcome.records + 1, outcome.pages + 1);
                run.sink.progress(Progress::Records { listing: listing.name, records: outcome.records });
            }
            Err(e) => {
                failed += 1;
                if errors.len() < TOLD {
                    errors.push(e.to_string());
                }
            }
        }
    }
    if filled == 0 && outcome.pages > 0 && errors.is_empty() {
        errors.push(format!("all {} answers are empty, which is not believed", outcome.pages));
    }
    if failed > errors.len() as u64 {
        errors.push(format!("{failed} questions failed in all"));
    }
    if !errors.is_empty() {
        outcome.listed = if outcome.pages == 0 {
            Listed::Failed { error: errors.join("; ") }
        } else {
            outcome.listed.and(Listed::Partial { errors })
        };
    }
    outcome.millis = start.elapsed().as_millis() as u64;
    note(&outcome);
    run.sink.progress(Progress::Ended { listing: listing.name, listed: outcome.listed.clone() });
    run.outcomes.add(listing, outcome);
}

/// Quotas of these projects, of every service that has some. `known`: what became of the list of projects.
///
/// They are three calls a project, and no service gives those of several at once: in a cloud of thousands of projects
/// most of a run's calls. They take half of the budget at most, so that the listings go on beside them.
pub(super) async fn quotas(run: &Run<'_>, projects: &[String], known: &Listed) {
    for listing in ["compute_quotas", "volume_quotas", "network_quotas"].into_iter().filter_map(listing) {
        if let Some(excuse) = run.excuse(listing).await {
            run.outcomes.add(listing, excuse);
        } else if projects.is_empty() {
            run.outcomes.add(listing, Outcome::not_asked("no project is known whose quotas it may read"));
        } else {
            let (reach, listed) = run.reach.of_listing(listing, false);
            let part = |id: &String| Part { path: listing.path.replace("{}", id), of: id.clone() };
            let whole = Outcome { reach, listed: listed.and(known.clone()), ..Outcome::default() };
            let at_once = (run.api.in_flight() / 2).max(1);
            ask_some(run, listing, projects.iter().map(part).collect(), object, whole, at_once).await;
        }
    }
}

fn object(listing: &'static Listing, body: Bytes) -> Result<Bytes, ProviderError> {
    let text = decode::text(&body).map_err(|e| page::bad_answer(listing, e.to_string()))?;
    match decode::root(text, listing.root) {
        Ok(root) if root.is_object() => Ok(body.clone()),
        Ok(_) => Err(page::bad_answer(listing, format!("'{}' is not an object", listing.root))),
        Err(e) => Err(page::bad_answer(listing, e.to_string())),
    }
}
