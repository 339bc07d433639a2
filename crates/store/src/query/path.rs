//! Columns as people write them: `name`, `flavor`, `flavor.name`, `provider`, `updated_on`. Pure: the model decides what
//! exists, so nothing a person writes ever reaches a statement as text.

use stocktake_model::{Collection, CollectionIx, Field, Menu, Type, Unit};

use super::error::QueryError;
use super::names;

/// Columns that every collection has beside its own.
pub const COMMON: &[(&str, End, &str)] = &[
    ("id", End::Id, "Number of the row; stays the same as long as the row exists"),
    ("ref", End::Ref, "Identity in the provider"),
    ("provider", End::Provider, "Name of the provider"),
    ("created_on", End::CreatedOn, "When the row was first stored"),
    ("updated_on", End::UpdatedOn, "When a value of the row last changed"),
    ("archived_on", End::ArchivedOn, "When the object was found gone"),
];

/// What a path ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    Id,
    Ref,
    Provider,
    CreatedOn,
    UpdatedOn,
    ArchivedOn,
    Column(Field),
    /// The linked row, shown by its name.
    Link(Field),
}

/// A column of a collection, or of a row that it links to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// As written.
    pub text: String,
    /// Links to follow, outermost first.
    pub links: Vec<Field>,
    /// The collection that `end` belongs to.
    pub collection: CollectionIx,
    pub end: End,
}

impl Path {
    pub fn parse(menu: &Menu, from: CollectionIx, text: &str) -> Result<Self, QueryError> {
        let (mut at, mut links) = (from, Vec::new());
        let mut words = text.split('.').peekable();
        while let Some(word) = words.next() {
            let collection = menu.get(at);
            let end = end_of(menu, collection, word)?;
            if words.peek().is_none() {
                return Ok(Self { text: text.to_owned(), links, collection: at, end });
            }
            let End::Link(field) = end else { return Err(not_a_link(collection, text, word)) };
            links.push(field);
            at = menu.link_target(at, field).ok_or_else(|| not_a_link(collection, text, word))?;
        }
        Err(QueryError::Filter { text: text.to_owned() })
    }

    /// Type of the values found there; links are shown by name, so they are texts.
    pub fn ty(&self, menu: &Menu) -> Type {
        match self.end {
            End::Id => Type::Int,
            End::Ref | End::Provider | End::Link(_) => Type::Text,
            End::CreatedOn | End::UpdatedOn | End::ArchivedOn => Type::Time,
            End::Column(field) => menu.get(self.collection).column(field).map_or(Type::Text, |c| c.ty),
        }
    }

    pub fn unit(&self, menu: &Menu) -> Unit {
        match self.end {
            End::Column(field) => menu.get(self.collection).column(field).map_or(Unit::None, |c| c.unit),
            _ => Unit::None,
        }
    }
}

/// Every column of a collection: its own, its links, and those that all have.
pub fn column_names(collection: &Collection) -> Vec<&'static str> {
    let own = collection.fields().map(|f| collection.field_name(f));
    own.chain(COMMON.iter().map(|(name, ..)| *name)).collect()
}

fn end_of(menu: &Menu, collection: &Collection, word: &str) -> Result<End, QueryError> {
    if let Some(field) = collection.field(word) {
        return Ok(if collection.is_link(field) { End::Link(field) } else { End::Column(field) });
    }
    // `ems_ref` is what the model calls it.
    let common = if word == "ems_ref" { "ref" } else { word };
    if let Some((_, end, _)) = COMMON.iter().find(|(name, ..)| *name == common) {
        return Ok(*end);
    }
    let known = column_names(collection);
    Err(QueryError::Column {
        collection: collection.name,
        word: word.to_owned(),
        meant: names::nearest(word, &known).or_else(|| through_a_link(menu, collection, word)),
        known: known.join(", "),
    })
}

/// `memory_mb` of a VM is `flavor.memory_mb`.
fn through_a_link(menu: &Menu, collection: &Collection, word: &str) -> Option<String> {
    let has = |link: &&stocktake_model::LinkDef| {
        menu.ix(link.target).map(|ix| menu.get(ix)).is_some_and(|target| !target.link_only && target.field(word).is_some())
    };
    collection.links.iter().find(has).map(|link| format!("{}.{word}", link.name))
}

fn not_a_link(collection: &Collection, path: &str, word: &str) -> QueryError {
    let known: Vec<_> = collection.links.iter().map(|l| l.name).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    QueryError::NotALink { collection: collection.name, path: path.to_owned(), word: word.to_owned(), known }
}
