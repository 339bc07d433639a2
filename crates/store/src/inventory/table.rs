//! A collection's table as the saver's statements need it: names and types of columns, nothing of their meaning.

use std::fmt::Write as _;

use stocktake_model::{Collection, Field, Type};

/// Type of a column or parameter, in PostgreSQL's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SqlType {
    Bigint,
    Smallint,
    Float,
    Bool,
    Time,
    Text,
    Json,
    Bytes,
}

impl SqlType {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bigint => "bigint",
            Self::Smallint => "smallint",
            Self::Float => "double precision",
            Self::Bool => "boolean",
            Self::Time => "timestamptz",
            Self::Text => "text",
            Self::Json => "json",
            Self::Bytes => "bytea",
        }
    }
}

impl From<Type> for SqlType {
    fn from(ty: Type) -> Self {
        match ty {
            Type::Text => Self::Text,
            Type::Int => Self::Bigint,
            Type::Float => Self::Float,
            Type::Bool => Self::Bool,
            Type::Time => Self::Time,
            Type::Json => Self::Json,
        }
    }
}

/// A column and its type.
pub(crate) type Column = (String, SqlType);

fn column(name: &str, ty: SqlType) -> Column {
    (name.to_owned(), ty)
}

/// The column of a versioned collection's rows' versions.
pub(crate) fn version() -> Column {
    column("row_version", SqlType::Bigint)
}

/// All columns, in the order in which inserted rows give their cells.
pub(crate) fn columns(c: &Collection) -> Vec<Column> {
    let mut columns = vec![
        column("id", SqlType::Bigint),
        column("provider_id", SqlType::Bigint),
        column("ems_ref", SqlType::Text),
        column("digest", SqlType::Bigint),
        column("raw_digest", SqlType::Bigint),
        column("created_on", SqlType::Time),
        column("updated_on", SqlType::Time),
    ];
    columns.extend(c.archives().then(|| column("archived_on", SqlType::Time)));
    columns.extend(c.versioned.then(version));
    columns.extend(c.secondary_refs.iter().map(|s| (s.column(), SqlType::Text)));
    columns.extend(c.fields().map(|field| field_column(c, field)));
    columns
}

/// The column a field is kept in.
pub(crate) fn field_column(c: &Collection, field: Field) -> Column {
    match (c.column(field), c.link(field)) {
        (Some(column), _) => (column.name.to_owned(), column.ty.into()),
        (_, Some(link)) => (link.column(), SqlType::Bigint),
        // Fields come from the collection's own description.
        _ => ("?".to_owned(), SqlType::Text),
    }
}

/// Column of the key that links by this ref number look at; 0 is the primary identity.
pub(crate) fn key_column(c: &Collection, by: u8) -> Option<String> {
    match usize::from(by).checked_sub(1) {
        None => Some("ems_ref".to_owned()),
        Some(at) => c.secondary_refs.get(at).map(stocktake_model::SecondaryRef::column),
    }
}

/// Id of the owning row, 0 when there is none.
pub(crate) fn owner(c: &Collection) -> String {
    let links: Vec<_> = c.owners().map(stocktake_model::LinkDef::column).collect();
    match links.as_slice() {
        [] => "0".to_owned(),
        [link] => format!("coalesce({link}, 0)"),
        links => format!("coalesce({}, 0)", links.join(", ")),
    }
}

/// Whether the row is archived.
pub(crate) fn archived(c: &Collection) -> &'static str {
    if c.archives() { "archived_on is not null" } else { "false" }
}

pub(crate) fn names(columns: &[Column]) -> String {
    columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

/// `unnest($3::bigint[], $4::text[])`, the first parameter being `$first`.
pub(crate) fn unnest(columns: &[Column], first: usize) -> String {
    let mut out = String::from("unnest(");
    for (at, (_, ty)) in columns.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(out, "{comma}${}::{}[]", first + at, ty.name());
    }
    out.push(')');
    out
}

/// `?3, ?4`
pub(crate) fn marks(columns: &[Column], first: usize) -> String {
    (0..columns.len()).map(|at| format!("?{}", first + at)).collect::<Vec<_>>().join(", ")
}
