//! Nova v2.1: flavors, hosts, zones, groups, keys and quotas.

use crate::auth::find_user;
use crate::ids::{Kind, Place};
use crate::json::{Hex, NoItems, Obj, list, object};
use crate::page::{Query, page};
use crate::rows::{compute, names};
use crate::wire::Reply;
use crate::world::{FIRST_TENANT, FIRST_TENANT_USER, View, ZONES};

use super::Answer;
use super::compute::Call;

pub(crate) fn answer(call: &Call<'_>, path: &[&str]) -> Answer {
    match path {
        ["flavors", "detail"] => flavors(call),
        ["flavors", id] => flavor(call, id),
        ["flavors", id, "os-flavor-access"] => flavor_access(call, id),
        ["os-hypervisors", "detail"] => hypervisors(call),
        ["os-services"] => services(call),
        ["os-aggregates"] => aggregates(call),
        ["os-availability-zone"] => Ok(zones(call, false)),
        ["os-availability-zone", "detail"] => {
            call.require_admin("os_compute_api:os-availability-zone:detail")?;
            Ok(zones(call, true))
        }
        ["os-server-groups"] => Ok(server_groups(call)),
        ["os-keypairs"] => keypairs(call),
        ["limits"] => Ok(limits()),
        ["os-quota-sets", project] => quota(call, project),
        _ => Err(Reply::fault(404, "itemNotFound", "The resource could not be found.")),
    }
}

/// A flavor by its id, which for the oldest is a plain number.
pub(crate) fn find_flavor(view: &View<'_>, id: &str) -> Option<u32> {
    let by_number = (0..view.span(Kind::Flavor).min(5)).find(|i| names::flavor_id(view, *i) == id);
    let by_uuid = || view.place(id).filter(|p| p.kind == Kind::Flavor && p.index >= 5).map(|p| p.index);
    by_number.or_else(by_uuid).filter(|i| view.exists(Place::new(Kind::Flavor, *i)))
}

fn flavors(call: &Call<'_>) -> Answer {
    let view = &call.context.view;
    let query = call.paging(&[Kind::Flavor], false)?;
    // By default public ones only, unless they are one's own; an admin may ask for all with is_public=None.
    let all = call.bearer.is_admin() && call.request.query("is_public").is_some_and(|v| v.eq_ignore_ascii_case("none"));
    let tenant = call.bearer.project().and_then(|p| p.checked_sub(FIRST_TENANT));
    let keep = |p: Place| {
        let may = || tenant.is_some_and(|t| compute::flavor_access(view, p.index).contains(&t));
        view.exists(p) && (all || compute::flavor_is_public(p.index) || may())
    };
    let found = page(view, "flavors", &query, keep, |p, out| object(out, |o| compute::flavor(view, call.minor, p.index, o)));
    Ok(call.collection("flavors", found, |p| names::flavor_id(view, p.index)))
}

fn flavor(call: &Call<'_>, id: &str) -> Answer {
    let view = &call.context.view;
    let index = find_flavor(view, id).ok_or_else(|| no_flavor(id))?;
    Ok(Reply::ok(|o| {
        o.obj("flavor", |o| compute::flavor(view, call.minor, index, o));
    }))
}

fn no_flavor(id: &str) -> Reply {
    Reply::fault(404, "itemNotFound", &format!("Flavor {id} could not be found."))
}

fn flavor_access(call: &Call<'_>, id: &str) -> Answer {
    call.require_admin("os_compute_api:os-flavor-access")?;
    let view = &call.context.view;
    let index = find_flavor(view, id).ok_or_else(|| no_flavor(id))?;
    if compute::flavor_is_public(index) {
        return Err(Reply::fault(404, "itemNotFound", "Access list not available for public flavors."));
    }
    Ok(Reply::ok(|o| {
        o.list("flavor_access", |l| {
            for tenant in compute::flavor_access(view, index) {
                l.obj(|o| {
                    o.put("flavor_id", id).put("tenant_id", Hex(view.id(Kind::Project, FIRST_TENANT + tenant)));
                });
            }
        });
    }))
}

fn hypervisors(call: &Call<'_>) -> Answer {
    call.require_admin("os_compute_api:os-hypervisors:list-detail")?;
    let view = &call.context.view;
    // Paged since 2.33; before, everything at once.
    let kinds = [Kind::Hypervisor];
    let query = match call.minor {
        ..33 => Query { kinds: &kinds, ..Query::default() },
        _ => call.paging(&kinds, false)?,
    };
    let usage = if call.minor < 88 { compute::usage(view) } else { Vec::new() };
    let found = page(
        view,
        "hypervisors",
        &query,
        |p| view.exists(p),
        |p, out| {
            object(out, |o| compute::hypervisor(view, call.minor, &usage, p.index, o));
        },
    );
    Ok(call.collection("hypervisors", found, |p| match call.minor {
        ..53 => (p.index + 1).to_string(),
        _ => view.id(p.kind, p.index).to_string(),
    }))
}

/// A listing nova never pages.
fn whole(call: &Call<'_>, name: &str, kind: Kind, row: impl Fn(u32, &mut Obj<'_>)) -> Reply {
    let view = &call.context.view;
    let kinds = [kind];
    let query = Query { kinds: &kinds, ..Query::default() };
    let found = page(view, name, &query, |p| view.exists(p), |p, out| object(out, |o| row(p.index, o)));
    call.collection(name, found, |_| String::new())
}

fn services(call: &Call<'_>) -> Answer {
    call.require_admin("os_compute_api:os-services:list")?;
    let view = &call.context.view;
    Ok(whole(call, "services", Kind::ComputeService, |i, o| compute::service(view, call.minor, i, o)))
}

fn aggregates(call: &Call<'_>) -> Answer {
    call.require_admin("os_compute_api:os-aggregates:index")?;
    let view = &call.context.view;
    Ok(whole(call, "aggregates", Kind::Aggregate, |i, o| compute::aggregate(view, call.minor, i, o)))
}

fn zones(call: &Call<'_>, detail: bool) -> Reply {
    let view = &call.context.view;
    Reply::ok(|o| {
        o.list("availabilityZoneInfo", |l| {
            for index in 0..ZONES + u32::from(detail) {
                l.obj(|o| compute::zone(view, index, detail, o));
            }
        });
    })
}

fn server_groups(call: &Call<'_>) -> Reply {
    let view = &call.context.view;
    // nova silently shows a member its own, whatever it asks for.
    let all = call.bearer.is_admin() && call.request.query("all_projects").is_some();
    let offset = call.request.query("offset").and_then(|o| o.parse::<usize>().ok()).unwrap_or(0);
    let limit = call.request.query("limit").and_then(|l| l.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let mine = |i: &u32| {
        let place = Place::new(Kind::ServerGroup, *i);
        view.exists(place) && (all || call.bearer.project() == view.owner(place))
    };
    Reply::ok(|o| {
        o.list("server_groups", |l| {
            for index in (0..view.span(Kind::ServerGroup)).filter(mine).skip(offset).take(limit) {
                l.obj(|o| compute::server_group(view, call.minor, index, o));
            }
        });
    })
}

fn keypairs(call: &Call<'_>) -> Answer {
    let view = &call.context.view;
    let asked = call.request.query("user_id");
    let user = match asked {
        Some(id) => {
            call.require_admin("os_compute_api:os-keypairs:index")?;
            find_user(view, id)
        }
        None => Some(call.bearer.user),
    };
    let tenant = user.and_then(|u| u.checked_sub(FIRST_TENANT_USER));
    let mut rows = Vec::new();
    list(&mut rows, |l| {
        if let Some(tenant) = tenant.filter(|t| view.exists(Place::new(Kind::Keypair, *t))) {
            l.obj(|o| compute::keypair(view, call.minor, tenant, o));
        }
    });
    let mut body = b"{\"keypairs\":".to_vec();
    body.append(&mut rows);
    body.push(b'}');
    Ok(Reply::new(200, body))
}

fn limits() -> Reply {
    let unlimited = [
        "maxTotalInstances",
        "maxTotalCores",
        "maxTotalRAMSize",
        "maxServerMeta",
        "maxTotalKeypairs",
        "maxServerGroups",
        "maxServerGroupMembers",
    ];
    let used = ["totalRAMUsed", "totalCoresUsed", "totalInstancesUsed", "totalServerGroupsUsed"];
    Reply::ok(|o| {
        o.obj("limits", |o| {
            o.put("rate", NoItems).obj("absolute", |o| {
                for key in unlimited {
                    o.put(key, -1);
                }
                for key in used {
                    o.put(key, 0);
                }
            });
        });
    })
}

fn quota(call: &Call<'_>, project: &str) -> Answer {
    let view = &call.context.view;
    let own = call.bearer.project().is_some_and(|p| view.place(project) == Some(Place::new(Kind::Project, p)));
    if !own {
        call.require_admin("os_compute_api:os-quota-sets:show")?;
    }
    let tenant = view.place(project).map_or(0, |p| i64::from(p.index));
    Ok(Reply::ok(|o| {
        o.obj("quota_set", |o| {
            o.put("id", project).put("cores", 64 * (1 + tenant)).put("instances", 20 * (1 + tenant));
            o.put("key_pairs", 100).put("metadata_items", 128).put("ram", 262_144 * (1 + tenant));
            o.put("server_group_members", 10).put("server_groups", -1);
        });
    }))
}
