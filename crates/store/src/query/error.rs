//! What can be wrong with a question about the inventory, in words its asker can act on.

use super::names;
use crate::error::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("there is no collection '{word}'{}", meant_or_known(.meant.as_ref(), "there are", .known))]
    Collection { word: String, meant: Option<String>, known: String },
    #[error("{collection} has no column '{word}'{}", meant_or_known(.meant.as_ref(), "it has", .known))]
    Column { collection: &'static str, word: String, meant: Option<String>, known: String },
    #[error("'{path}': {word} is not a link, so nothing can follow it; the links of {collection} are {known}")]
    NotALink { collection: &'static str, path: String, word: String, known: String },
    #[error("'{text}' is not a filter; write COLUMN OP VALUE with = != < <= > >= ~ or !~, for example name~web")]
    Filter { text: String },
    #[error("'{text}': {what}")]
    Value { text: String, what: String },
    #[error("no {} is called '{word}' or has a ref that begins so; `stocktake get {collection} name~{word}` looks for parts of names", names::singular(.collection))]
    NoObject { collection: &'static str, word: String },
    #[error("'{word}' names more than one of {collection}; use one of these refs:\n{candidates}")]
    Ambiguous { collection: &'static str, word: String, candidates: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl QueryError {
    /// Whether the question was wrong, as opposed to the database failing.
    pub fn is_usage(&self) -> bool {
        !matches!(self, Self::Store(_) | Self::NoObject { .. })
    }
}

/// What was meant, or, where nobody can tell, all there is.
fn meant_or_known(meant: Option<&String>, there: &str, known: &str) -> String {
    match meant {
        Some(meant) => format!("; did you mean '{meant}'?"),
        None => format!("; {there} {known}"),
    }
}
