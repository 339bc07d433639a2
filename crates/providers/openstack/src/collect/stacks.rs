//! Stacks: listed for their names, then each read by itself, since the list has neither parameters nor outputs; and
//! the resources of each. Two calls a stack, no more.

use std::collections::HashSet;

use bytes::Bytes;
use stocktake_model::{CollectionIx, Listed};
use stocktake_provider::ProviderError;

use super::fan_out::{Part, ask};
use super::listings::{Listing, One, listing};
use super::outcome::Outcome;
use super::walk::Walk;
use super::{Run, page};
use crate::parse::decode;

const STACK: One = One { path: "/stacks/{}", root: "stack" };

/// Reads all stacks.
pub(super) async fn all(run: &Run<'_>) {
    let Some(stacks) = listing("stacks") else { return };
    let (mut found, mut unread) = (Vec::new(), 0);
    let walk = Walk { send: false, ..Walk::of(stacks) };
    let note = &mut |record: &str| match Stack::read(record) {
        Some(stack) => found.push(stack),
        None => unread += 1,
    };
    let mut listed = run.walk(&walk, note).await;
    if unread > 0 {
        let errors = vec![format!("{unread} stacks are listed without an id or a name")];
        listed.listed = listed.listed.and(Listed::Partial { errors });
        run.outcomes.add(stacks, Outcome { listed: listed.listed.clone(), ..Outcome::default() });
    }
    details(run, found, listed).await;
}

/// Reads one stack. The list is asked for it, since a stack is only found by name and id together.
pub(super) async fn target(run: &Run<'_>, collection: CollectionIx, id: &str) {
    let Some(stacks) = listing("stacks") else { return };
    let mut found = None;
    let filter = format!("id={id}&show_deleted=True");
    let walk = Walk { send: false, filter: &filter, ..Walk::of(stacks) };
    let listed = run
        .walk(&walk, &mut |record| found = found.take().or_else(|| Stack::read(record).filter(|stack| stack.id == id)))
        .await;
    match found {
        Some(stack) if stack.deleted => run.outcomes.gone(collection, id),
        Some(stack) => {
            let before = run.outcomes.of(stacks).map_or(0, |o| o.listed.errors().len());
            details(run, vec![stack], Outcome { reach: listed.reach, ..Outcome::default() }).await;
            if run.outcomes.of(stacks).is_some_and(|o| o.listed.errors().len() == before) {
                run.outcomes.read(collection, id);
            }
        }
        // Absent from a list of some projects' it may be another's.
        None if listed.pages > 0 && listed.listed.is_complete() => gone_or_unknown(run, stacks, collection, id).await,
        None => {}
    }
}

async fn gone_or_unknown(run: &Run<'_>, stacks: &'static Listing, collection: CollectionIx, id: &str) {
    match run.get(stacks, &format!("/stacks/{id}")).await {
        Err(e) if run.is_gone(&e, id) => run.outcomes.gone(collection, id),
        Err(e) => {
            run.outcomes.add(stacks, Outcome { listed: Listed::Failed { error: e.to_string() }, ..Outcome::default() });
        }
        Ok(_) => {
            let error = format!("stack {id} exists but is not in the list");
            run.outcomes.add(stacks, Outcome { listed: Listed::Failed { error }, ..Outcome::default() });
        }
    }
}

/// What the list says of a stack.
struct Stack {
    id: String,
    name: String,
    deleted: bool,
}

impl Stack {
    fn read(record: &str) -> Option<Self> {
        Some(Self {
            id: decode::text_at(record, "id").filter(|id| !id.is_empty())?,
            name: decode::text_at(record, "stack_name")?,
            deleted: decode::text_at(record, "stack_status").is_some_and(|s| s == "DELETE_COMPLETE"),
        })
    }

    fn part(&self, tail: &str) -> Part {
        Part { path: format!("/stacks/{}/{}{tail}", encoded(&self.name), self.id), of: self.id.clone() }
    }
}

/// Names of stacks are letters, digits, `_`, `.` and `-`; anything else is written so that it stays one segment.
fn encoded(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

/// `listed`: what became of the list.
async fn details(run: &Run<'_>, found: Vec<Stack>, listed: Outcome) {
    let (Some(stacks), Some(resources)) = (listing("stacks"), listing("stack_resources")) else { return };
    if listed.pages == 0 && found.is_empty() {
        return run.outcomes.add(resources, Outcome { millis: 0, ..listed });
    }
    let whole = Outcome { reach: listed.reach.clone(), ..Outcome::default() };
    let shows = found.iter().map(|stack| stack.part("")).collect();
    let of_each = found.iter().map(|stack| stack.part("/resources")).collect();
    tokio::join!(
        ask(run, stacks, shows, as_list, whole),
        ask(run, resources, of_each, checked, Outcome { millis: 0, ..listed }),
    );
}

fn as_list(listing: &'static Listing, body: Bytes) -> Result<Bytes, ProviderError> {
    let record = page::single(listing, STACK, &body)?;
    Ok(page::of_records(listing, [record.as_str()]))
}

fn checked(listing: &'static Listing, body: Bytes) -> Result<Bytes, ProviderError> {
    let mut names = HashSet::new();
    let seen = page::look(listing, 1, &body, |_| {})?;
    match seen.ids.iter().find(|name| !names.insert(*name)) {
        Some(twice) => Err(page::bad_answer(listing, format!("{twice} is listed twice"))),
        None => Ok(body),
    }
}
