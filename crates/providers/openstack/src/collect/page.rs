//! What following pages needs to know of a page: its records' ids and where it goes on. And pages made of single records.

use bytes::Bytes;
use sonic_rs::JsonValueTrait;
use stocktake_provider::{ErrorKind, ProviderError};

use super::listings::{Listing, One, Paging};
use crate::parse::decode;

/// A page, looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Ids of the records in order; of those that have none, their place.
    pub(crate) ids: Vec<String>,
    /// The link to the next page, as the service wrote it.
    pub(crate) next: Option<String>,
}

/// Looks at a page of a listing. An answer of another shape is no empty page but an error.
pub(crate) fn look(listing: &Listing, body: &[u8], mut each: impl FnMut(&str)) -> Result<Seen, ProviderError> {
    let wrong = |e: decode::Shape| bad_answer(listing, e.to_string());
    let text = decode::text(body).map_err(wrong)?;
    let mut seen = Seen::default();
    for (place, record) in decode::records(text, listing.root).map_err(wrong)?.enumerate() {
        let record = record.map_err(wrong)?;
        each(record);
        seen.ids.push(decode::text_at(record, "id").unwrap_or_else(|| format!("#{place}")));
    }
    seen.next = match listing.paging {
        Paging::Whole | Paging::Offset => None,
        Paging::Next => decode::text_at(text, "next").filter(|next| !next.is_empty()),
        Paging::Links(name) | Paging::LightLinks(name) => next_of(text, name),
    };
    Ok(seen)
}

pub(crate) fn bad_answer(listing: &Listing, message: String) -> ProviderError {
    let call = format!("GET {} {}", listing.service, listing.path);
    ProviderError { kind: ErrorKind::BadAnswer, call, message, hint: None }
}

fn next_of(page: &str, links: &str) -> Option<String> {
    let links = sonic_rs::get(page, [links]).ok()?;
    let links = links.into_array_iter()?;
    let next = |link: decode::Json<'_>| {
        let is_next = link.get("rel").is_some_and(|rel| rel.as_str() == Some("next"));
        is_next.then(|| link.get("href").and_then(|href| href.as_str().map(str::to_owned))).flatten()
    };
    links.map_while(Result::ok).find_map(next)
}

/// A page of these records.
pub(crate) fn of_records<'r>(listing: &Listing, records: impl IntoIterator<Item = &'r str>) -> Bytes {
    let records: Vec<&str> = records.into_iter().collect();
    Bytes::from(format!("{{\"{}\":[{}]}}", listing.root, records.join(",")))
}

/// The record in the answer to a question for one, as a list would show it.
pub(crate) fn single(listing: &Listing, one: One, body: &[u8]) -> Result<String, ProviderError> {
    let wrong = |e: decode::Shape| bad_answer(listing, e.to_string());
    let text = decode::text(body).map_err(wrong)?;
    let record = if one.root.is_empty() {
        text.trim().to_owned()
    } else {
        decode::root(text, one.root).map_err(wrong)?.as_raw_str().to_owned()
    };
    if !record.starts_with('{') {
        return Err(bad_answer(listing, format!("'{}' is not an object", one.root)));
    }
    if one.without.is_empty() && one.last.is_empty() {
        return Ok(record);
    }
    Ok(rearranged(&record, one))
}

/// Leaves fields out and puts others at the end; the text of the rest stays as it was, so that its digest does too.
fn rearranged(record: &str, one: One) -> String {
    let spaced = record.find("\":").is_some_and(|at| record[at + 2..].starts_with(' '));
    let (comma, colon) = if spaced { (", ", ": ") } else { (",", ":") };
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for (name, value) in decode::entries(record) {
        if !one.without.contains(&&*name) {
            let part = if one.last.contains(&&*name) { &mut last } else { &mut first };
            part.push(format!("\"{name}\"{colon}{}", value.as_raw_str()));
        }
    }
    first.append(&mut last);
    format!("{{{}}}", first.join(comma))
}

#[cfg(test)]
mod tests {
    use super::super::listing;
    use super::*;

    fn look_at(name: &str, body: &str) -> Result<Seen, String> {
        look(listing(name).expect("a listing"), body.as_bytes(), |_| {}).map_err(|e| e.to_string())
    }

    #[test]
    fn ids_and_the_next_link_in_each_style() {
        let nova = r#"{"servers": [{"id": "a"}, {"id": "b"}], "servers_links": [{"rel": "next", "href": "http://n/x?marker=b"}]}"#;
        let seen = look_at("servers", nova).expect("a page");
        assert_eq!(
            (seen.ids, seen.next.as_deref()),
            (vec!["a".to_owned(), "b".to_owned()], Some("http://n/x?marker=b"))
        );
        let neutron = r#"{"ports": [{"id": "a"}], "ports_links": [{"rel": "previous", "href": "p"}]}"#;
        assert_eq!(look_at("ports", neutron).expect("a page").next, None);
        let glance = r#"{"images": [], "first": "/v2/images", "next": "/v2/images?marker=1"}"#;
        assert_eq!(look_at("images", glance).expect("a page").next.as_deref(), Some("/v2/images?marker=1"));
        assert_eq!(look_at("aggregates", r#"{"aggregates": [{"id": 1}]}"#).expect("a page").ids, ["1"]);
    }

    #[test]
    fn another_shape_is_an_error_not_an_empty_page() {
        for body in
            ["", "null", "[]", "{}", r#"{"servers": null}"#, r#"{"servers": {}}"#, r#"{"servers": [{"id": "a"}"#]
        {
            assert!(look_at("servers", body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_single_server_looks_like_one_of_a_list() {
        let listing = listing("servers").expect("a listing");
        let one = listing.one.expect("by id");
        for (answer, list) in [
            (
                r#"{"server": {"id": "a", "fault": {"x": 1}, "host_status": "UP", "n": [1, 2], "server_groups": []}}"#,
                r#"{"id": "a", "n": [1, 2], "host_status": "UP"}"#,
            ),
            (r#"{"server":{"id":"a","host_status":"UP","n":"\"q\""}}"#, r#"{"id":"a","n":"\"q\"","host_status":"UP"}"#),
        ] {
            assert_eq!(single(listing, one, answer.as_bytes()).expect("a record"), list);
        }
        assert!(single(listing, one, br#"{"server": []}"#).is_err());
        assert!(single(listing, one, b"{}").is_err());
    }
}
