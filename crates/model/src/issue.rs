//! Things a run met and could not use. They are kept in the run record: nothing is dropped silently.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueKind {
    /// A record could not be read; the rest of its page was.
    Malformed,
    /// A record without an identity.
    BlankIdentity,
    /// Two records with one identity; the first counts.
    DuplicateIdentity,
    /// Two rows with one secondary key; links by that key stay unresolved.
    AmbiguousRef,
    /// A link that leads nowhere yet; it is remembered and set when its target appears.
    UnresolvedLink,
    /// A value was changed to fit, e.g. a NUL character in a text.
    Adjusted,
}

impl IssueKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::BlankIdentity => "blank_identity",
            Self::DuplicateIdentity => "duplicate_identity",
            Self::AmbiguousRef => "ambiguous_ref",
            Self::UnresolvedLink => "unresolved_link",
            Self::Adjusted => "adjusted",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    pub kind: IssueKind,
    pub collection: String,
    /// The row's identity, or the record's place when it has none (`servers page 3 record 17`).
    #[serde(rename = "ref")]
    pub reference: String,
    pub field: Option<String>,
    pub message: String,
}
