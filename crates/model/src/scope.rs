//! What a refresh is asked to look at.

use serde::{Deserialize, Serialize};

/// One object, named by its collection and the text form of its identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    pub collection: String,
    #[serde(rename = "ref")]
    pub reference: String,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={}", self.collection, self.reference)
    }
}

impl std::str::FromStr for Target {
    type Err = String;

    /// `vms=8c2a…`
    fn from_str(s: &str) -> Result<Self, String> {
        match s.split_once('=') {
            Some((collection, reference)) if !collection.is_empty() && !reference.is_empty() => {
                Ok(Self { collection: collection.to_owned(), reference: reference.to_owned() })
            }
            _ => Err(format!("a target is COLLECTION=REF, for example vms=8c2af1d4-…, not '{s}'")),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode", content = "targets")]
pub enum Scope {
    /// Everything the provider has.
    Full,
    /// The targets and what they own, nothing else.
    Targets(Vec<Target>),
}

impl Scope {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Targets(_) => "targeted",
        }
    }

    pub fn targets(&self) -> &[Target] {
        match self {
            Self::Full => &[],
            Self::Targets(targets) => targets,
        }
    }
}
