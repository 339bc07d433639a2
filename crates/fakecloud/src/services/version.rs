//! Microversions: which one a request asks for, what happens outside the range, and the version documents.

use crate::spec::Minor;
use crate::wire::{Reply, Request};

use super::Context;

/// A service that has microversions.
pub(crate) struct Versioned {
    /// As in the `OpenStack-API-Version: compute 2.93` header.
    pub name: &'static str,
    pub major: Minor,
    /// What a request without the header gets.
    pub min: Minor,
    pub max: Minor,
    /// nova's older header of its own.
    pub legacy_header: Option<&'static str>,
}

impl Versioned {
    /// The minor version a request asks for; a 406 when there is no such.
    pub(crate) fn asked(&self, request: &Request) -> Result<Minor, Reply> {
        let modern = request
            .header("openstack-api-version")
            .and_then(|h| h.split(',').filter_map(|part| part.trim().split_once(' ')).find(|(name, _)| *name == self.name));
        let legacy = self.legacy_header.and_then(|name| request.header(name));
        let Some(wanted) = modern.map(|(_, v)| v).or(legacy) else {
            return Ok(self.min);
        };
        if wanted == "latest" {
            return Ok(self.max);
        }
        let parsed = wanted.split_once('.').and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match parsed {
            Some((major, minor)) if major == self.major && (self.min..=self.max).contains(&minor) => Ok(minor),
            Some((major, minor)) => Err(Reply::fault(406, "computeFault", &self.refusal(major, minor))),
            None => {
                let message =
                    format!("API Version String {wanted} is of invalid format. Must be of format MajorNum.MinorNum.");
                Err(Reply::fault(400, "badRequest", &message))
            }
        }
    }

    fn refusal(&self, major: Minor, minor: Minor) -> String {
        let Self { major: own, min, max, .. } = self;
        format!("Version {major}.{minor} is not supported by the API. Minimum is {own}.{min} and maximum is {own}.{max}.")
    }

    /// Says in the headers which version answered.
    pub(crate) fn stamp(&self, reply: Reply, minor: Minor) -> Reply {
        let version = format!("{}.{minor}", self.major);
        let reply = reply.with("OpenStack-API-Version", format!("{} {version}", self.name));
        match self.legacy_header {
            Some(header) => reply.with(header, version).with("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version"),
            None => reply.with("Vary", "OpenStack-API-Version"),
        }
    }
}

/// The unversioned document at a service's root, or the one of a single version.
pub(crate) fn nova_document(context: &Context<'_>, root: &str, single: bool) -> Reply {
    let max = format!("2.{}", context.view.world.options.compute_max);
    let link = |o: &mut crate::json::Obj<'_>, version: &str| {
        o.list("links", |l| {
            l.obj(|o| {
                o.put("rel", "self").put("href", format!("{root}/{version}/"));
            });
            if single {
                l.obj(|o| {
                    o.put("rel", "describedby").put("type", "text/html").put("href", "http://docs.openstack.org/");
                });
            }
        });
    };
    let current = |o: &mut crate::json::Obj<'_>| {
        o.put("id", "v2.1").put("status", "CURRENT").put("version", max.as_str()).put("min_version", "2.1");
        o.put("updated", "2013-07-23T11:33:21Z");
        link(o, "v2.1");
        if single {
            o.list("media-types", |l| {
                l.obj(|o| {
                    o.put("base", "application/json").put("type", "application/vnd.openstack.compute+json;version=2.1");
                });
            });
        }
    };
    if single {
        return Reply::ok(|o| {
            o.obj("version", current);
        });
    }
    Reply::ok(|o| {
        o.list("versions", |l| {
            l.obj(|o| {
                o.put("id", "v2.0").put("status", "SUPPORTED").put("version", "").put("min_version", "");
                o.put("updated", "2011-01-21T11:33:21Z");
                link(o, "v2");
            });
            l.obj(current);
        });
    })
}

/// cinder's, the same at the root (300) and at `/v3/` (200).
pub(crate) fn cinder_document(context: &Context<'_>, root: &str, status: u16) -> Reply {
    let max = format!("3.{}", context.view.world.options.volume_max);
    let mut reply = Reply::ok(|o| {
        o.list("versions", |l| {
            l.obj(|o| {
                o.put("id", "v3.0").put("status", "CURRENT").put("version", max.as_str()).put("min_version", "3.0");
                o.put("updated", "2022-08-31T00:00:00Z");
                o.list("links", |l| {
                    l.obj(|o| {
                        o.put("rel", "describedby").put("type", "text/html").put("href", "https://docs.openstack.org/");
                    });
                    l.obj(|o| {
                        o.put("rel", "self").put("href", format!("{root}/v3/"));
                    });
                });
                o.list("media-types", |l| {
                    l.obj(|o| {
                        o.put("base", "application/json").put("type", "application/vnd.openstack.volume+json;version=3");
                    });
                });
            });
        });
    });
    reply.status = status;
    reply
}

/// neutron's and glance's and heat's: no microversions, a list of versions with a link each.
pub(crate) fn plain_document(status: u16, root: &str, versions: &[(&str, &str, &str)]) -> Reply {
    let mut reply = Reply::ok(|o| {
        o.list("versions", |l| {
            for (id, state, path) in versions {
                l.obj(|o| {
                    o.put("id", *id).put("status", *state);
                    o.list("links", |l| {
                        l.obj(|o| {
                            o.put("rel", "self").put("href", format!("{root}/{path}/"));
                        });
                    });
                });
            }
        });
    });
    reply.status = status;
    reply
}
