//! What a rule can speak of, and its values for one event.

use serde_json::Value;

/// A name that conditions know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Variable {
    Event,
    Provider,
    Object,
    Vm,
    Host,
    Tenant,
    Flavor,
    AvailabilityZone,
}

impl Variable {
    pub const ALL: [Self; 8] = [
        Self::Event,
        Self::Provider,
        Self::Object,
        Self::Vm,
        Self::Host,
        Self::Tenant,
        Self::Flavor,
        Self::AvailabilityZone,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Provider => "provider",
            Self::Object => "object",
            Self::Vm => "vm",
            Self::Host => "host",
            Self::Tenant => "tenant",
            Self::Flavor => "flavor",
            Self::AvailabilityZone => "availability_zone",
        }
    }

    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    /// Where such objects are in the inventory. None: not an object, or of any collection.
    pub const fn collection(self) -> Option<&'static str> {
        match self {
            Self::Event | Self::Provider | Self::Object => None,
            Self::Vm => Some("vms"),
            Self::Host => Some("hosts"),
            Self::Tenant => Some("cloud_tenants"),
            Self::Flavor => Some("flavors"),
            Self::AvailabilityZone => Some("availability_zones"),
        }
    }

    /// Its fields where they do not come from a collection.
    pub(crate) const fn own_fields(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Event => Some(EVENT),
            Self::Provider => Some(&["name", "type"]),
            _ => None,
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// The fields of `event`.
const EVENT: &[&str] = &[
    "key",
    "type",
    "at",
    "received",
    "source",
    "via",
    "level",
    "group",
    "severity",
    "message",
    "request",
    "chain",
    "user",
    "collection",
    "ref",
    "vm_ref",
    "host_ref",
    "tenant_ref",
    "flavor_ref",
    "availability_zone_ref",
    "payload",
];

/// Fields that every object of the inventory has beside its columns and links.
pub(crate) const OBJECT: &[&str] = &["id", "ref", "archived_on"];

/// The values for one event: JSON objects; what is not set is null.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    values: [Option<&'a Value>; Variable::ALL.len()],
}

impl<'a> Facts<'a> {
    pub fn set(&mut self, variable: Variable, value: &'a Value) {
        self.values[variable.index()] = Some(value);
    }

    pub fn get(&self, variable: Variable) -> &'a Value {
        self.values[variable.index()].unwrap_or(&Value::Null)
    }

    /// What a path such as `vm.name` leads to; null where it leads nowhere.
    pub fn at(&self, path: &[String]) -> &'a Value {
        let mut parts = path.iter();
        let Some(variable) = parts.next().and_then(|name| Variable::of(name)) else { return &Value::Null };
        parts.try_fold(self.get(variable), |value, part| value.get(part)).unwrap_or(&Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_by_their_names() {
        for (at, variable) in Variable::ALL.into_iter().enumerate() {
            assert_eq!(Variable::of(variable.name()), Some(variable));
            assert_eq!(variable.index(), at, "facts are kept in this order");
        }
    }
}
