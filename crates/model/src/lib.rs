//! The inventory's words: collections as data, rows, keys, links, scopes.
//!
//! This crate does no I/O, is not async, and knows no provider, no database and no wire format. Everything here is a
//! value: a parser writes [`Rows`], the saver compares them, the store binds them.

pub mod collection;
pub mod coverage;
pub mod issue;
pub mod key;
pub mod menu;
pub mod menus;
pub mod reference;
pub mod row;
pub mod scope;
pub mod value;

pub use collection::{Collection, Column, Field, LinkDef, Retention, SecondaryRef, Type, Unit};
pub use coverage::{Coverage, Listed};
pub use issue::{Issue, IssueKind};
pub use key::{Find, Key, Missing};
pub use menu::{CollectionIx, Menu, MenuError};
pub use row::{CollectionRows, Head, OpenRow, RowBuilder, RowView, Rows, Unknown, UnknownPart};
pub use row::{FieldValue, Fields, LinkView};
pub use scope::{Scope, Target};
pub use value::{LinkRef, Value};
