//! Keystone v3: discovery, projects, users and the catalogue as objects. Listings are not paged, as in keystone.
//!
//! A plain member sees its own project and its own user, and gets a 403 for every listing.

use crate::auth::{Bearer, project_name, projects_of, roles_of, user_name, user_of_project};
use crate::ids::{Kind, Place};
use crate::json::{Hex, List, NoItems, Null, Obj, document, object};
use crate::page::patch_row;
use crate::wire::{Reply, Request, Service};
use crate::world::{FIRST_TENANT, View};

use super::{Answer, Context, catalogue, tokens};

pub(crate) fn answer(context: &Context<'_>, request: &Request, path: &[&str]) -> Answer {
    match path {
        [] => return Ok(versions(context)),
        ["v3"] => {
            return Ok(Reply::ok(|o| {
                o.obj("version", |o| version(context, o));
            }));
        }
        ["v3", "auth", "tokens"] => return tokens::answer(context, request),
        _ => {}
    }
    let bearer = context.bearer(request)?;
    let admin = |action: &str| {
        let message = format!("You are not authorized to perform the requested action: identity:{action}.");
        if bearer.is_admin() { Ok(()) } else { Err(Reply::keystone(403, "Forbidden", &message)) }
    };
    let view = &context.view;
    match path {
        ["v3", "auth", "projects"] => {
            let own = projects_of(view, bearer.user);
            Ok(listing(context, path, "projects", own.into_iter(), Kind::Project, |i, o| project(context, i, o)))
        }
        ["v3", "auth", "catalog"] => Ok(Reply::ok(|o| {
            o.list("catalog", |l| catalogue::write(context, bearer.project(), l));
        })),
        ["v3", "projects"] => {
            admin("list_projects")?;
            Ok(listing(context, path, "projects", 0..view.projects(), Kind::Project, |i, o| project(context, i, o)))
        }
        ["v3", "projects", id] => show_project(context, &bearer, id, admin),
        ["v3", "users"] => {
            admin("list_users")?;
            Ok(listing(context, path, "users", 0..view.span(Kind::User), Kind::User, |i, o| user(context, i, o)))
        }
        ["v3", "roles"] => {
            admin("list_roles")?;
            Ok(listing(context, path, "roles", 0..3, Kind::Role, |i, o| role(context, i, o)))
        }
        ["v3", "role_assignments"] => {
            admin("list_role_assignments")?;
            Ok(role_assignments(context, path))
        }
        ["v3", "domains"] => {
            admin("list_domains")?;
            Ok(collection(context, path, "domains", |l| l.obj(|o| domain(context, o))))
        }
        ["v3", "regions"] => Ok(collection(context, path, "regions", |l| {
            l.obj(|o| {
                o.put("id", "RegionOne").put("description", "").put("parent_region_id", Null);
                self_link(context, "regions/RegionOne", o);
            });
        })),
        ["v3", "services"] => {
            admin("list_services")?;
            Ok(collection(context, path, "services", |l| services(context, l)))
        }
        ["v3", "endpoints"] => {
            admin("list_endpoints")?;
            Ok(collection(context, path, "endpoints", |l| endpoints(context, &bearer, l)))
        }
        _ => Err(Reply::keystone(404, "Not Found", "The requested URL was not found on the server.")),
    }
}

fn versions(context: &Context<'_>) -> Reply {
    let mut reply = Reply::ok(|o| {
        o.obj("versions", |o| {
            o.list("values", |l| l.obj(|o| version(context, o)));
        });
    });
    reply.status = 300;
    reply
}

fn version(context: &Context<'_>, o: &mut Obj<'_>) {
    o.put("id", "v3.14").put("status", "stable").put("updated", "2020-04-07T00:00:00Z");
    o.list("links", |l| {
        l.obj(|o| {
            o.put("rel", "self").put("href", format!("{}/v3/", context.root(Service::Identity)));
        });
    });
    o.list("media-types", |l| {
        l.obj(|o| {
            o.put("base", "application/json").put("type", "application/vnd.openstack.identity-v3+json");
        });
    });
}

fn collection(context: &Context<'_>, path: &[&str], name: &str, fill: impl FnOnce(&mut List<'_>)) -> Reply {
    let own = format!("{}/{}", context.root(Service::Identity), path.join("/"));
    Reply::ok(|o| {
        o.list(name, fill);
        o.obj("links", |o| {
            o.put("next", Null).put("self", own).put("previous", Null);
        });
    })
    .with("Vary", "X-Auth-Token")
}

fn listing(
    context: &Context<'_>,
    path: &[&str],
    name: &str,
    indices: impl Iterator<Item = u32>,
    kind: Kind,
    row: impl Fn(u32, &mut Obj<'_>),
) -> Reply {
    collection(context, path, name, |l| {
        for index in indices.filter(|i| context.view.exists(Place::new(kind, *i))) {
            let out = l.next();
            let start = out.len();
            object(out, |o| row(index, o));
            patch_row(&context.view, Place::new(kind, index), out, start);
        }
    })
}

fn self_link(context: &Context<'_>, tail: &str, o: &mut Obj<'_>) {
    o.obj("links", |o| {
        o.put("self", format!("{}/v3/{tail}", context.root(Service::Identity)));
    });
}

fn hex(view: &View<'_>, kind: Kind, index: u32) -> String {
    String::from_utf8_lossy(&view.id(kind, index).hex()).into_owned()
}

/// Every second and third of four tenants sits below its predecessor, so the tree is three deep.
fn parent(project: u32) -> Option<u32> {
    let tenant = project.checked_sub(FIRST_TENANT)?;
    matches!(tenant % 4, 1 | 2).then_some(project - 1)
}

fn project(context: &Context<'_>, index: u32, o: &mut Obj<'_>) {
    let view = &context.view;
    let tenant = index >= FIRST_TENANT;
    let name = view.tweak(Kind::Project, index).and_then(|t| t.name.clone());
    o.put("id", Hex(view.id(Kind::Project, index))).put("name", name.unwrap_or_else(|| project_name(index)));
    o.put("domain_id", "default").put("description", if tenant { "simulated tenant" } else { "" });
    o.put("enabled", true);
    o.put("parent_id", parent(index).map_or_else(|| "default".to_owned(), |p| hex(view, Kind::Project, p)));
    o.put("is_domain", false);
    o.list("tags", |l| {
        if tenant {
            l.put("sim");
        }
    });
    o.obj("options", |_| {});
    self_link(context, &format!("projects/{}", hex(view, Kind::Project, index)), o);
}

fn show_project(context: &Context<'_>, bearer: &Bearer, id: &str, admin: impl Fn(&str) -> Result<(), Reply>) -> Answer {
    let view = &context.view;
    let found = view.place(id).filter(|p| p.kind == Kind::Project && view.exists(*p));
    if !found.is_some_and(|p| projects_of(view, bearer.user).contains(&p.index)) {
        admin("get_project")?;
    }
    let place = found.ok_or_else(|| Reply::keystone(404, "Not Found", &format!("Could not find project: {id}.")))?;
    let mut row = document(|o| project(context, place.index, o));
    patch_row(view, place, &mut row, 0);
    let mut body = b"{\"project\":".to_vec();
    body.append(&mut row);
    body.push(b'}');
    Ok(Reply::new(200, body))
}

fn user(context: &Context<'_>, index: u32, o: &mut Obj<'_>) {
    let view = &context.view;
    let name = user_name(index);
    if index > 0 {
        o.put("email", format!("{name}@cloud.example"));
    }
    o.put("id", Hex(view.id(Kind::User, index))).put("name", name).put("domain_id", "default");
    o.put("enabled", true).put("password_expires_at", Null).obj("options", |_| {});
    self_link(context, &format!("users/{}", hex(view, Kind::User, index)), o);
}

fn role(context: &Context<'_>, index: u32, o: &mut Obj<'_>) {
    let view = &context.view;
    o.put("id", Hex(view.id(Kind::Role, index))).put("name", ["admin", "member", "reader"][index as usize]);
    o.put("domain_id", Null).put("description", Null);
    o.obj("options", |o| {
        o.put("immutable", true);
    });
    self_link(context, &format!("roles/{}", hex(view, Kind::Role, index)), o);
}

/// Every user's roles in its own project, and the admin's on the whole system.
fn role_assignments(context: &Context<'_>, path: &[&str]) -> Reply {
    let view = &context.view;
    let root = context.root(Service::Identity);
    let assignment = |o: &mut Obj<'_>, user: u32, role: u32, name: &str, scope: &str, what: &dyn Fn(&mut Obj<'_>)| {
        let (u, r) = (hex(view, Kind::User, user), hex(view, Kind::Role, role));
        o.obj("links", |o| {
            o.put("assignment", format!("{root}/v3/{scope}/users/{u}/roles/{r}"));
        });
        o.obj("scope", what);
        o.obj("user", |o| {
            o.put("id", u.as_str()).put("name", user_name(user)).obj("domain", tokens::default_domain);
        });
        o.obj("role", |o| {
            o.put("id", r.as_str()).put("name", name);
        });
    };
    collection(context, path, "role_assignments", |l| {
        for project in (0..view.projects()).filter(|p| *p != 1) {
            let user = user_of_project(project);
            let id = hex(view, Kind::Project, project);
            let scope = |o: &mut Obj<'_>| {
                o.obj("project", |o| {
                    o.put("id", id.as_str()).put("name", project_name(project));
                    o.obj("domain", tokens::default_domain);
                });
            };
            for (role, name) in roles_of(user, context.tokens.is_admin(user)) {
                l.obj(|o| assignment(o, user, *role, name, &format!("projects/{id}"), &scope));
            }
        }
        let system = |o: &mut Obj<'_>| {
            o.obj("system", |o| {
                o.put("all", true);
            });
        };
        l.obj(|o| assignment(o, 0, 0, "admin", "system", &system));
    })
}

fn domain(context: &Context<'_>, o: &mut Obj<'_>) {
    o.put("id", "default").put("name", "Default").put("description", "The default domain");
    o.put("enabled", true).put("tags", NoItems).obj("options", |_| {});
    self_link(context, "domains/default", o);
}

fn services(context: &Context<'_>, l: &mut List<'_>) {
    for (index, entry) in catalogue::entries(context) {
        l.obj(|o| {
            o.put("name", entry.name).put("id", Hex(context.view.id(Kind::Service, index)));
            o.put("type", entry.kind).put("enabled", true);
            self_link(context, &format!("services/{}", hex(&context.view, Kind::Service, index)), o);
        });
    }
}

fn endpoints(context: &Context<'_>, bearer: &Bearer, l: &mut List<'_>) {
    let view = &context.view;
    for (index, entry) in catalogue::entries(context) {
        for (i, interface) in (0..).zip(catalogue::INTERFACES) {
            l.obj(|o| {
                let id = index * 3 + i;
                o.put("id", Hex(view.id(Kind::Endpoint, id))).put("interface", interface);
                o.put("region_id", "RegionOne").put("service_id", Hex(view.id(Kind::Service, index)));
                o.put("url", catalogue::url(context, entry, bearer.project().or(Some(0))));
                o.put("enabled", true).put("region", "RegionOne");
                self_link(context, &format!("endpoints/{}", hex(view, Kind::Endpoint, id)), o);
            });
        }
    }
}
