//! The dialect-neutral way to the small tables: one SQL text with `$1` placeholders, values in, rows out.
//!
//! The text may use what both databases understand, plus three words that are translated for SQLite: `$n`, `now()` (a
//! time) and `= any($n)` with a list parameter. Booleans and times come back as such whichever way they are stored.

use std::borrow::Cow;

use crate::error::{Result, StoreError};

/// A row of `providers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ProviderId(pub i64);

impl std::fmt::Display for ProviderId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A value for a placeholder.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
    Text(String),
    Bytes(Vec<u8>),
    /// For `= any($n)`.
    Ints(Vec<i64>),
    /// For `= any($n)`.
    Texts(Vec<String>),
}

/// A value of a result. Times are integers: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row of a result.
#[derive(Debug, Clone, PartialEq)]
pub struct Row(pub(crate) Vec<Cell>);

impl Row {
    /// The cell at `at`, counted from 0.
    pub fn get<T: FromCell>(&self, at: usize) -> Result<T> {
        let cell = self.0.get(at).ok_or_else(|| StoreError::Bug(format!("a result has no column {at}")))?;
        T::from_cell(cell).ok_or_else(|| {
            StoreError::Bug(format!("column {at} of a result is {cell:?}, not a {}", std::any::type_name::<T>()))
        })
    }

    /// As [`Self::get`], and the cell is null after it: what owns memory is moved, not copied.
    pub fn take<T: FromCell>(&mut self, at: usize) -> Result<T> {
        match self.0.get_mut(at) {
            Some(cell @ (Cell::Text(_) | Cell::Bytes(_))) => match T::from_owned(std::mem::replace(cell, Cell::Null)) {
                Ok(value) => Ok(value),
                Err(found) => {
                    *cell = found;
                    self.get(at)
                }
            },
            _ => self.get(at),
        }
    }

    pub fn cells(&self) -> &[Cell] {
        &self.0
    }

    pub fn into_cells(self) -> Vec<Cell> {
        self.0
    }
}

/// What a cell can be read as.
pub trait FromCell: Sized {
    fn from_cell(cell: &Cell) -> Option<Self>;

    /// The cell itself when it is something else.
    fn from_owned(cell: Cell) -> Result<Self, Cell> {
        Self::from_cell(&cell).ok_or(cell)
    }
}

impl FromCell for i64 {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Int(v) => Some(*v),
            Cell::Bool(v) => Some(i64::from(*v)),
            _ => None,
        }
    }
}

impl FromCell for f64 {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Float(v) => Some(*v),
            Cell::Int(v) => Some(*v as f64),
            _ => None,
        }
    }
}

impl FromCell for bool {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Bool(v) => Some(*v),
            Cell::Int(v) => Some(*v != 0),
            _ => None,
        }
    }
}

impl FromCell for String {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Text(v) => Some(v.clone()),
            _ => None,
        }
    }

    fn from_owned(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Text(v) => Ok(v),
            cell => Err(cell),
        }
    }
}

impl FromCell for Vec<u8> {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Bytes(v) => Some(v.clone()),
            Cell::Text(v) => Some(v.clone().into_bytes()),
            _ => None,
        }
    }
}

impl FromCell for ProviderId {
    fn from_cell(cell: &Cell) -> Option<Self> {
        i64::from_cell(cell).map(Self)
    }
}

impl<T: FromCell> FromCell for Option<T> {
    fn from_cell(cell: &Cell) -> Option<Self> {
        match cell {
            Cell::Null => Some(None),
            cell => T::from_cell(cell).map(Some),
        }
    }

    fn from_owned(cell: Cell) -> Result<Self, Cell> {
        match cell {
            Cell::Null => Ok(None),
            cell => T::from_owned(cell).map(Some),
        }
    }
}

/// A statement to be carried out together with others, see [`crate::Store::batch`] and [`crate::Store::save`].
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    pub sql: Cow<'static, str>,
    pub params: Vec<Param>,
}

impl Statement {
    pub fn new(sql: impl Into<Cow<'static, str>>, params: impl Into<Vec<Param>>) -> Self {
        Self { sql: sql.into(), params: params.into() }
    }
}

macro_rules! param_from {
    ($($ty:ty => $variant:ident),+ $(,)?) => {
        $(impl From<$ty> for Param {
            fn from(value: $ty) -> Self {
                Self::$variant(value.into())
            }
        })+
    };
}

param_from!(bool => Bool, i64 => Int, i32 => Int, u32 => Int, f64 => Float, &str => Text, String => Text, &String => Text,
    Vec<u8> => Bytes, Vec<i64> => Ints, Vec<String> => Texts);

impl From<ProviderId> for Param {
    fn from(value: ProviderId) -> Self {
        Self::Int(value.0)
    }
}

impl<T: Into<Param>> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// `params![id, name, None::<i64>]`
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::Param::from($value)),*] };
}
