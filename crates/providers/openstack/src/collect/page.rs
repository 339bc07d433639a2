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

/// Looks at page `number` of a listing. An answer of another shape is no empty page but an error.
pub(crate) fn look(listing: &Listing, number: u32, body: &[u8], mut each: impl FnMut(&str)) -> Result<Seen, ProviderError> {
    let wrong = |e: decode::Shape| bad_answer(listing, e.to_string());
    let text = decode::text(body).map_err(wrong)?;
    let mut seen = Seen::default();
    for (place, record) in decode::records(text, listing.root).map_err(wrong)?.enumerate() {
        let record = record.map_err(wrong)?;
        each(record);
        seen.ids.push(decode::text_at(record, listing.id).unwrap_or_else(|| format!("#{number}.{place}")));
    }
    seen.next = match listing.paging {
        // Keystone gives only so many, if it was told to, and says so.
        Paging::Whole if sonic_rs::get(text, ["truncated"]).is_ok_and(|cut| cut.as_bool() == Some(true)) => {
            return Err(bad_answer(listing, "the service cut the list off (its list_limit is too low)".to_owned()));
        }
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

/// Whether an answer is a list with nothing in it.
pub(crate) fn is_empty(listing: &Listing, body: &[u8]) -> bool {
    look(listing, 1, body, |_| {}).is_ok_and(|seen| seen.ids.is_empty())
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
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::super::listings::listing;
    use super::*;

    fn look_at(name: &str, body: &str) -> Result<Seen, String> {
        look(listing(name).expect("a listing"), 1, body.as_bytes(), |_| {}).map_err(|e| e.to_string())
    }

    #[test]
    fn ids_and_the_next_link_in_each_style() {
        let nova =
            r#"{"servers": [{"id": "a"}, {"id": "b"}], "servers_links": [{"rel": "next", "href": "http://n/x?marker=b"}]}"#;
        let seen = look_at("servers", nova).expect("a page");
        assert_eq!((seen.ids, seen.next.as_deref()), (vec!["a".to_owned(), "b".to_owned()], Some("http://n/x?marker=b")));
        let neutron = r#"{"ports": [{"id": "a"}], "ports_links": [{"rel": "previous", "href": "p"}]}"#;
        assert_eq!(look_at("ports", neutron).expect("a page").next, None);
        let glance = r#"{"images": [], "first": "/v2/images", "next": "/v2/images?marker=1"}"#;
        assert_eq!(look_at("images", glance).expect("a page").next.as_deref(), Some("/v2/images?marker=1"));
        assert_eq!(look_at("aggregates", r#"{"aggregates": [{"id": 1}]}"#).expect("a page").ids, ["1"]);
    }

    #[test]
    fn another_shape_is_an_error_not_an_empty_page() {
        for body in ["", "null", "[]", "{}", r#"{"servers": null}"#, r#"{"servers": {}}"#, r#"{"servers": [{"id": "a"}"#] {
            assert!(look_at("servers", body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_single_record_comes_wrapped_or_bare() {
        let servers = listing("servers").expect("a listing");
        let one = servers.one.expect("by id");
        assert_eq!(single(servers, one, br#"{"server": {"id": "a"}}"#).expect("a record"), r#"{"id": "a"}"#);
        for answer in [r#"{"server": []}"#, "{}", "null", ""] {
            assert!(single(servers, one, answer.as_bytes()).is_err(), "{answer}");
        }
        let images = listing("images").expect("a listing");
        let one = images.one.expect("by id");
        assert_eq!(single(images, one, br#" {"id": "a"} "#).expect("a record"), r#"{"id": "a"}"#);
        assert!(single(images, one, b"[]").is_err());
    }

    #[test]
    fn a_list_that_was_cut_off_is_told() {
        let page = r#"{"projects": [{"id": "a"}], "truncated": true, "links": {"next": null}}"#;
        assert!(look_at("projects", page).is_err());
    }
}
