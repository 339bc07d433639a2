//! Paging and filtering: which places a listing shows, and where it goes on.
//!
//! Every service pages by marker: "what comes after this id". A page that is full carries a next link even when nothing
//! follows, as the real services do, so clients must expect an empty last page. Knows no row.

use std::ops::ControlFlow;

use serde_json::Value;

use crate::ids::{Kind, Place};
use crate::json::{Obj, resume_object};
use crate::overlay::merge_patch;
use crate::wire::Reply;
use crate::world::View;

/// Pages up to this size get their memory at once.
const BULK: usize = 1_000;

/// What is asked of a listing.
#[derive(Debug, Default)]
pub(crate) struct Query<'a> {
    /// The id spaces the listing runs through, in order.
    pub kinds: &'a [Kind],
    /// Whether the youngest (highest index) comes first.
    pub newest_first: bool,
    /// The only places in question, when a filter says so by itself (`id=`, `device_id=`).
    pub only: Option<Vec<Place>>,
    pub limit: Option<usize>,
    pub marker: Option<Place>,
    /// Towards the front of the list (neutron's `page_reverse`).
    pub backwards: bool,
    /// Attribute, and the values it may have.
    pub filters: Vec<(String, Vec<String>)>,
}

/// A page of rows.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The reply's body so far: `{"NAME":[` and the rows. A page of 2 MB should not be copied to put a frame around it.
    body: Vec<u8>,
    pub count: usize,
    pub first: Option<Place>,
    pub last: Option<Place>,
    pub full: bool,
}

impl Page {
    /// Closes the list and the reply, with what else the service says beside the rows.
    pub(crate) fn finish(mut self, rest: impl FnOnce(&mut Obj<'_>)) -> Reply {
        self.body.push(b']');
        resume_object(&mut self.body, rest);
        Reply::new(200, self.body)
    }
}

/// `KEY: [{"rel": "next", "href": HREF}]`.
pub(crate) fn next_link(o: &mut Obj<'_>, key: &str, href: &str) {
    o.list(key, |l| {
        l.obj(|o| {
            o.put("rel", "next").put("href", href);
        });
    });
}

/// Runs through a listing and renders the rows of one page, under a name.
pub(crate) fn page(
    view: &View<'_>,
    name: &str,
    query: &Query<'_>,
    keep: impl Fn(Place) -> bool,
    render: impl Fn(Place, &mut Vec<u8>),
) -> Page {
    let mut page = Page { body: format!("{{\"{name}\":[").into_bytes(), ..Page::default() };
    let frame = page.body.len();
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut rows: Vec<(usize, usize)> = Vec::new();
    let mut visit = |place: Place| {
        if page.count >= limit {
            return ControlFlow::Break(());
        }
        if !keep(place) {
            return ControlFlow::Continue(());
        }
        let start = page.body.len();
        if page.count > 0 {
            page.body.push(b',');
        }
        let row_start = page.body.len();
        render(place, &mut page.body);
        patch_row(view, place, &mut page.body, row_start);
        if !query.filters.is_empty() && !row_matches(&page.body[row_start..], &query.filters) {
            page.body.truncate(start);
            return ControlFlow::Continue(());
        }
        rows.push((row_start, page.body.len()));
        if page.count == 0 && limit <= BULK {
            // Rows of one listing are of about one size: one reservation instead of twenty growing copies.
            page.body.reserve((page.body.len() - row_start) * limit * 9 / 8);
        }
        page.count += 1;
        page.first.get_or_insert(place);
        page.last = Some(place);
        ControlFlow::Continue(())
    };
    match &query.only {
        Some(places) => {
            let _ = places.iter().filter(|p| after_marker(places, query.marker, **p)).try_for_each(|p| visit(*p));
        }
        None => {
            let _ = scan(view, query, &mut visit);
        }
    }
    page.full = page.count > 0 && page.count == limit;
    if query.backwards {
        let reversed: Vec<&[u8]> = rows.iter().rev().map(|(a, b)| &page.body[*a..*b]).collect();
        let rows = reversed.join(&b","[..]);
        page.body.truncate(frame);
        page.body.extend_from_slice(&rows);
        std::mem::swap(&mut page.first, &mut page.last);
    }
    page
}

fn after_marker(places: &[Place], marker: Option<Place>, place: Place) -> bool {
    let position = |p: Place| places.iter().position(|q| *q == p);
    marker.is_none_or(|m| position(place) > position(m))
}

fn scan(view: &View<'_>, query: &Query<'_>, visit: &mut impl FnMut(Place) -> ControlFlow<()>) -> ControlFlow<()> {
    let mut kinds = query.kinds.to_vec();
    let falling = query.newest_first != query.backwards;
    if query.backwards {
        kinds.reverse();
    }
    let start = query.marker.and_then(|m| kinds.iter().position(|k| *k == m.kind)).unwrap_or(0);
    for kind in &kinds[start..] {
        let span = view.span(*kind);
        let marker = query.marker.filter(|m| m.kind == *kind).map(|m| m.index);
        let (from, to) = match (marker, falling) {
            (None, _) => (0, span),
            (Some(m), false) => (m + 1, span),
            (Some(m), true) => (0, m),
        };
        if falling {
            (from..to).rev().try_for_each(|i| visit(Place::new(*kind, i)))?;
        } else {
            (from..to).try_for_each(|i| visit(Place::new(*kind, i)))?;
        }
    }
    ControlFlow::Continue(())
}

/// Applies the merge patch a place may have to the row that ends the buffer.
pub(crate) fn patch_row(view: &View<'_>, place: Place, out: &mut Vec<u8>, start: usize) {
    let Some(patch) = view.tweak(place.kind, place.index).and_then(|t| t.patch.as_ref()) else {
        return;
    };
    let Ok(mut row) = serde_json::from_slice::<Value>(&out[start..]) else {
        return;
    };
    merge_patch(&mut row, patch);
    out.truncate(start);
    // A Vec takes every write, and a Value is always serialisable.
    let _ = serde_json::to_writer(out, &row);
}

fn row_matches(row: &[u8], filters: &[(String, Vec<String>)]) -> bool {
    let Ok(row) = serde_json::from_slice::<Value>(row) else {
        return false;
    };
    filters.iter().all(|(key, wanted)| row.get(key).is_some_and(|value| wanted.iter().any(|w| value_is(value, w))))
}

fn value_is(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(s) => s.eq_ignore_ascii_case(wanted),
        Value::Bool(true) => matches!(wanted.to_ascii_lowercase().as_str(), "true" | "1" | "yes"),
        Value::Bool(false) => matches!(wanted.to_ascii_lowercase().as_str(), "false" | "0" | "no"),
        Value::Number(n) => n.to_string() == wanted,
        Value::Null => wanted.is_empty() || wanted.eq_ignore_ascii_case("none"),
        // neutron matches a list attribute when any item does (`security_groups=`, `fixed_ips=subnet_id=`).
        Value::Array(items) => items.iter().any(|item| value_is(item, wanted)),
        Value::Object(fields) => wanted.split_once('=').is_some_and(|(k, v)| fields.get(k).is_some_and(|f| value_is(f, v))),
    }
}
