//! What a collection is, as data. From this one description come the tables, the saver, the command line's columns and
//! the reference page; nothing else in the system lists a collection's columns by hand.

use std::borrow::Cow;

/// Type of a column. Shapes in both databases: see `docs/inventory.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    Text,
    Int,
    Float,
    Bool,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time,
    /// A JSON document, kept as text.
    Json,
}

/// Unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    None,
    Count,
    Bytes,
    MiB,
    GiB,
    MHz,
    Percent,
    Seconds,
    Mbps,
}

impl Unit {
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Count => "count",
            Self::Bytes => "B",
            Self::MiB => "MiB",
            Self::GiB => "GiB",
            Self::MHz => "MHz",
            Self::Percent => "%",
            Self::Seconds => "s",
            Self::Mbps => "Mbit/s",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub ty: Type,
    pub unit: Unit,
    pub doc: &'static str,
}

/// A link to a row of another (or the same) collection. Its column in the database is `<name>_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkDef {
    pub name: &'static str,
    pub target: &'static str,
    /// Secondary ref of the target by which this provider usually links; the primary identity when not set. Links by
    /// another ref work too, but each needs a row of its own to be remembered by.
    pub by: Option<&'static str>,
    pub doc: &'static str,
}

impl LinkDef {
    pub fn column(&self) -> String {
        format!("{}_id", self.name)
    }
}

/// An alternative key: must be unique among the rows of one provider, a clash is an issue.
/// Its encoded key is stored in the column `ref_<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondaryRef {
    pub name: &'static str,
    /// Names of columns or links of this collection.
    pub parts: &'static [&'static str],
}

impl SecondaryRef {
    pub fn column(&self) -> String {
        format!("ref_{}", self.name)
    }
}

/// What happens to a row whose object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retention {
    /// Kept with `archived_on`; comes back under the same id.
    Archive,
    /// Deleted.
    Delete,
    /// Deleted when it vanishes alone; archived, deleted or revived together with its owner.
    WithOwner,
}

/// Position of a field (column or link) in its collection: columns first, then links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Field(pub u8);

/// Fields of one collection: a row keeps a 64-bit mask of those it sends.
pub const MAX_FIELDS: usize = 64;

#[derive(Debug, Clone)]
pub struct Collection {
    pub name: &'static str,
    pub doc: &'static str,
    /// Parts of the identity: `["ems_ref"]` when the provider gives one id, else columns and links of this collection.
    pub manager_ref: Cow<'static, [&'static str]>,
    /// Parts of the identity that may be null.
    pub nullable_ref: Cow<'static, [&'static str]>,
    pub secondary_refs: Cow<'static, [SecondaryRef]>,
    pub columns: Cow<'static, [Column]>,
    pub links: Cow<'static, [LinkDef]>,
    /// Links that name the row's owner; the first that is set counts. The owner's deletion and scope are the row's too.
    pub owner: Cow<'static, [&'static str]>,
    pub retention: Retention,
    /// Whether the provider's own document is kept beside the row.
    pub raw: bool,
    /// Whether a link to an unknown row creates a row that holds its identity only. Such rows are archived, not deleted,
    /// when a complete listing does not have them: the link stays.
    pub skeletal: bool,
    /// Whether this provider gives its rows inside their owner's record: an owner that was seen without them says that
    /// they are gone, which a list of its own that came back empty does not.
    pub embedded: bool,
    /// Links to targets that this collection's rows are asked for with, each by its own name: a VM that was deleted took
    /// along the ports that were made for it and left those that people made, and only the provider knows which. Rows of
    /// a collection that has owners have their owners asked for. Set by providers, for what may be a target.
    pub asked_with: Cow<'static, [&'static str]>,
    /// Whether rows may carry a version ([`crate::RowBuilder::version`]), for providers whose records may come out of
    /// order, or more than once in a run: a row is never written over by an older one. The version has a column of its
    /// own in the table, so a provider may turn this off but not on.
    pub versioned: bool,
    /// Never delete or archive by absence.
    pub never_delete: bool,
    /// Rows are only looked up, never written.
    pub link_only: bool,
    /// Columns of the default table on a terminal.
    pub shown: Cow<'static, [&'static str]>,
}

impl Collection {
    pub fn field(&self, name: &str) -> Option<Field> {
        let column = self.columns.iter().position(|c| c.name == name);
        let link = || self.links.iter().position(|l| l.name == name).map(|i| i + self.columns.len());
        column.or_else(link).map(|i| Field(i as u8))
    }

    pub fn column(&self, field: Field) -> Option<&Column> {
        self.columns.get(usize::from(field.0))
    }

    pub fn link(&self, field: Field) -> Option<&LinkDef> {
        self.links.get(usize::from(field.0).checked_sub(self.columns.len())?)
    }

    /// Makes `link` usually go by a secondary ref of its target.
    pub fn link_by(&mut self, link: &str, by: &'static str) {
        for def in self.links.to_mut().iter_mut().filter(|l| l.name == link) {
            def.by = Some(by);
        }
    }

    /// Number of a secondary ref as links carry it, counted from 1; 0 is the primary identity.
    pub fn ref_number(&self, name: Option<&str>) -> u8 {
        name.and_then(|name| self.secondary_refs.iter().position(|s| s.name == name)).map_or(0, |i| i as u8 + 1)
    }

    /// Name of a field as people write it: `flavor`, not `flavor_id`.
    pub fn field_name(&self, field: Field) -> &'static str {
        match (self.column(field), self.link(field)) {
            (Some(column), _) => column.name,
            (_, Some(link)) => link.name,
            _ => "?",
        }
    }

    pub fn fields(&self) -> impl Iterator<Item = Field> + use<> {
        (0..(self.columns.len() + self.links.len()) as u8).map(Field)
    }

    pub fn is_link(&self, field: Field) -> bool {
        usize::from(field.0) >= self.columns.len()
    }

    pub fn owners(&self) -> impl Iterator<Item = &LinkDef> {
        self.owner.iter().filter_map(|name| self.links.iter().find(|l| l.name == *name))
    }

    /// Whether rows of this collection may carry `archived_on`.
    pub fn archives(&self) -> bool {
        self.retention != Retention::Delete
    }
}

/// Declares one collection: its description and one [`Field`] constant for each column and link, in a module of the
/// collection's name.
///
/// ```
/// stocktake_model::collection! {
///     /// Sizes a VM can have.
///     flavors: Delete {
///         ref: [ems_ref];
///         secondary: { name: [name] };
///         raw: true;
///         columns: {
///             name: Text, "Name, unique in its cloud";
///             memory_mb: Int [MiB], "Memory";
///         }
///         links: { }
///         shown: [name, memory_mb];
///     }
/// }
/// assert_eq!(flavors::COLLECTION.columns[1].unit, stocktake_model::Unit::MiB);
/// assert_eq!(flavors::memory_mb, stocktake_model::Field(1));
/// ```
#[macro_export]
macro_rules! collection {
    (
        $(#[doc = $doc:literal])+
        $name:ident : $retention:ident {
            ref: [$($part:ident),+ $(; nullable $($nullable:ident),+)?];
            $(secondary: { $($sref:ident : [$($spart:ident),+]),+ $(,)? };)?
            $(owner: [$($owner:ident),+];)?
            $(raw: $raw:literal;)?
            $(skeletal: $skeletal:literal;)?
            $(versioned: $versioned:literal;)?
            columns: { $($col:ident : $ty:ident $([$unit:ident])?, $cdoc:literal;)* }
            links: { $($link:ident -> $target:ident, $ldoc:literal;)* }
            shown: [$($shown:ident),* $(,)?];
        }
    ) => {
        $(#[doc = $doc])+
        #[allow(non_upper_case_globals, non_camel_case_types, unreachable_pub, missing_debug_implementations)]
        pub mod $name {
            #[allow(dead_code)]
            enum Ix { $($col,)* $($link,)* }
            $(#[doc = $cdoc] pub const $col: $crate::Field = $crate::Field(Ix::$col as u8);)*
            $(#[doc = $ldoc] pub const $link: $crate::Field = $crate::Field(Ix::$link as u8);)*

            pub const NAME: &str = stringify!($name);
            pub const COLLECTION: $crate::Collection = $crate::Collection {
                name: NAME,
                doc: concat!($($doc, "\n"),+),
                manager_ref: ::std::borrow::Cow::Borrowed(&[$(stringify!($part)),+]),
                nullable_ref: ::std::borrow::Cow::Borrowed(&[$($(stringify!($nullable)),+)?]),
                secondary_refs: ::std::borrow::Cow::Borrowed(&[$($($crate::SecondaryRef {
                    name: stringify!($sref),
                    parts: &[$(stringify!($spart)),+],
                }),+)?]),
                columns: ::std::borrow::Cow::Borrowed(&[$($crate::Column {
                    name: stringify!($col),
                    ty: $crate::Type::$ty,
                    unit: $crate::collection!(@unit $($unit)?),
                    doc: $cdoc,
                }),*]),
                links: ::std::borrow::Cow::Borrowed(&[$($crate::LinkDef {
                    name: stringify!($link),
                    target: stringify!($target),
                    by: None,
                    doc: $ldoc,
                }),*]),
                owner: ::std::borrow::Cow::Borrowed(&[$($(stringify!($owner)),+)?]),
                retention: $crate::Retention::$retention,
                raw: $crate::collection!(@flag $($raw)?),
                skeletal: $crate::collection!(@flag $($skeletal)?),
                embedded: false,
                asked_with: ::std::borrow::Cow::Borrowed(&[]),
                versioned: $crate::collection!(@flag $($versioned)?),
                never_delete: false,
                link_only: false,
                shown: ::std::borrow::Cow::Borrowed(&[$(stringify!($shown)),*]),
            };
        }
    };
    (@unit $unit:ident) => { $crate::Unit::$unit };
    (@unit) => { $crate::Unit::None };
    (@flag $flag:literal) => { $flag };
    (@flag) => { false };
}
