//! What can be wrong with a question about the inventory, in words its asker can act on.

use crate::error::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("there is no collection '{word}'{}; there are {known}", did_you_mean(.meant.as_ref()))]
    Collection { word: String, meant: Option<String>, known: String },
    #[error("{collection} has no column '{word}'{}; it has {known}", did_you_mean(.meant.as_ref()))]
    Column { collection: &'static str, word: String, meant: Option<String>, known: String },
    #[error("'{path}': {word} is not a link, so nothing can follow it; the links of {collection} are {known}")]
    NotALink { collection: &'static str, path: String, word: String, known: String },
    #[error("'{text}' is not a filter; write COLUMN OP VALUE with = != < <= > >= ~ or !~, for example name~web")]
    Filter { text: String },
    #[error("'{text}': {what}")]
    Value { text: String, what: String },
    #[error("{collection} has no {word}")]
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

fn did_you_mean(word: Option<&String>) -> String {
    word.map(|word| format!(" (did you mean '{word}'?)")).unwrap_or_default()
}
