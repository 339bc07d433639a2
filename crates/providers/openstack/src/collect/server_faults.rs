//! What went wrong with a server in error. Nova's list leaves it out for servers of other cells than the one its API reads
//! from (of those that never found a host, as a rule); a server shown by itself always has it.

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use stocktake_provider::BoxFuture;

use super::listings::Listing;
use super::{Run, page};
use crate::parse::decode;

/// Servers asked for at once, of one page; requests have a budget of their own.
const AT_ONCE: usize = 4;

/// The page, each server in error with its fault. One that cannot be asked stays as it was listed: what is stored of its
/// fault is then left alone.
pub(super) async fn complete(run: &Run<'_>, listing: &'static Listing, body: Bytes) -> Bytes {
    // A quick look, so that a page without errors costs no more than that.
    if !decode::text(&body).is_ok_and(|text| text.contains("\"ERROR\"")) {
        return body;
    }
    let Some(records) = records(listing, &body) else { return body };
    let asked: Vec<BoxFuture<'_, (usize, Option<String>)>> = (0..records.len())
        .zip(&records)
        .filter(|(_, record)| lacks_its_fault(record))
        .map(|(at, record)| Box::pin(async move { (at, fault_of(run, listing, record).await) }) as BoxFuture<'_, _>)
        .collect();
    let faults: Vec<_> = stream::iter(asked).buffer_unordered(AT_ONCE).collect().await;
    if faults.iter().all(|(_, fault)| fault.is_none()) {
        return body;
    }
    let mut records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
    for (at, fault) in faults {
        if let Some(fault) = fault {
            records[at] = with_fault(&records[at], &fault);
        }
    }
    page::of_records(listing, records.iter().map(String::as_str))
}

fn records<'b>(listing: &Listing, body: &'b [u8]) -> Option<Vec<&'b str>> {
    decode::records(decode::text(body).ok()?, listing.root).ok()?.collect::<Result<_, _>>().ok()
}

fn lacks_its_fault(record: &str) -> bool {
    decode::text_at(record, "status").as_deref() == Some("ERROR") && sonic_rs::get(record, ["fault"]).is_err()
}

async fn fault_of(run: &Run<'_>, listing: &'static Listing, record: &str) -> Option<String> {
    let (one, id) = (listing.one?, decode::text_at(record, "id")?);
    let answer = run.get(listing, &one.path.replace("{}", &id)).await.ok()?;
    let server = page::single(listing, one, &answer).ok()?;
    Some(sonic_rs::get(server.as_str(), ["fault"]).ok()?.as_raw_str().to_owned())
}

fn with_fault(record: &str, fault: &str) -> String {
    match record.trim_start().strip_prefix('{') {
        Some(rest) => format!("{{\"fault\":{fault},{rest}"),
        None => record.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_in_error_and_says_no_more_is_asked_for() {
        assert!(lacks_its_fault(r#"{"id": "a", "status": "ERROR"}"#));
        assert!(!lacks_its_fault(r#"{"id": "a", "status": "ERROR", "fault": {"message": "m"}}"#));
        assert!(!lacks_its_fault(r#"{"id": "a", "status": "ACTIVE", "name": "ERROR"}"#));
    }

    #[test]
    fn a_fault_is_put_into_the_record() {
        let record = with_fault(r#" {"id": "a"}"#, r#"{"message": "m"}"#);
        assert_eq!(record, r#"{"fault":{"message": "m"},"id": "a"}"#);
    }
}
