//! Glance v2: images. Attributes of an image's own lie beside the fixed ones, and without a limit a page has 25.

use crate::auth::{Bearer, project_name, user_name, user_of_project};
use crate::clock::{self, GENESIS, zulu};
use crate::ids::{Kind, Place};
use crate::json::{Hex, Obj, document, object};
use crate::page::{Query, page, patch_row};
use crate::wire::{Reply, Request, Service};
use crate::world::{PUBLIC_IMAGES, View};

use super::version::plain_document;
use super::{Answer, Context};

/// What glance shows when nobody says how much.
const DEFAULT_PAGE: usize = 25;

const CONTROLS: [&str; 6] = ["limit", "marker", "sort_key", "sort_dir", "sort", "member_status"];

const SYSTEMS: [(&str, &str); 6] =
    [("debian", "12"), ("ubuntu", "24.04"), ("rocky", "9"), ("cirros", "0.6"), ("windows", "2022"), ("fedora", "42")];

pub(crate) fn answer(context: &Context<'_>, request: &Request, path: &[&str]) -> Answer {
    let versions = [("v2.16", "CURRENT", "v2"), ("v2.9", "SUPPORTED", "v2"), ("v2.0", "SUPPORTED", "v2")];
    let root = context.root(Service::Image);
    match path {
        [] => return Ok(plain_document(300, &root, &versions)),
        ["versions"] => return Ok(plain_document(200, &root, &versions)),
        _ => {}
    }
    let bearer = context.bearer(request)?;
    match path {
        ["v2", "images"] => list(context, request, &bearer),
        ["v2", "images", id] => show(context, &bearer, id),
        _ => Err(Reply::glance(404, "Not Found", "The resource could not be found.")),
    }
}

fn visible(context: &Context<'_>, bearer: &Bearer, place: Place) -> bool {
    let view = &context.view;
    let own = || bearer.project().is_some_and(|p| view.owner(place) == Some(p));
    view.exists(place) && (bearer.is_admin() || place.index < PUBLIC_IMAGES || own())
}

fn list(context: &Context<'_>, request: &Request, bearer: &Bearer) -> Answer {
    let view = &context.view;
    let limit = match request.query("limit").map(str::parse::<usize>) {
        None => DEFAULT_PAGE,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => {
            return Err(Reply::glance(400, "Bad Request", "limit param must be an integer"));
        }
    };
    let limit = limit.min(view.world.options.page_max);
    let mut query = Query { kinds: &[Kind::Image], newest_first: true, limit: Some(limit), ..Query::default() };
    if let Some(id) = request.query("marker") {
        let found = view.place(id).filter(|p| p.kind == Kind::Image && visible(context, bearer, *p));
        let refuse = || Reply::glance(400, "Bad Request", &format!("Invalid marker. Image {id} could not be found."));
        query.marker = Some(found.ok_or_else(refuse)?);
    }
    let mut since = None;
    for (key, value) in request.query.iter().filter(|(k, v)| !CONTROLS.contains(&k.as_str()) && v != "all") {
        if key == "updated_at" {
            let refuse = || {
                Reply::glance(400, "Bad Request", "Bad \"updated_at\" query filter format. Use ISO 8601 DateTime notation.")
            };
            since = Some(value.strip_prefix("gte:").and_then(clock::parse).ok_or_else(refuse)?);
            continue;
        }
        let values = value.strip_prefix("in:").unwrap_or(value).split(',').map(str::to_owned).collect();
        query.filters.push((key.clone(), values));
    }
    let found = page(
        view,
        "images",
        &query,
        |p| visible(context, bearer, p) && since.is_none_or(|since| updated(view, p.index) >= since),
        |p, out| object(out, |o| row(view, p.index, o)),
    );
    let pairs: String = {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(request.query.iter().filter(|(k, _)| k != "marker")).finish()
    };
    let first = if pairs.is_empty() { "/v2/images".to_owned() } else { format!("/v2/images?{pairs}") };
    let next = found.last.filter(|_| found.full).map(|p| request.next_query(&view.id(p.kind, p.index).to_string(), false));
    Ok(found.finish(|o| {
        o.put("first", first).put("schema", "/v2/schemas/images");
        if let Some(query) = next {
            // Relative to the service's root, as glance has it: the client must join it with the endpoint.
            o.put("next", format!("/v2/images?{query}"));
        }
    }))
}

fn show(context: &Context<'_>, bearer: &Bearer, id: &str) -> Answer {
    let view = &context.view;
    let found = view.place(id).filter(|p| p.kind == Kind::Image && visible(context, bearer, *p));
    let place = found.ok_or_else(|| Reply::glance(404, "Not Found", &format!("No image found with ID {id}")))?;
    let mut body = document(|o| row(view, place.index, o));
    patch_row(view, place, &mut body, 0);
    Ok(Reply::new(200, body))
}

fn created(index: u32) -> u64 {
    GENESIS + 100 + u64::from(index) * 50
}

fn updated(view: &View<'_>, index: u32) -> u64 {
    view.tweak(Kind::Image, index).map_or(created(index) + 10, |t| t.updated)
}

fn row(view: &View<'_>, index: u32, o: &mut Obj<'_>) {
    let place = Place::new(Kind::Image, index);
    let owner = view.owner(place).unwrap_or(0);
    let public = index < PUBLIC_IMAGES;
    let (system, version) = SYSTEMS[index as usize % SYSTEMS.len()];
    let id = view.id(Kind::Image, index);
    let dice = view.chance(Kind::Image, index, 1);
    // A snapshot of a server remembers where it came from.
    let server = index * 7 % view.span(Kind::Server).max(1);
    let snapshot = !public && index.is_multiple_of(3) && view.exists(Place::new(Kind::Server, server));
    // One image still waits for its data.
    let queued = index == PUBLIC_IMAGES + 1;
    o.put("os_distro", system).put("os_version", version).put("architecture", "x86_64");
    if snapshot {
        o.put("base_image_ref", view.id(Kind::Image, index % PUBLIC_IMAGES));
        o.put("owner_user_name", user_name(user_of_project(owner))).put("owner_project_name", project_name(owner));
        o.put("boot_roles", "reader,member").put("instance_uuid", view.id(Kind::Server, server));
        o.put("user_id", Hex(view.id(Kind::User, user_of_project(owner)))).put("image_type", "snapshot");
        o.put("owner_id", Hex(view.id(Kind::Project, owner))).put("image_location", "snapshot");
        o.put("image_state", "available");
    }
    let renamed = view.tweak(Kind::Image, index).and_then(|t| t.name.clone());
    let generated = || {
        if public { format!("{system}-{version}") } else { format!("{system}-{version}-{index:03}") }
    };
    o.put("name", renamed.unwrap_or_else(generated));
    o.put("disk_format", if index.is_multiple_of(2) { "qcow2" } else { "raw" }).put("container_format", "bare");
    o.put(
        "visibility",
        match (public, index % 5) {
            (true, _) => "public",
            (_, 4) => "shared",
            _ => "private",
        },
    );
    let size = (!queued).then_some((1 + dice % 20) << 28);
    o.put("size", size).put("virtual_size", size.map(|s| s * 2));
    o.put(
        "status",
        match index {
            _ if queued => "queued",
            9 => "deactivated",
            _ => "active",
        },
    );
    o.put("checksum", (!queued).then(|| format!("{dice:016x}{:016x}", !dice))).put("protected", index == 0);
    o.put("min_ram", 0_u32).put("min_disk", if snapshot { 20_u32 } else { 1 });
    o.put("owner", Hex(view.id(Kind::Project, owner))).put("os_hidden", false);
    o.put("os_hash_algo", (!queued).then_some("sha512"));
    o.put("os_hash_value", (!queued).then(|| format!("{dice:016x}").repeat(8))).put("id", id);
    let created = created(index);
    o.put("created_at", zulu(created)).put("updated_at", zulu(updated(view, index)));
    o.list("tags", |l| {
        if public {
            l.put("base");
        }
    });
    o.put("self", format!("/v2/images/{id}")).put("file", format!("/v2/images/{id}/file"));
    o.put("schema", "/v2/schemas/image");
    o.put("stores", (!queued).then_some("file"));
}
