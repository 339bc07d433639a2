//! Nova v2.1: servers and what hangs on them. What only operators see is in `compute_admin`.

use crate::auth::Bearer;
use crate::clock;
use crate::ids::{Kind, Place};
use crate::json::object;
use crate::page::{Page, Query, next_link, page, patch_row};
use crate::rows::server::Shape;
use crate::rows::{addresses, names, server};
use crate::spec::Minor;
use crate::wire::{Reply, Request, Service};
use crate::world::FIRST_TENANT;

use super::version::{Versioned, nova_document};
use super::{Answer, Context, compute_actions, compute_admin};

/// A request to nova, past the token filter and the version.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub context: &'a Context<'a>,
    pub request: &'a Request,
    pub bearer: Bearer,
    pub minor: Minor,
}

pub(crate) fn answer(context: &Context<'_>, request: &Request, path: &[&str]) -> Answer {
    let root = context.root(Service::Compute);
    match path {
        [] => return Ok(nova_document(context, &root, false)),
        ["v2.1"] => return Ok(nova_document(context, &root, true)),
        ["v2.1", ..] => {}
        _ => {
            return Err(Reply::new(404, b"404 Not Found\n\nThe resource could not be found.\n".to_vec()));
        }
    }
    let bearer = context.bearer(request)?;
    let versions = Versioned {
        name: "compute",
        major: 2,
        min: 1,
        max: context.view.world.options.compute_max,
        legacy_header: Some("X-OpenStack-Nova-API-Version"),
    };
    let minor = versions.asked(request)?;
    let call = Call { context, request, bearer, minor };
    let reply = call.answer(&path[1..]).unwrap_or_else(|refusal| refusal);
    Ok(versions.stamp(reply, minor))
}

impl Call<'_> {
    fn answer(&self, path: &[&str]) -> Answer {
        match path {
            ["servers"] => self.servers(false),
            ["servers", "detail"] => self.servers(true),
            ["servers", id] => self.server(id),
            ["servers", id, "os-volume_attachments"] => self.volume_attachments(id),
            ["servers", id, "os-interface"] => self.interfaces(id),
            ["servers", id, "os-instance-actions"] => compute_actions::list(self, id),
            ["servers", id, "os-security-groups"] => self.security_groups(id),
            ["servers", id, "diagnostics"] => {
                self.find_server(id)?;
                let message = format!("Instance {id} is not ready");
                Err(Reply::fault(409, "conflictingRequest", &message))
            }
            _ => compute_admin::answer(self, path),
        }
    }

    pub(crate) fn require_admin(&self, rule: &str) -> Result<(), Reply> {
        if self.bearer.is_admin() {
            return Ok(());
        }
        let message = format!("Policy doesn't allow {rule} to be performed.");
        Err(Reply::fault(403, "forbidden", &message))
    }

    pub(crate) fn shape(&self, single: bool) -> Shape {
        Shape { minor: self.minor, admin: self.bearer.is_admin(), single }
    }

    /// `limit` and `marker` as nova reads them: never more than the maximum, 400 for a marker nobody has.
    pub(crate) fn paging<'q>(&self, kinds: &'q [Kind], newest_first: bool) -> Result<Query<'q>, Reply> {
        let max = self.context.view.world.options.page_max;
        let limit = match self.request.query("limit").map(str::parse::<usize>) {
            None | Some(Ok(0)) => max,
            Some(Ok(limit)) => limit.min(max),
            Some(Err(_)) => {
                return Err(Reply::fault(400, "badRequest", "Invalid input for query parameters limit."));
            }
        };
        let marker = match self.request.query("marker") {
            None => None,
            Some(id) => Some(self.place_of_marker(kinds, id)?),
        };
        Ok(Query { kinds, newest_first, limit: Some(limit), marker, ..Query::default() })
    }

    /// From when on a change counts, where the query says so.
    pub(crate) fn changes_since(&self) -> Result<Option<u64>, Reply> {
        let Some(text) = self.request.query("changes-since") else { return Ok(None) };
        let refuse = || format!("Invalid input for query parameters changes-since. Value: {text}.");
        clock::parse(text).map(Some).ok_or_else(|| Reply::fault(400, "badRequest", &refuse()))
    }

    fn place_of_marker(&self, kinds: &[Kind], id: &str) -> Result<Place, Reply> {
        let view = &self.context.view;
        // A deleted server may still be a marker, as its row is still in nova's database.
        let known = |p: &Place| kinds.contains(&p.kind) && (view.exists(*p) || view.gone(*p).is_some());
        let flavor = || compute_admin::find_flavor(view, id).map(|i| Place::new(Kind::Flavor, i));
        let found = if kinds == [Kind::Flavor] { flavor() } else { view.place(id) };
        found.filter(known).ok_or_else(|| Reply::fault(400, "badRequest", &format!("marker [{id}] not found")))
    }

    /// A collection with its `NAME_links` when the page is full.
    pub(crate) fn collection(&self, name: &str, page: Page, marker: impl FnOnce(Place) -> String) -> Reply {
        let next = page.last.filter(|_| page.full).map(|last| {
            let query = self.request.next_query(&marker(last), true);
            format!("{}{}?{query}", self.context.view.world.url, self.request.path)
        });
        page.finish(|o| {
            if let Some(href) = next {
                next_link(o, &format!("{name}_links"), &href);
            }
        })
    }

    fn servers(&self, detail: bool) -> Answer {
        let view = &self.context.view;
        let request = self.request;
        let all = request.flag("all_tenants");
        if all {
            let rule = if detail { "detail" } else { "index" };
            self.require_admin(&format!("os_compute_api:servers:{rule}:get_all_tenants"))?;
        }
        let since = self.changes_since()?;
        let only_deleted = self.bearer.is_admin() && request.flag("deleted");
        let wanted_project = request.query("project_id").or(request.query("tenant_id"));
        let project = match (all, wanted_project) {
            (true, Some(id)) => Some(view.place(id).filter(|p| p.kind == Kind::Project).map_or(u32::MAX, |p| p.index)),
            (true, None) => None,
            (false, _) => Some(self.bearer.project().unwrap_or(u32::MAX)),
        };
        let mut query = self.paging(&[Kind::Server], true)?;
        if let Some(id) = request.query("uuid") {
            query.only = Some(view.place(id).into_iter().filter(|p| p.kind == Kind::Server).collect());
        }
        let name = request.query("name");
        let host = request.query("host").filter(|_| self.bearer.is_admin());
        let status = request.query("status").map(str::to_ascii_uppercase);
        let flavor = request.query("flavor");
        let keep = |place: Place| {
            let gone = view.gone(place).is_some();
            let visible = if only_deleted { gone } else { view.exists(place) || (gone && since.is_some()) };
            if !visible || project.is_some_and(|p| view.owner(place) != Some(p)) {
                return false;
            }
            if since.is_none() && name.is_none() && host.is_none() && status.is_none() && flavor.is_none() {
                return true;
            }
            let facts = view.server(place.index);
            since.is_none_or(|since| facts.updated >= since)
                && name.is_none_or(|n| names::server(view, place.index).contains(n))
                && host.is_none_or(|h| facts.host.is_some_and(|f| names::host(f) == h))
                && status.as_deref().is_none_or(|s| server::status_name(&facts) == s)
                && flavor.is_none_or(|f| names::flavor_id(view, facts.flavor) == f)
        };
        let shape = self.shape(false);
        let found = page(view, "servers", &query, keep, |place, out| {
            object(out, |o| {
                if detail {
                    server::write(view, shape, place.index, o);
                } else {
                    server::brief(view, place.index, o);
                }
            });
        });
        Ok(self.collection("servers", found, |p| view.id(p.kind, p.index).to_string()))
    }

    /// A server the bearer may see; anybody else's does not exist for it.
    fn find_server(&self, id: &str) -> Result<u32, Reply> {
        self.find(id, false)
    }

    /// `deleted`: those that were deleted are found, too.
    pub(crate) fn find(&self, id: &str, deleted: bool) -> Result<u32, Reply> {
        let view = &self.context.view;
        let own = |p: &Place| {
            self.bearer.is_admin() || self.bearer.project().is_some_and(|project| view.owner(*p) == Some(project))
        };
        let here = |p: &Place| view.exists(*p) || (deleted && view.gone(*p).is_some());
        let found = view.place(id).filter(|p| p.kind == Kind::Server && here(p)).filter(own);
        found
            .map(|p| p.index)
            .ok_or_else(|| Reply::fault(404, "itemNotFound", &format!("Instance {id} could not be found.")))
    }

    fn server(&self, id: &str) -> Answer {
        let view = &self.context.view;
        let index = self.find_server(id)?;
        let mut body = b"{\"server\":".to_vec();
        let start = body.len();
        object(&mut body, |o| server::write(view, self.shape(true), index, o));
        patch_row(view, Place::new(Kind::Server, index), &mut body, start);
        body.push(b'}');
        Ok(Reply::new(200, body))
    }

    fn volume_attachments(&self, id: &str) -> Answer {
        let view = &self.context.view;
        let index = self.find_server(id)?;
        Ok(Reply::ok(|o| {
            o.list("volumeAttachments", |l| {
                for (place, device) in server::volumes(view, index) {
                    let volume = view.id(place.kind, place.index);
                    let attachment = match place.kind {
                        Kind::VolumeRoot => Kind::AttachmentRoot,
                        _ => Kind::AttachmentData,
                    };
                    l.obj(|o| {
                        // 2.89 dropped the id, which only repeated the volume's.
                        if self.minor < 89 {
                            o.put("id", volume);
                        }
                        o.put("volumeId", volume).put("serverId", id).put("device", device);
                        if self.minor >= 70 {
                            o.put("tag", crate::json::Null);
                        }
                        if self.minor >= 79 {
                            o.put("delete_on_termination", place.kind == Kind::VolumeRoot);
                        }
                        if self.minor >= 89 {
                            o.put("attachment_id", view.id(attachment, index));
                            o.put("bdm_uuid", view.id(place.kind, index ^ 0x8000_0000));
                        }
                    });
                }
            });
        }))
    }

    fn interfaces(&self, id: &str) -> Answer {
        let view = &self.context.view;
        let index = self.find_server(id)?;
        Ok(Reply::ok(|o| {
            o.list("interfaceAttachments", |l| {
                for port in server::ports(view, index) {
                    l.obj(|o| {
                        o.put("net_id", view.id(Kind::Network, addresses::network_of(view, port)));
                        o.put("port_id", view.id(port.kind, port.index)).put("mac_addr", addresses::mac(port));
                        o.put("port_state", "ACTIVE");
                        o.list("fixed_ips", |l| {
                            for (subnet, address) in addresses::of_port(view, port) {
                                l.obj(|o| {
                                    o.put("subnet_id", view.id(Kind::Subnet, subnet)).put("ip_address", address);
                                });
                            }
                        });
                        if self.minor >= 70 {
                            o.put("tag", crate::json::Null);
                        }
                    });
                }
            });
        }))
    }

    fn security_groups(&self, id: &str) -> Answer {
        let view = &self.context.view;
        let index = self.find_server(id)?;
        let project = FIRST_TENANT + view.tenant_of_server(index);
        Ok(Reply::ok(|o| {
            o.list("security_groups", |l| {
                for group in server::groups(index) {
                    l.obj(|o| {
                        o.put("id", view.id(Kind::SecurityGroup, project * crate::world::GROUPS + group));
                        o.put("name", names::GROUP_NAMES[group as usize]).put("description", "").list("rules", |_| {});
                        o.put("tenant_id", crate::json::Hex(view.id(Kind::Project, project)));
                    });
                }
            });
        }))
    }
}
