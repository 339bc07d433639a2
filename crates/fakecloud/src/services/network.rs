//! Neutron v2.0: every listing pages, sorts, filters by any attribute and selects `fields` in the same way.
//!
//! A plain member silently sees its own and what is shared; only single objects of others are a 404.

use crate::auth::Bearer;
use crate::ids::{Kind, Place};
use crate::json::{Obj, object};
use crate::page::{Page, Query, page, patch_row};
use crate::rows::{network, port};
use crate::wire::{Reply, Request, Service};

use super::version::plain_document;
use super::{Answer, Context};

struct Collection {
    path: &'static str,
    plural: &'static str,
    singular: &'static str,
    /// As in `PortNotFound`.
    name: &'static str,
    kinds: &'static [Kind],
}

const fn collection(
    path: &'static str,
    plural: &'static str,
    singular: &'static str,
    name: &'static str,
    kinds: &'static [Kind],
) -> Collection {
    Collection { path, plural, singular, name, kinds }
}

const COLLECTIONS: [Collection; 8] = [
    collection("networks", "networks", "network", "Network", &[Kind::Network]),
    collection("subnets", "subnets", "subnet", "Subnet", &[Kind::Subnet]),
    collection(
        "ports",
        "ports",
        "port",
        "Port",
        &[Kind::PortServer, Kind::PortExtra, Kind::PortRouter, Kind::PortGateway, Kind::PortDhcp, Kind::PortFloating],
    ),
    collection("routers", "routers", "router", "Router", &[Kind::Router]),
    collection("floatingips", "floatingips", "floatingip", "FloatingIP", &[Kind::FloatingServer, Kind::FloatingFree]),
    collection("security-groups", "security_groups", "security_group", "SecurityGroup", &[Kind::SecurityGroup]),
    collection(
        "security-group-rules",
        "security_group_rules",
        "security_group_rule",
        "SecurityGroupRule",
        &[Kind::SecurityRule],
    ),
    collection("agents", "agents", "agent", "Agent", &[Kind::Agent]),
];

/// Query keys that are no attribute.
const CONTROLS: [&str; 6] = ["limit", "marker", "page_reverse", "fields", "sort_key", "sort_dir"];

/// Attributes that say when something changed. Neutron shows them, and since it validates filters (Rocky; on unless the
/// operator says otherwise) it neither filters nor sorts by them.
const TIMES: [&str; 3] = ["changed_since", "updated_at", "created_at"];

const EXTENSIONS: [(&str, &str); 17] = [
    ("agent", "agent"),
    ("Availability Zone", "availability_zone"),
    ("DNS Integration", "dns-integration"),
    ("Neutron external network", "external-net"),
    ("Floating IP Port Details Extension", "fip-port-details"),
    ("Filter parameters validation", "filter-validation"),
    ("Neutron L3 Router", "router"),
    ("Pagination support", "pagination"),
    ("Port Binding", "binding"),
    ("Port Security", "port-security"),
    ("Provider Network", "provider"),
    ("Quota management support", "quotas"),
    ("security-group", "security-group"),
    ("Sorting support", "sorting"),
    ("Resource revision numbers", "standard-attr-revisions"),
    ("Resource timestamps", "standard-attr-timestamp"),
    ("Tag support for resources with standard attribute", "standard-attr-tag"),
];

pub(crate) fn answer(context: &Context<'_>, request: &Request, path: &[&str]) -> Answer {
    if path.is_empty() {
        return Ok(plain_document(200, &context.root(Service::Network), &[("v2.0", "CURRENT", "v2.0")]));
    }
    let bearer = context.bearer(request)?;
    let missing = || Reply::neutron(404, "HTTPNotFound", "The resource could not be found.");
    let Some(("v2.0", path)) = path.split_first().map(|(v, rest)| (*v, rest)) else {
        return Err(missing());
    };
    match path {
        ["extensions"] => return Ok(extensions()),
        ["availability_zones"] => return Ok(zones()),
        ["quotas", project] => return quota(context, &bearer, project),
        _ => {}
    }
    let name = path.first().map(|p| p.strip_suffix(".json").unwrap_or(p));
    let collection = COLLECTIONS.iter().find(|c| Some(c.path) == name).ok_or_else(missing)?;
    match path {
        [_] => list(context, request, &bearer, collection),
        [_, id] => show(context, &bearer, collection, id),
        _ => Err(missing()),
    }
}

/// What a member may see: its own, and networks (with their subnets) that are shared or lead outside.
fn visible(context: &Context<'_>, bearer: &Bearer, place: Place) -> bool {
    let view = &context.view;
    if !view.exists(place) {
        return false;
    }
    if bearer.is_admin() {
        return true;
    }
    let common = match place.kind {
        Kind::Agent | Kind::PortGateway | Kind::PortFloating => return false,
        Kind::Network => place.index,
        Kind::Subnet => view.network_of_subnet(place.index),
        _ => u32::MAX,
    };
    let public = common == view.shared_network() || (common == view.external_network() && place.kind == Kind::Network);
    public || bearer.project().is_some_and(|p| view.owner(place) == Some(p))
}

fn row(context: &Context<'_>, admin: bool, place: Place, o: &mut Obj<'_>) {
    let view = &context.view;
    match place.kind {
        Kind::Network => network::network(view, admin, place.index, o),
        Kind::Subnet => network::subnet(view, place.index, o),
        Kind::Router => network::router(view, admin, place.index, o),
        Kind::FloatingServer | Kind::FloatingFree => network::floating_ip(view, place, o),
        Kind::SecurityGroup => network::security_group(view, place.index, o),
        Kind::SecurityRule => network::security_rule(view, place.index, false, o),
        Kind::Agent => network::agent(view, place.index, o),
        _ => port::write(view, admin, place, o),
    }
}

fn list(context: &Context<'_>, request: &Request, bearer: &Bearer, collection: &Collection) -> Answer {
    let view = &context.view;
    let bad = |message: &str| Reply::neutron(400, "HTTPBadRequest", message);
    let asked = match request.query("limit").map(str::parse::<usize>) {
        None | Some(Ok(0)) => None,
        Some(Ok(limit)) => Some(limit),
        Some(Err(_)) => return Err(bad("Limit must be an integer 0 or greater and not 'x'.")),
    };
    for (key, value) in &request.query {
        let (name, purpose) = if key == "sort_key" { (value, "sort_keys") } else { (key, "filtering") };
        if TIMES.contains(&name.as_str()) {
            return Err(bad(&format!("['{name}'] is invalid attribute for {purpose}")));
        }
    }
    let fields: Vec<&str> = request.query.iter().filter(|(k, _)| k == "fields").map(|(_, v)| v.as_str()).collect();
    let max = view.world.options.network_page_max;
    let limit = asked.map(|l| max.map_or(l, |m| l.min(m))).or(max);
    let mut query = Query { kinds: collection.kinds, limit, backwards: request.flag("page_reverse"), ..Query::default() };
    if let Some(id) = request.query("marker") {
        let known = |p: &Place| collection.kinds.contains(&p.kind) && visible(context, bearer, *p);
        query.marker = Some(view.place(id).filter(known).ok_or_else(|| not_found(collection, id))?);
    }
    narrow(context, request, collection, &mut query);
    let admin = bearer.is_admin();
    let found = page(
        view,
        collection.plural,
        &query,
        |p| visible(context, bearer, p),
        |p, out| {
            let start = out.len();
            object(out, |o| row(context, admin, p, o));
            select(&fields, out, start);
        },
    );
    Ok(reply(context, request, collection, found, limit, query.backwards))
}

/// Leaves of the row that ends the buffer only the fields asked for, if any were.
fn select(fields: &[&str], out: &mut Vec<u8>, start: usize) {
    if fields.is_empty() {
        return;
    }
    let Ok(serde_json::Value::Object(mut row)) = serde_json::from_slice(&out[start..]) else { return };
    row.retain(|key, _| fields.contains(&key.as_str()));
    out.truncate(start);
    // A Vec takes every write, and a map of values is always serialisable.
    let _ = serde_json::to_writer(out, &row);
}

/// Turns the query's filters into places where arithmetic can, and leaves the rest to be compared row by row.
fn narrow(context: &Context<'_>, request: &Request, collection: &Collection, query: &mut Query<'_>) {
    let view = &context.view;
    for (key, value) in &request.query {
        if CONTROLS.contains(&key.as_str()) {
            continue;
        }
        match query.filters.iter_mut().find(|(k, _)| k == key) {
            Some((_, values)) => values.push(value.clone()),
            None => query.filters.push((key.clone(), vec![value.clone()])),
        }
    }
    let taken =
        query.filters.iter().position(|(key, _)| key == "id" || (key == "device_id" && collection.singular == "port"));
    let Some((key, values)) = taken.map(|at| query.filters.swap_remove(at)) else {
        return;
    };
    let of_value = |value: &String| match key.as_str() {
        "id" => Some(view.place(value).into_iter().collect()),
        _ => port::of_device(view, value),
    };
    // DHCP ports have a device that is no uuid of ours; then every port has to be looked at.
    let Some(found) = values.iter().map(of_value).collect::<Option<Vec<Vec<Place>>>>() else {
        query.filters.push((key, values));
        return;
    };
    let mut places = found.concat();
    places.retain(|p| collection.kinds.contains(&p.kind));
    places.sort();
    places.dedup();
    query.only = Some(places);
}

/// The rows with `NAME_links`: next when the page is full, previous always once there is a limit.
fn reply(
    context: &Context<'_>,
    request: &Request,
    collection: &Collection,
    found: Page,
    limit: Option<usize>,
    backwards: bool,
) -> Reply {
    let (Some(limit), Some(first), Some(last)) = (limit, found.first, found.last) else {
        return found.finish(|_| {});
    };
    let url = format!("{}{}", context.view.world.url, request.path);
    let href = |place: Place, tail: &str| {
        let marker = context.view.id(place.kind, place.index).to_string();
        format!("{url}?{}{tail}", request.next_query(&marker, false))
    };
    let short = found.count < limit;
    found.finish(|o| {
        o.list(&format!("{}_links", collection.plural), |l| {
            if !short || backwards {
                l.obj(|o| {
                    o.put("rel", "next").put("href", href(last, ""));
                });
            }
            if !short || !backwards {
                l.obj(|o| {
                    o.put("rel", "previous").put("href", href(first, "&page_reverse=True"));
                });
            }
        });
    })
}

fn not_found(collection: &Collection, id: &str) -> Reply {
    let words = collection.singular.replace('_', " ");
    let mut message = format!("{words} {id} could not be found.");
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Reply::neutron(404, &format!("{}NotFound", collection.name), &message)
}

fn show(context: &Context<'_>, bearer: &Bearer, collection: &Collection, id: &str) -> Answer {
    let view = &context.view;
    let known = |p: &Place| collection.kinds.contains(&p.kind) && visible(context, bearer, *p);
    let place = view.place(id).filter(known).ok_or_else(|| not_found(collection, id))?;
    let mut body = format!("{{\"{}\":", collection.singular).into_bytes();
    let start = body.len();
    object(&mut body, |o| row(context, bearer.is_admin(), place, o));
    patch_row(view, place, &mut body, start);
    body.push(b'}');
    Ok(Reply::new(200, body))
}

fn extensions() -> Reply {
    Reply::ok(|o| {
        o.list("extensions", |l| {
            for (name, alias) in EXTENSIONS {
                l.obj(|o| {
                    o.put("name", name).put("alias", alias).put("description", name);
                    o.put("updated", "2020-07-15T10:00:00-00:00").list("links", |_| {});
                });
            }
        });
    })
}

/// One zone each; networks and routers have theirs apart, under one name.
fn zones() -> Reply {
    Reply::ok(|o| {
        o.list("availability_zones", |l| {
            for resource in ["network", "router"] {
                l.obj(|o| {
                    o.put("state", "available").put("name", "nova").put("resource", resource);
                });
            }
        });
    })
}

fn quota(context: &Context<'_>, bearer: &Bearer, project: &str) -> Answer {
    let own = bearer.project().is_some_and(|p| context.view.place(project) == Some(Place::new(Kind::Project, p)));
    if !own && !bearer.is_admin() {
        return Err(Reply::neutron(403, "PolicyNotAuthorized", "(rule:get_quota) is disallowed by policy"));
    }
    let limits = [
        ("network", 100),
        ("subnet", 100),
        ("subnetpool", -1),
        ("port", 500),
        ("router", 10),
        ("floatingip", 50),
        ("rbac_policy", 10),
        ("security_group", 10),
        ("security_group_rule", 100),
        ("trunk", -1),
    ];
    Ok(Reply::ok(|o| {
        o.obj("quota", |o| {
            for (key, limit) in limits {
                o.put(key, limit);
            }
        });
    }))
}
