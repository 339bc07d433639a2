//! Cinder v3: volumes and what is made of them. The project is in the path and must be the token's.
//!
//! `all_tenants` by a plain member is silently ignored, unlike nova's.

use crate::auth::Bearer;
use crate::clock;
use crate::ids::{Kind, Place};
use crate::json::{NoItems, Obj, object};
use crate::page::{Query, next_link, page, patch_row};
use crate::rows::volume::{self, Shape};
use crate::wire::{Reply, Request, Service};

use super::version::{Versioned, cinder_document};
use super::{Answer, Context};

const VOLUMES: [Kind; 3] = [Kind::VolumeFree, Kind::VolumeData, Kind::VolumeRoot];
const ATTACHMENTS: [Kind; 2] = [Kind::AttachmentData, Kind::AttachmentRoot];
const CONTROLS: [&str; 11] = [
    "is_public",
    "limit",
    "marker",
    "all_tenants",
    "sort",
    "sort_key",
    "sort_dir",
    "offset",
    "with_count",
    "project_id",
    "tenant_id",
];

struct Call<'a> {
    context: &'a Context<'a>,
    request: &'a Request,
    bearer: Bearer,
    shape: Shape,
}

pub(crate) fn answer(context: &Context<'_>, request: &Request, path: &[&str]) -> Answer {
    let root = context.root(Service::Volume);
    match path {
        [] => return Ok(cinder_document(context, &root, 300)),
        ["v3"] => return Ok(cinder_document(context, &root, 200)),
        _ => {}
    }
    let bearer = context.bearer(request)?;
    let versions =
        Versioned { name: "volume", major: 3, min: 0, max: context.view.world.options.volume_max, legacy_header: None };
    let minor = versions.asked(request)?;
    // Since 3.67 the project may be left out of the path.
    let (project, path) = match path {
        ["v3", project, rest @ ..] if context.view.place(project).is_some_and(|p| p.kind == Kind::Project) => {
            (context.view.place(project).map(|p| p.index), rest)
        }
        ["v3", rest @ ..] if minor >= 67 => (bearer.project(), rest),
        _ => (None, path),
    };
    let project = project.filter(|p| bearer.is_admin() || bearer.project() == Some(*p));
    let project = project.ok_or_else(|| Reply::fault(400, "badRequest", "Malformed request url"))?;
    let shape = Shape { minor, admin: bearer.is_admin(), project };
    let call = Call { context, request, bearer, shape };
    let reply = call.answer(path).unwrap_or_else(|refusal| refusal);
    Ok(versions.stamp(reply, minor))
}

impl Call<'_> {
    fn answer(&self, path: &[&str]) -> Answer {
        let view = &self.context.view;
        let Shape { minor, admin, .. } = self.shape;
        match path {
            ["volumes"] => self.list("volumes", &VOLUMES, |p, o| volume::brief(view, self.shape, p, o)),
            ["volumes", "detail"] => self.list("volumes", &VOLUMES, |p, o| volume::volume(view, self.shape, p, o)),
            ["volumes", id] => self.show("volume", "Volume", &VOLUMES, id, |p, o| volume::volume(view, self.shape, p, o)),
            ["snapshots", "detail"] => self.list("snapshots", &[Kind::Snapshot], |p, o| volume::snapshot(view, minor, p, o)),
            ["snapshots", id] => {
                self.show("snapshot", "Snapshot", &[Kind::Snapshot], id, |p, o| volume::snapshot(view, minor, p, o))
            }
            ["backups", "detail"] => self.list("backups", &[Kind::Backup], |p, o| volume::backup(view, self.shape, p, o)),
            ["backups", id] => {
                self.show("backup", "Backup", &[Kind::Backup], id, |p, o| volume::backup(view, self.shape, p, o))
            }
            ["attachments"] if minor >= 27 => {
                self.list("attachments", &ATTACHMENTS, |p, o| volume::brief_attachment(view, p, o))
            }
            ["types"] => self.list("volume_types", &[Kind::VolumeType], |p, o| {
                volume::volume_type(view, admin, p.index, o);
            }),
            ["os-services"] => {
                self.require_admin("volume_extension:services:index")?;
                Ok(Reply::ok(|o| {
                    o.list("services", |l| {
                        for index in 0..3 {
                            l.obj(|o| volume::service(view, index, o));
                        }
                    });
                }))
            }
            ["os-availability-zone"] => Ok(Reply::ok(|o| {
                o.list("availabilityZoneInfo", |l| {
                    l.obj(|o| {
                        o.obj("zoneState", |o| {
                            o.put("available", true);
                        });
                        o.put("zoneName", "nova");
                    });
                });
            })),
            ["limits"] => Ok(limits()),
            ["os-quota-sets", project] => self.quota(project),
            _ => Err(Reply::fault(404, "itemNotFound", "The resource could not be found.")),
        }
    }

    fn require_admin(&self, rule: &str) -> Result<(), Reply> {
        if self.shape.admin {
            return Ok(());
        }
        Err(Reply::fault(403, "forbidden", &format!("Policy doesn't allow {rule} to be performed.")))
    }

    fn owned(&self, place: Place, project: Option<u32>) -> bool {
        let owner = self.context.view.owner(place);
        place.kind == Kind::VolumeType || project.is_none_or(|p| owner == Some(p))
    }

    fn list(&self, name: &str, kinds: &[Kind], row: impl Fn(Place, &mut Obj<'_>)) -> Answer {
        let view = &self.context.view;
        let request = self.request;
        let max = view.world.options.page_max;
        let limit = match request.query("limit").map(str::parse::<usize>) {
            None => max,
            Some(Ok(limit)) => limit.min(max),
            Some(Err(_)) => {
                return Err(Reply::fault(400, "badRequest", "limit param must be an integer"));
            }
        };
        let all = self.shape.admin && request.flag("all_tenants");
        let wanted = request.query("project_id").or(request.query("tenant_id")).filter(|_| all);
        let project = match (all, wanted) {
            (true, Some(id)) => Some(view.place(id).filter(|p| p.kind == Kind::Project).map_or(u32::MAX, |p| p.index)),
            (true, None) => None,
            (false, _) => Some(self.shape.project),
        };
        let marker = match request.query("marker") {
            None => None,
            Some(id) => {
                let known = |p: &Place| kinds.contains(&p.kind) && (view.exists(*p) || view.gone(*p).is_some());
                let refuse = || Reply::fault(404, "itemNotFound", &format!("Volume {id} could not be found."));
                Some(view.place(id).filter(known).ok_or_else(refuse)?)
            }
        };
        let mut query = Query { kinds, newest_first: true, limit: Some(limit), marker, ..Query::default() };
        let mut since = None;
        for (key, value) in request.query.iter().filter(|(k, _)| !CONTROLS.contains(&k.as_str())) {
            // Times are compared since 3.60, and of volumes alone; before, the filter is dropped without a word.
            match key.as_str() {
                "updated_at" if name != "volumes" || self.shape.minor < 60 => {}
                "updated_at" => since = Some(not_before(value)?),
                _ => query.filters.push((key.clone(), vec![value.clone()])),
            }
        }
        let new_enough = |p: Place| since.is_none_or(|since| volume::updated(view, p) >= since);
        let keep = |p: Place| view.exists(p) && self.owned(p, project) && new_enough(p);
        let found = page(view, name, &query, keep, |p, out| object(out, |o| row(p, o)));
        // Attachments page by marker as well, but cinder gives no link.
        let last = found.last.filter(|_| found.full && name != "attachments");
        Ok(found.finish(|o| {
            if let Some(last) = last {
                let marker = view.id(last.kind, last.index).to_string();
                let href = format!("{}{}?{}", view.world.url, request.path, request.next_query(&marker, true));
                // Cinder says `volume_type_links`, all others have the plural.
                next_link(o, &format!("{}_links", if name == "volume_types" { "volume_type" } else { name }), &href);
            }
        }))
    }

    fn show(&self, name: &str, title: &str, kinds: &[Kind], id: &str, row: impl Fn(Place, &mut Obj<'_>)) -> Answer {
        let view = &self.context.view;
        let project = if self.shape.admin { None } else { self.bearer.project() };
        let found = view.place(id).filter(|p| kinds.contains(&p.kind) && view.exists(*p) && self.owned(*p, project));
        let place = found.ok_or_else(|| Reply::fault(404, "itemNotFound", &format!("{title} {id} could not be found.")))?;
        let mut body = format!("{{\"{name}\":").into_bytes();
        let start = body.len();
        object(&mut body, |o| row(place, o));
        patch_row(view, place, &mut body, start);
        body.push(b'}');
        Ok(Reply::new(200, body))
    }

    fn quota(&self, project: &str) -> Answer {
        let own = self.context.view.place(project) == Some(Place::new(Kind::Project, self.shape.project));
        if !own {
            self.require_admin("volume_extension:quotas:show")?;
        }
        let plain = [("volumes", 50), ("per_volume_gigabytes", -1), ("snapshots", 50), ("gigabytes", 5_000)];
        Ok(Reply::ok(|o| {
            o.obj("quota_set", |o| {
                for (key, limit) in plain {
                    o.put(key, limit);
                }
                o.put("backups", 10).put("backup_gigabytes", 1_000);
                for name in crate::rows::names::VOLUME_TYPES {
                    for what in ["volumes", "gigabytes", "snapshots"] {
                        o.put(&format!("{what}_{name}"), -1);
                    }
                }
                o.put("groups", 10).put("id", project);
            });
        }))
    }
}

/// `gte:2026-11-22T08:24:11Z`: the one comparison clients of ours make.
fn not_before(text: &str) -> Result<u64, Reply> {
    let refuse = |message: &str| Reply::fault(400, "badRequest", message);
    let time = text.strip_prefix("gte:").ok_or_else(|| refuse("Invalid updated_at operator"))?;
    clock::parse(time).ok_or_else(|| refuse("Invalid updated_at value"))
}

fn limits() -> Reply {
    let unlimited = ["maxTotalVolumes", "maxTotalSnapshots", "maxTotalVolumeGigabytes", "maxTotalBackups"];
    let used =
        ["totalVolumesUsed", "totalGigabytesUsed", "totalSnapshotsUsed", "totalBackupsUsed", "totalBackupGigabytesUsed"];
    Reply::ok(|o| {
        o.obj("limits", |o| {
            o.put("rate", NoItems).obj("absolute", |o| {
                for key in unlimited {
                    o.put(key, -1);
                }
                o.put("maxTotalBackupGigabytes", 1_000);
                for key in used {
                    o.put(key, 0);
                }
            });
        });
    })
}
