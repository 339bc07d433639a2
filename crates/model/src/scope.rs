//! What a refresh is asked to look at.

use serde::{Deserialize, Serialize};

/// One object, named by its collection and the text form of its identity, or a whole collection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    pub collection: String,
    /// Empty: the whole collection. No object has an empty identity.
    #[serde(rename = "ref")]
    pub reference: String,
}

impl Target {
    /// One object.
    pub fn one(collection: impl Into<String>, reference: impl Into<String>) -> Self {
        Self { collection: collection.into(), reference: reference.into() }
    }

    /// Everything in a collection.
    pub fn whole(collection: impl Into<String>) -> Self {
        Self { collection: collection.into(), reference: String::new() }
    }

    pub fn is_whole(&self) -> bool {
        self.reference.is_empty()
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_whole() {
            write!(f, "{} (all)", self.collection)
        } else {
            write!(f, "{}={}", self.collection, self.reference)
        }
    }
}

impl std::str::FromStr for Target {
    type Err = String;

    /// `vms=8c2a…` is one object, `vms` the whole collection. `vms=` is neither: most likely a shell's variable was empty.
    fn from_str(s: &str) -> Result<Self, String> {
        match s.split_once('=') {
            Some((collection, reference)) if !collection.is_empty() && !reference.is_empty() => {
                Ok(Self::one(collection, reference))
            }
            None if !s.is_empty() => Ok(Self::whole(s)),
            _ => {
                let example = "COLLECTION=REF, for example vms=8c2af1d4-…, or COLLECTION alone for all of it";
                Err(format!("a target is {example}, not '{s}'"))
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "mode", content = "targets")]
pub enum Scope {
    /// Everything the provider has.
    Full,
    /// The targets and what they own, nothing else: single objects, whole collections, or both at once.
    Targets(Vec<Target>),
}

impl Scope {
    /// `full`; `collections` when any is named whole, whatever else is; `targeted` for single objects alone.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Targets(targets) if targets.iter().any(Target::is_whole) => "collections",
            Self::Targets(_) => "targeted",
        }
    }

    pub fn targets(&self) -> &[Target] {
        match self {
            Self::Full => &[],
            Self::Targets(targets) => targets,
        }
    }

    /// Whether a run with this scope speaks about the whole of a collection: only then may it note how fresh that is, and
    /// take absence from its listing for deletion.
    pub fn is_about_all_of(&self, collection: &str) -> bool {
        match self {
            Self::Full => true,
            Self::Targets(targets) => targets.iter().any(|t| t.is_whole() && t.collection == collection),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, Target};

    #[test]
    fn a_target_is_written_as_it_is_read() {
        assert_eq!("vms=8c2a".parse(), Ok(Target::one("vms", "8c2a")));
        assert_eq!("vms".parse(), Ok(Target::whole("vms")));
        assert_eq!("key_pairs=u/a=b".parse(), Ok(Target::one("key_pairs", "u/a=b")), "a ref may have the sign in it");
        for nothing in ["", "=", "=8c2a", "vms="] {
            let error = nothing.parse::<Target>().expect_err(nothing);
            assert!(error.contains("COLLECTION alone"), "{error}");
        }
        assert_eq!(Target::one("vms", "8c2a").to_string(), "vms=8c2a");
        assert_eq!(Target::whole("vms").to_string(), "vms (all)");
    }

    #[test]
    fn a_scope_says_what_it_is_about() {
        let (one, whole) = (Target::one("images", "i"), Target::whole("vms"));
        let single = Scope::Targets(vec![one.clone()]);
        let both = Scope::Targets(vec![one, whole]);
        assert_eq!([Scope::Full.name(), single.name(), both.name()], ["full", "targeted", "collections"]);
        let about = |scope: &Scope| ["vms", "images"].map(|collection| scope.is_about_all_of(collection));
        assert_eq!([about(&Scope::Full), about(&single), about(&both)], [[true, true], [false, false], [true, false]]);
    }

    /// Runs keep it, and jobs will.
    #[test]
    fn the_written_form_is_stable() {
        let scope = Scope::Targets(vec![Target::one("images", "i"), Target::whole("vms")]);
        let text = r#"{"mode":"targets","targets":[{"collection":"images","ref":"i"},{"collection":"vms","ref":""}]}"#;
        assert_eq!(serde_json::to_string(&scope).expect("json"), text);
        assert_eq!(serde_json::from_str::<Scope>(text).expect("a scope"), scope);
    }
}
