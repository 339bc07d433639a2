//! Heat v1: a stack per tenant with one nested below it, whose resources are servers and ports of that tenant.

use crate::auth::{Bearer, project_name, user_name, user_of_project};
use crate::clock::{GENESIS, zulu};
use crate::ids::{Kind, Place};
use crate::json::{Hex, NoItems, Null, Obj, document, object};
use crate::page::{Query, next_link, page, patch_row};
use crate::rows::names;
use crate::wire::{Reply, Request, Service};
use crate::world::{FIRST_TENANT, View};

use super::version::plain_document;
use super::{Answer, Context};

pub(crate) fn answer(context: &Context<'_>, request: &Request, path: &[&str]) -> Answer {
    let root = context.root(Service::Orchestration);
    if !context.view.world.options.orchestration {
        return Err(Reply::new(404, b"404 Not Found\n\nThe resource could not be found.\n".to_vec()));
    }
    if path.is_empty() {
        return Ok(plain_document(300, &root, &[("v1.0", "CURRENT", "v1")]));
    }
    let bearer = context.bearer(request)?;
    let ["v1", project, path @ ..] = path else {
        return Err(missing("The resource could not be found."));
    };
    let named = context.view.place(project).filter(|p| p.kind == Kind::Project).map(|p| p.index);
    if named.is_none() || named != bearer.project() {
        return Err(forbidden());
    }
    match path {
        ["stacks"] => list(context, request, &bearer),
        // Real ones lead on to the path with the name.
        ["stacks", id] => {
            let found = context.view.place(id).filter(|p| visible(context, &bearer, bearer.is_admin(), *p));
            let place = found.ok_or_else(|| missing(&format!("The Stack ({id}) could not be found.")))?;
            Ok(Reply::new(302, Vec::new()).with("location", url(&context.view, place)))
        }
        ["stacks", name, id] => {
            let place = find(context, &bearer, name, id)?;
            Ok(show(context, place))
        }
        ["stacks", name, id, "resources"] => {
            let place = find(context, &bearer, name, id)?;
            let depth = request.query("nested_depth").and_then(|d| d.parse::<u32>().ok()).unwrap_or(0);
            Ok(resources(context, place, depth))
        }
        _ => Err(missing("The resource could not be found.")),
    }
}

fn fault(status: u16, title: &str, kind: &str, message: &str) -> Reply {
    Reply::new(
        status,
        document(|o| {
            o.put("explanation", title).put("code", u32::from(status));
            o.obj("error", |o| {
                o.put("message", message).put("traceback", Null).put("type", kind);
            });
            o.put("title", title);
        }),
    )
}

fn missing(message: &str) -> Reply {
    fault(404, "Not Found", "EntityNotFound", message)
}

fn forbidden() -> Reply {
    fault(403, "Forbidden", "Forbidden", "You are not authorized to complete this action.")
}

fn visible(context: &Context<'_>, bearer: &Bearer, all: bool, place: Place) -> bool {
    let view = &context.view;
    view.exists(place) && (all || bearer.project().is_some_and(|p| view.owner(place) == Some(p)))
}

fn list(context: &Context<'_>, request: &Request, bearer: &Bearer) -> Answer {
    let view = &context.view;
    let all = request.flag("global_tenant");
    if all && !(bearer.is_admin() && view.world.options.orchestration_global) {
        return Err(forbidden());
    }
    let nested = request.flag("show_nested");
    let kinds: &[Kind] = if nested { &[Kind::Stack, Kind::StackNested] } else { &[Kind::Stack] };
    let limit = request.query("limit").map(str::parse::<usize>).transpose();
    let limit = limit.map_err(|_| fault(400, "Bad Request", "ValueError", "Only integer is allowed for limit"))?;
    let marker = request.query("marker").and_then(|id| view.place(id)).filter(|p| kinds.contains(&p.kind));
    let query = Query { kinds, newest_first: true, limit, marker, ..Query::default() };
    let keep = |p: Place| visible(context, bearer, all, p);
    let found = page(view, "stacks", &query, keep, |p, out| object(out, |o| stack(view, p, false, o)));
    let last = found.last.filter(|_| found.full);
    Ok(found.finish(|o| {
        if let Some(last) = last {
            let marker = view.id(last.kind, last.index).to_string();
            let href = format!("{}{}?{}", view.world.url, request.path, request.next_query(&marker, true));
            next_link(o, "links", &href);
        }
    }))
}

fn name(view: &View<'_>, place: Place) -> String {
    let own = view.tweak(place.kind, place.index).and_then(|t| t.name.clone());
    own.unwrap_or_else(|| {
        let tenant = names::tenant(place.index);
        if place.kind == Kind::Stack { format!("{tenant}-shop") } else { format!("{tenant}-shop-tier-x4b2k7") }
    })
}

fn find(context: &Context<'_>, bearer: &Bearer, stack_name: &str, id: &str) -> Result<Place, Reply> {
    let view = &context.view;
    let known = |p: &Place| {
        matches!(p.kind, Kind::Stack | Kind::StackNested)
            && visible(context, bearer, bearer.is_admin(), *p)
            && name(view, *p) == stack_name
    };
    let refuse = || missing(&format!("The Stack ({stack_name}/{id}) could not be found."));
    view.place(id).filter(known).ok_or_else(refuse)
}

fn url(view: &View<'_>, place: Place) -> String {
    let project = view.id(Kind::Project, FIRST_TENANT + place.index).hex();
    let (project, id) = (String::from_utf8_lossy(&project), view.id(place.kind, place.index));
    format!("{}/orchestration/v1/{project}/stacks/{}/{id}", view.world.url, name(view, place))
}

fn stack(view: &View<'_>, place: Place, detail: bool, o: &mut Obj<'_>) {
    let Place { kind, index } = place;
    let project = FIRST_TENANT + index;
    let created = GENESIS + 3_000 + u64::from(index) * 100;
    let tweak = view.tweak(kind, index);
    // Every fifth stack failed to come up.
    let failed = index % 5 == 4;
    o.put("id", view.id(kind, index)).put("stack_name", name(view, place));
    o.put("description", "simulated stack").put("creation_time", zulu(created));
    o.put("updated_time", tweak.map(|t| zulu(t.updated)));
    o.put("deletion_time", Null);
    o.put("stack_status", if failed { "CREATE_FAILED" } else { "CREATE_COMPLETE" });
    let reason = if failed { "Resource CREATE failed: ResourceInError" } else { "Stack CREATE completed successfully" };
    o.put("stack_status_reason", reason).put("stack_owner", user_name(user_of_project(project)));
    o.put("parent", (kind == Kind::StackNested).then(|| view.id(Kind::Stack, index)));
    o.put("stack_user_project_id", Hex(view.id(Kind::Project, project))).put("tags", Null);
    if !detail {
        o.put("project", Hex(view.id(Kind::Project, project)));
    }
    o.list("links", |l| {
        l.obj(|o| {
            o.put("href", url(view, place)).put("rel", "self");
        });
    });
    if detail {
        o.put("disable_rollback", true).put("timeout_mins", Null).put("notification_topics", NoItems);
        o.put("template_description", "simulated stack").put("capabilities", NoItems);
        o.obj("parameters", |o| {
            o.put("OS::project_id", Hex(view.id(Kind::Project, project)));
            o.put("OS::stack_id", view.id(kind, index)).put("OS::stack_name", name(view, place));
            o.put("flavor", "m1.small").put("tenant", project_name(project));
        });
        o.list("outputs", |l| {
            l.obj(|o| {
                o.put("output_key", "address").put("output_value", "10.0.0.10").put("description", "where it listens");
            });
        });
    }
}

fn show(context: &Context<'_>, place: Place) -> Reply {
    let view = &context.view;
    let mut body = b"{\"stack\":".to_vec();
    let start = body.len();
    object(&mut body, |o| stack(view, place, true, o));
    patch_row(view, place, &mut body, start);
    body.push(b'}');
    Reply::new(200, body)
}

/// The outer stack has its first server and the nested one; the nested one has a server and its port.
fn resources(context: &Context<'_>, place: Place, depth: u32) -> Reply {
    let view = &context.view;
    let tenants = view.spec().tenants;
    let index = place.index;
    let server = |n: u32| Place::new(Kind::Server, index + n * tenants);
    let inner = Place::new(Kind::StackNested, index);
    let outer = Place::new(Kind::Stack, index);
    let nested = [
        (inner, "backend", "OS::Nova::Server", server(1)),
        (inner, "backend_port", "OS::Neutron::Port", Place::new(Kind::PortServer, index + tenants)),
    ];
    let own = [(outer, "frontend", "OS::Nova::Server", server(0)), (outer, "tier", "tier.yaml", inner)];
    let rows = match (place.kind, depth) {
        (Kind::StackNested, _) => nested.to_vec(),
        (_, 0) => own.to_vec(),
        _ => own.into_iter().chain(nested).collect(),
    };
    Reply::ok(|o| {
        o.list("resources", |l| {
            for (stack, resource, kind, target) in rows.into_iter().filter(|r| view.exists(r.3)) {
                l.obj(|o| {
                    let time = zulu(GENESIS + 3_050 + u64::from(index) * 100);
                    o.put("resource_name", resource).put("logical_resource_id", resource);
                    o.put("physical_resource_id", view.id(target.kind, target.index)).put("resource_type", kind);
                    o.put("resource_status", "CREATE_COMPLETE").put("resource_status_reason", "state changed");
                    o.put("creation_time", time.as_str()).put("updated_time", time.as_str());
                    o.put("required_by", NoItems);
                    if stack == inner {
                        o.put("parent_resource", "tier");
                    }
                    o.list("links", |l| {
                        let stack_url = url(view, stack);
                        for (rel, href) in
                            [("self", format!("{stack_url}/resources/{resource}")), ("stack", stack_url.clone())]
                        {
                            l.obj(|o| {
                                o.put("href", href).put("rel", rel);
                            });
                        }
                        if target == inner {
                            l.obj(|o| {
                                o.put("href", url(view, inner)).put("rel", "nested");
                            });
                        }
                    });
                });
            }
        });
    })
}
