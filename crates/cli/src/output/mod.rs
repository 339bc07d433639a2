//! Everything a person or a pipe gets to see goes through here. Knows no verbs and no database.

pub(crate) mod human;
pub(crate) mod out;
pub(crate) mod paint;
pub(crate) mod table;

pub(crate) use out::Out;
pub(crate) use paint::Paint;
pub(crate) use table::{Align, Table, plain};
