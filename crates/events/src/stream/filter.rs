//! Which events are wanted. Whatever a person wrote becomes a parameter, never part of a statement.

use stocktake_provider::EventLevel;
use stocktake_store::{Kind, Param, ProviderId};

use crate::handle::level;
use crate::routes::{Group, Severity};

/// More is read page by page.
pub(super) const MOST: u32 = 10_000;

/// An object by its provider's ref. The collection is one of the model's: `vms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRef {
    pub collection: String,
    pub reference: String,
}

/// All that is set must be so.
#[derive(Debug, Clone)]
pub struct EventFilter {
    pub provider: Option<ProviderId>,
    /// One of these must match: `compute.instance.*`, see [`crate::Glob`].
    pub types: Vec<String>,
    /// What it is about, be it its first target, its VM, or its host, zone, tenant or flavor.
    pub object: Option<ObjectRef>,
    /// At least so bad.
    pub level: Option<EventLevel>,
    pub group: Option<Group>,
    pub severity: Option<Severity>,
    /// When it happened, by the source's clock: microseconds since 1970, UTC.
    pub since: Option<i64>,
    pub until: Option<i64>,
    /// When it was stored, by the database's clock. By an index.
    pub stored_since: Option<i64>,
    /// Ids greater than this, the oldest first. For what is new, see [`super::Follow`].
    pub after: Option<i64>,
    /// Ids smaller than this: the next page.
    pub before: Option<i64>,
    pub limit: u32,
}

impl Default for EventFilter {
    fn default() -> Self {
        Self {
            provider: None,
            types: Vec::new(),
            object: None,
            level: None,
            group: None,
            severity: None,
            since: None,
            until: None,
            stored_since: None,
            after: None,
            before: None,
            limit: 100,
        }
    }
}

impl EventFilter {
    pub(super) fn order(&self) -> &'static str {
        if self.after.is_some() { "asc" } else { "desc" }
    }

    /// `where …`, and its parameters.
    pub(super) fn condition(&self, kind: Kind) -> (String, Vec<Param>) {
        let mut all = Conditions { kind, texts: Vec::new(), params: Vec::new() };
        if let Some(provider) = self.provider {
            all.add("e.provider_id = {}", provider.into());
        }
        all.types(&self.types);
        if let Some(object) = &self.object {
            all.object(object);
        }
        match self.level {
            Some(EventLevel::Warning) => all.texts.push("e.level <> 'info'".to_owned()),
            Some(EventLevel::Error) => all.add("e.level = {}", level(EventLevel::Error).into()),
            Some(EventLevel::Info) | None => {}
        }
        if let Some(group) = self.group {
            all.add("e.event_group = {}", group.name().into());
        }
        if let Some(severity) = self.severity {
            all.add("e.severity = {}", severity.name().into());
        }
        let bounds = [
            ("e.at >= {}", self.since.map(Param::Time)),
            ("e.at <= {}", self.until.map(Param::Time)),
            ("e.stored_on >= {}", self.stored_since.map(Param::Time)),
            ("e.id > {}", self.after.map(Param::Int)),
            ("e.id < {}", self.before.map(Param::Int)),
        ];
        for (text, bound) in bounds {
            if let Some(bound) = bound {
                all.add(text, bound);
            }
        }
        let text = if all.texts.is_empty() { String::new() } else { format!(" where {}", all.texts.join(" and ")) };
        (text, all.params)
    }
}

struct Conditions {
    kind: Kind,
    texts: Vec<String>,
    params: Vec<Param>,
}

impl Conditions {
    fn param(&mut self, param: Param) -> String {
        self.params.push(param);
        format!("${}", self.params.len())
    }

    fn add(&mut self, text: &str, param: Param) {
        let placeholder = self.param(param);
        self.texts.push(text.replace("{}", &placeholder));
    }

    fn types(&mut self, globs: &[String]) {
        let (mut any, mut names) = (Vec::new(), Vec::new());
        for glob in globs {
            if glob.contains('*') {
                let (operator, pattern) = pattern(self.kind, glob);
                any.push(format!("e.type {operator} {}", self.param(pattern.into())));
            } else {
                names.push(glob.clone());
            }
        }
        if !names.is_empty() {
            any.push(format!("e.type = any({})", self.param(Param::Texts(names))));
        }
        if !any.is_empty() {
            self.texts.push(format!("({})", any.join(" or ")));
        }
    }

    fn object(&mut self, object: &ObjectRef) {
        let (collection, reference) = (self.param((&object.collection).into()), self.param((&object.reference).into()));
        let mut any = vec![format!("e.collection = {collection} and e.ref = {reference}")];
        let column = match object.collection.as_str() {
            "vms" => Some("vm_ref"),
            "hosts" => Some("host_ref"),
            "availability_zones" => Some("availability_zone_ref"),
            "cloud_tenants" => Some("tenant_ref"),
            "flavors" => Some("flavor_ref"),
            _ => None,
        };
        any.extend(column.map(|column| format!("e.{column} = {reference}")));
        self.texts.push(format!("({})", any.join(" or ")));
    }
}

/// A glob in the database's words: the operator, and its pattern.
fn pattern(kind: Kind, glob: &str) -> (&'static str, String) {
    match kind {
        Kind::Postgres => {
            let escaped = glob.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            ("like", escaped.replace('*', "%"))
        }
        // Its `like` takes capitals for small letters.
        Kind::Sqlite => ("glob", glob.replace('[', "[[]").replace('?', "[?]")),
    }
}
