//! Questions about the inventory: filters, sorting and columns in the words of the model, answered page by page.
//!
//! Knows the model and the database; knows no provider, no command line and no format. Nothing a person wrote becomes
//! part of a statement's text.

mod counts;
mod current;
mod error;
mod filter;
mod names;
mod object;
mod pages;
mod path;
mod raw;
mod sql;
mod value;

pub use counts::{Count, counts};
pub use current::{Current, Named, current, named, names as names_of, read_named};
pub use error::QueryError;
pub use filter::{Filter, Op, Operand};
pub use names::{naming_field, nearest, resolve_collection, singular};
pub use object::{Backlinks, Object, Selector};
pub use pages::{Pages, Record, Value};
pub use path::{COMMON, End, Path, column_names};
pub use raw::documents as raw_documents;
pub use value::time as parse_time;

use jiff::Timestamp;
use stocktake_model::{CollectionIx, Menu};

/// So many characters of a ref may stand for the whole.
pub const PREFIX: usize = 4;

/// Which rows count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Archived {
    /// Those that exist.
    #[default]
    No,
    /// Those that are gone.
    Only,
    All,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub path: Path,
    pub descending: bool,
}

impl Sort {
    /// `name`, `-memory_mb`
    pub fn parse(menu: &Menu, from: CollectionIx, text: &str) -> Result<Self, QueryError> {
        let (descending, path) = text.strip_prefix('-').map_or((false, text), |path| (true, path));
        Ok(Self { path: Path::parse(menu, from, path.trim_start_matches('+'))?, descending })
    }
}

/// What is asked of one collection.
#[derive(Debug, Clone)]
pub struct Query {
    pub collection: CollectionIx,
    pub columns: Vec<Path>,
    pub filters: Vec<Filter>,
    /// Refs, beginnings of refs or names; rows that answer to one of them, or all when there are none.
    pub words: Vec<String>,
    pub sort: Vec<Sort>,
    pub archived: Archived,
    pub limit: Option<u64>,
}

impl Query {
    pub fn new(collection: CollectionIx) -> Self {
        Self {
            collection,
            columns: Vec::new(),
            filters: Vec::new(),
            words: Vec::new(),
            sort: Vec::new(),
            archived: Archived::No,
            limit: None,
        }
    }

    pub fn columns<'t>(mut self, menu: &Menu, names: impl IntoIterator<Item = &'t str>) -> Result<Self, QueryError> {
        self.columns = names.into_iter().map(|n| Path::parse(menu, self.collection, n)).collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Takes what a person wrote after the collection: filters, and words without an operator.
    pub fn terms<'t>(
        mut self,
        menu: &Menu,
        terms: impl IntoIterator<Item = &'t str>,
        now: Timestamp,
    ) -> Result<Self, QueryError> {
        for term in terms {
            // No stored text has one, and to some of the database's functions it is the end of a text.
            if term.contains('\0') {
                return Err(QueryError::Filter { text: term.replace('\0', "\\0") });
            }
            if term.contains(['=', '<', '>', '~']) {
                self.filters.push(Filter::parse(menu, self.collection, term, now)?);
            } else {
                self.words.push(term.to_owned());
            }
        }
        Ok(self)
    }

    pub fn sorted<'t>(mut self, menu: &Menu, keys: impl IntoIterator<Item = &'t str>) -> Result<Self, QueryError> {
        self.sort = keys.into_iter().map(|k| Sort::parse(menu, self.collection, k)).collect::<Result<_, _>>()?;
        Ok(self)
    }
}
