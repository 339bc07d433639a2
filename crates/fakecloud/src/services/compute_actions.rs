//! What was done to a server, as nova lists it: the newest first, by request.
//!
//! Renaming is no action, as in nova; the creation is every server's first.

use crate::auth::user_of_project;
use crate::clock::micros;
use crate::ids::{Kind, Place, mix};
use crate::json::{Hex, Null, Obj};
use crate::overlay::Action;
use crate::page::next_link;
use crate::wire::Reply;
use crate::world::{FIRST_TENANT, View};

use super::Answer;
use super::compute::Call;

pub(crate) fn list(call: &Call<'_>, id: &str) -> Answer {
    let view = &call.context.view;
    // Those of a deleted server are kept, and shown since 2.21; filters and pages came with 2.58.
    let server = call.find(id, call.minor >= 21)?;
    let (since, limit, marker) = if call.minor >= 58 {
        let limit = call.request.query("limit").and_then(|l| l.parse::<usize>().ok()).filter(|l| *l > 0);
        (call.changes_since()?, limit.unwrap_or(1_000), call.request.query("marker"))
    } else {
        (None, usize::MAX, None)
    };
    let first = Action { name: "create", at: view.server(server).created };
    let mut all: Vec<(String, Action)> =
        [first].iter().chain(view.actions(server)).copied().zip(0..).map(numbered(view, server)).collect();
    all.retain(|(_, action)| since.is_none_or(|since| action.at >= since));
    all.reverse();
    if let Some(marker) = marker {
        let refuse = || Reply::fault(400, "badRequest", &format!("marker [{marker}] not found"));
        let at = all.iter().position(|(request, _)| request == marker).ok_or_else(refuse)?;
        all.drain(..=at);
    }
    let full = all.len() >= limit;
    all.truncate(limit);
    Ok(Reply::ok(|o| {
        o.list("instanceActions", |l| {
            for (request, action) in &all {
                l.obj(|o| row(call, server, request, *action, o));
            }
        });
        if let Some((last, _)) = all.last().filter(|_| full) {
            let query = call.request.next_query(last, true);
            next_link(o, "links", &format!("{}{}?{query}", view.world.url, call.request.path));
        }
    }))
}

fn numbered(view: &View<'_>, server: u32) -> impl Fn((Action, u64)) -> (String, Action) {
    let seed = view.spec().seed;
    move |(action, number)| {
        let half = |salt| mix(seed, Place::new(Kind::Server, server), salt + number * 2);
        let (a, b) = (half(1_000), half(1_001));
        let id = format!(
            "req-{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xffff,
            b >> 48,
            b & 0xffff_ffff_ffff
        );
        (id, action)
    }
}

fn row(call: &Call<'_>, server: u32, request: &str, action: Action, o: &mut Obj<'_>) {
    let view = &call.context.view;
    let project = FIRST_TENANT + view.tenant_of_server(server);
    o.put("action", action.name).put("instance_uuid", view.id(Kind::Server, server)).put("request_id", request);
    o.put("user_id", Hex(view.id(Kind::User, user_of_project(project))));
    o.put("project_id", Hex(view.id(Kind::Project, project)));
    o.put("start_time", micros(action.at)).put("message", Null);
    if call.minor >= 58 {
        o.put("updated_at", micros(action.at));
    }
}
