//! Rows in their compact form: written once by the parser, hashed once, compared by the saver, bound by the store.
//!
//! A row's body is its sent fields in field order, each `[field u8][tag u8][payload]`, little endian. The body holds the
//! *refs* of links, never ids, so its digest is known before anything is resolved.

mod builder;
mod open;
mod record;
mod rows;
mod secondary;
mod stored;
#[cfg(test)]
mod tests;
mod view;

pub use self::builder::RowBuilder;
pub use self::open::{OpenRow, Unknown, UnknownPart};
pub use self::rows::Rows;
pub use self::stored::{CollectionRows, Head};
pub use self::view::{FieldValue, Fields, LinkView, RowView};

mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const BOOL: u8 = 1;
    pub(super) const INT: u8 = 2;
    pub(super) const FLOAT: u8 = 3;
    pub(super) const TIME: u8 = 4;
    pub(super) const TEXT: u8 = 5;
    pub(super) const JSON: u8 = 6;
    pub(super) const LINK: u8 = 7;
}

/// Behind the fields of a body, and no part of what is hashed: the row's version, written like a field of this number.
const VERSION: u8 = u8::MAX;
const _: () = assert!((VERSION as usize) >= crate::collection::MAX_FIELDS);

/// A stretch of a byte buffer.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl Span {
    fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..][..self.len as usize]
    }
}
