//! `POST /v3/auth/tokens`: password, token and application credential; project, domain, system or no scope.

use axum::http::Method;
use serde_json::Value;

use crate::auth::{APPLICATION_SECRET, Bearer, PASSWORD, Scope, find_project, find_user, projects_of, roles_of};
use crate::auth::{project_name, user_name};
use crate::clock::micros_zulu;
use crate::ids::Kind;
use crate::json::{Hex, Null, Obj};
use crate::wire::{Reply, Request, Service};

use super::{Answer, Context, catalogue};

pub(crate) fn answer(context: &Context<'_>, request: &Request) -> Answer {
    if request.method == Method::POST {
        return log_in(context, request);
    }
    let subject = request.header("x-subject-token").unwrap_or_default();
    context.bearer(request)?;
    let bearer = context
        .tokens
        .find(subject, context.now)
        .ok_or_else(|| Reply::keystone(404, "Not Found", "Could not find token: ."))?;
    if request.method == Method::DELETE {
        context.tokens.revoke(subject);
        return Ok(Reply::new(204, Vec::new()));
    }
    Ok(token(context, 200, subject, bearer))
}

fn log_in(context: &Context<'_>, request: &Request) -> Answer {
    let refused = || Reply::unauthorized(&format!("{}/v3", context.root(Service::Identity)));
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|_| Reply::keystone(400, "Bad Request", "The request body is not valid JSON."))?;
    let identity = &body["auth"]["identity"];
    let method = identity["methods"][0].as_str().unwrap_or_default();
    let (user, method, bound) = match method {
        "password" => (by_password(context, &identity["password"]["user"]), "password", None),
        "token" => {
            let id = identity["token"]["id"].as_str().unwrap_or_default();
            (context.tokens.find(id, context.now).map(|b| b.user), "token", None)
        }
        "application_credential" => {
            let user = by_application_credential(context, &identity["application_credential"]);
            let home = user.and_then(|u| projects_of(&context.view, u).first().copied());
            (user, "application_credential", home.map(Scope::Project))
        }
        _ => {
            return Err(Reply::keystone(400, "Bad Request", "identity.methods: unsupported method"));
        }
    };
    let user = user.ok_or_else(refused)?;
    let scope = match bound {
        Some(scope) => scope,
        None => scope_of(context, user, &body["auth"]["scope"]).ok_or_else(refused)?,
    };
    let options = &context.view.world.options;
    let admin = context.tokens.is_admin(user);
    let bearer = Bearer { user, scope, expires: context.now + options.token_ttl.as_secs(), method, admin };
    let id = context.tokens.issue(context.view.spec().seed, context.now, bearer);
    Ok(token(context, 201, &id, bearer))
}

fn by_password(context: &Context<'_>, user: &Value) -> Option<u32> {
    let right = user["password"].as_str() == Some(PASSWORD);
    let key = user["id"].as_str().or(user["name"].as_str())?;
    let known_domain = user["id"].is_string() || is_default_domain(&user["domain"]);
    find_user(&context.view, key).filter(|_| right && known_domain)
}

fn by_application_credential(context: &Context<'_>, credential: &Value) -> Option<u32> {
    let right = credential["secret"].as_str() == Some(APPLICATION_SECRET);
    let owner = &credential["user"];
    let key = credential["id"].as_str().or(owner["id"].as_str()).or(owner["name"].as_str())?;
    find_user(&context.view, key).filter(|_| right)
}

fn is_default_domain(domain: &Value) -> bool {
    domain["id"].as_str() == Some("default") || domain["name"].as_str() == Some("Default")
}

/// `None` when the scope is not this user's to have.
fn scope_of(context: &Context<'_>, user: u32, scope: &Value) -> Option<Scope> {
    let project = &scope["project"];
    if let Some(key) = project["id"].as_str().or(project["name"].as_str()) {
        let known_domain = project["id"].is_string() || is_default_domain(&project["domain"]);
        let index = find_project(&context.view, key).filter(|_| known_domain)?;
        return projects_of(&context.view, user).contains(&index).then_some(Scope::Project(index));
    }
    match (scope.get("domain"), scope.get("system")) {
        (Some(domain), _) => (user == 0 && is_default_domain(domain)).then_some(Scope::Domain),
        (_, Some(_)) => (user == 0).then_some(Scope::System),
        _ => Some(Scope::Unscoped),
    }
}

pub(crate) fn default_domain(o: &mut Obj<'_>) {
    o.put("id", "default").put("name", "Default");
}

fn token(context: &Context<'_>, status: u16, id: &str, bearer: Bearer) -> Reply {
    let view = &context.view;
    let issued = bearer.expires - view.world.options.token_ttl.as_secs();
    let mut reply = Reply::ok(|o| {
        o.obj("token", |o| {
            o.put("methods", [bearer.method]);
            o.obj("user", |o| {
                o.obj("domain", default_domain).put("id", Hex(view.id(Kind::User, bearer.user)));
                o.put("name", user_name(bearer.user)).put("password_expires_at", Null);
            });
            o.put("audit_ids", [&id[id.len().saturating_sub(22)..]]);
            o.put("expires_at", micros_zulu(bearer.expires)).put("issued_at", micros_zulu(issued));
            match bearer.scope {
                Scope::Project(p) => {
                    o.obj("project", |o| {
                        o.obj("domain", default_domain).put("id", Hex(view.id(Kind::Project, p)));
                        o.put("name", project_name(p));
                    });
                    o.put("is_domain", false);
                }
                Scope::Domain => {
                    o.obj("domain", default_domain);
                }
                Scope::System => {
                    o.obj("system", |o| {
                        o.put("all", true);
                    });
                }
                Scope::Unscoped => return,
            }
            o.list("roles", |l| {
                for (index, name) in roles_of(bearer.user, bearer.admin) {
                    l.obj(|o| {
                        o.put("id", Hex(view.id(Kind::Role, *index))).put("name", *name);
                    });
                }
            });
            o.list("catalog", |l| catalogue::write(context, bearer.project(), l));
        });
    });
    reply.status = status;
    reply.with("X-Subject-Token", id).with("Vary", "X-Auth-Token")
}
