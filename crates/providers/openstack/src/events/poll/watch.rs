//! What is asked, as data.
//!
//! Two questions are known. *What changed since?* where the service answers that: Nova (deleted servers among them), Cinder
//! of volumes, Glance. *What is there?*, a listing as small as the service makes it, compared with the one before: it finds
//! what was deleted, and everything else where nothing better can be asked. Neutron is one of these: since it validates
//! filters it refuses those by time, and shows no deleted object; but a listing of nothing but revision numbers is small.

use crate::api::{Service, Version};
use crate::collect::{Listing, listing};

/// Something to keep an eye on.
#[derive(Debug)]
pub(super) struct Watch {
    /// As events name it: `poll.KIND.changed`.
    pub(super) kind: &'static str,
    /// Which listing it is; also its name in the position.
    pub(super) listing: &'static str,
    pub(super) since: Option<Since>,
    pub(super) count: Option<Count>,
}

/// How to ask for what changed.
#[derive(Debug)]
pub(super) struct Since {
    /// Followed by the time.
    pub(super) filter: &'static str,
    /// Older services drop the filter without a word, and would list everything.
    pub(super) from: Option<Version>,
}

/// How to ask for what there is.
#[derive(Debug)]
pub(super) struct Count {
    /// Where a listing of little more than ids is, when that is enough.
    pub(super) light: Option<&'static str>,
    /// Another condition in the query.
    pub(super) filter: &'static str,
    /// What moves when the object changes. Compared only where changes cannot be asked for.
    pub(super) state: &'static [&'static str],
}

const NETWORK: Option<Count> = Some(Count {
    light: None,
    filter: "fields=id&fields=revision_number&fields=updated_at&fields=name&fields=status&fields=project_id",
    state: &["revision_number", "updated_at"],
});

const WHOLE: Option<Count> = Some(Count { light: None, filter: "", state: &["status", "updated_at"] });

const fn network(kind: &'static str, listing: &'static str) -> Watch {
    Watch { kind, listing, since: None, count: NETWORK }
}

const SINCE: &str = "updated_at=gte:";

/// In the order in which a round asks.
pub(super) const WATCHES: &[Watch] = &[
    Watch { kind: "server", listing: "servers", since: Some(Since { filter: "changes-since=", from: None }), count: None },
    Watch {
        kind: "volume",
        listing: "volumes",
        since: Some(Since { filter: SINCE, from: Some(Version::new(3, 60)) }),
        count: Some(Count { light: Some("/volumes"), filter: "", state: &["status", "updated_at"] }),
    },
    Watch { kind: "image", listing: "images", since: Some(Since { filter: SINCE, from: None }), count: WHOLE },
    Watch { kind: "image", listing: "hidden_images", since: Some(Since { filter: SINCE, from: None }), count: WHOLE },
    network("port", "ports"),
    network("floating_ip", "floating_ips"),
    network("network", "networks"),
    network("subnet", "subnets"),
    network("router", "routers"),
    network("security_group", "security_groups"),
    Watch { kind: "snapshot", listing: "snapshots", since: None, count: WHOLE },
    Watch { kind: "backup", listing: "backups", since: None, count: WHOLE },
    Watch {
        kind: "stack",
        listing: "stacks",
        since: None,
        count: Some(Count { light: None, filter: "", state: &["stack_status", "updated_time"] }),
    },
];

impl Watch {
    pub(super) fn listing(&self) -> Option<&'static Listing> {
        listing(self.listing)
    }

    pub(super) fn service(&self) -> Service {
        self.listing().map_or(Service::Compute, |l| l.service)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_is_a_listing_and_can_be_asked_something() {
        let mut names = BTreeSet::new();
        for watch in WATCHES {
            assert!(watch.listing().is_some(), "{}", watch.listing);
            assert!(names.insert(watch.listing), "{} twice", watch.listing);
            assert!(watch.since.is_some() || watch.count.is_some(), "{}", watch.listing);
            let is_counted = watch.count.as_ref().is_some_and(|count| !count.state.is_empty());
            assert!(is_counted || watch.since.as_ref().is_some_and(|s| s.from.is_none()), "{}", watch.listing);
        }
    }
}
