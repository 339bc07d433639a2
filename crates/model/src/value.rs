//! A field's value once it is taken out of a row.

use crate::menu::CollectionIx;

/// A symbolic reference to a row: what `lazy_find` makes, resolved when the run is planned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinkRef {
    pub target: CollectionIx,
    /// 0: the primary identity; n: the n-th secondary ref of the target, counted from 1.
    pub by: u8,
    /// Text form of the key.
    pub key: String,
    /// Set when not the row itself but one of its columns is wanted.
    pub value_of: Option<u8>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    Text(String),
    Json(String),
    Link(LinkRef),
}
