//! Parameters and cells in PostgreSQL's binary form.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::db::{Cell, Param, Row};
use crate::error::{Result, StoreError};

/// Microseconds from 1970-01-01 to 2000-01-01, where PostgreSQL's times begin.
pub(crate) const EPOCH: i64 = 946_684_800_000_000;

type Encoded = Result<IsNull, Box<dyn Error + Sync + Send>>;

impl ToSql for Param {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Encoded {
        match (self, ty) {
            (Self::Null, _) => return Ok(IsNull::Yes),
            (Self::Bool(v), &Type::BOOL) => out.put_u8(u8::from(*v)),
            (Self::Int(v), &Type::INT8) => out.put_i64(*v),
            (Self::Int(v), &Type::INT4) => out.put_i32(i32::try_from(*v)?),
            (Self::Int(v), &Type::INT2) => out.put_i16(i16::try_from(*v)?),
            (Self::Int(v), &Type::FLOAT8) => out.put_f64(*v as f64),
            (Self::Float(v), &Type::FLOAT8) => out.put_f64(*v),
            (Self::Int(v) | Self::Time(v), &Type::TIMESTAMPTZ) => out.put_i64(v - EPOCH),
            (Self::Time(v), &Type::INT8) => out.put_i64(*v),
            (Self::Text(v), &Type::JSONB) => {
                out.put_u8(1);
                out.put_slice(v.as_bytes());
            }
            (Self::Text(v), &Type::TEXT | &Type::VARCHAR | &Type::JSON | &Type::NAME | &Type::UNKNOWN) => {
                out.put_slice(v.as_bytes());
            }
            (Self::Bytes(v), &Type::BYTEA) => out.put_slice(v),
            (Self::Ints(v), &Type::INT8_ARRAY) => return v.to_sql(ty, out),
            (Self::Texts(v), &Type::TEXT_ARRAY | &Type::VARCHAR_ARRAY | &Type::NAME_ARRAY) => return v.to_sql(ty, out),
            (param, ty) => return Err(format!("{param:?} cannot be sent as {ty}; cast the placeholder").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Any cell, decoded by its column's type.
struct AnyCell(Cell);

impl<'a> FromSql<'a> for AnyCell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::BOOL => Cell::Bool(bool::from_sql(ty, raw)?),
            Type::INT8 => Cell::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Cell::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Cell::Int(i16::from_sql(ty, raw)?.into()),
            Type::OID => Cell::Int(u32::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Cell::Float(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Cell::Float(f32::from_sql(ty, raw)?.into()),
            Type::TIMESTAMPTZ => Cell::Int(i64::from_be_bytes(raw.try_into()?) + EPOCH),
            Type::BYTEA => Cell::Bytes(raw.to_vec()),
            Type::JSONB => Cell::Text(std::str::from_utf8(raw.get(1..).unwrap_or_default())?.to_owned()),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::JSON | Type::BPCHAR | Type::UNKNOWN => {
                Cell::Text(std::str::from_utf8(raw)?.to_owned())
            }
            Type::CHAR => Cell::Text(String::from_utf8_lossy(raw).into_owned()),
            _ => return Err(format!("columns of type {ty} are not read here; cast it").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Cell::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(crate) fn row(row: &tokio_postgres::Row) -> Result<Row> {
    let cells = (0..row.len()).map(|at| row.try_get::<_, AnyCell>(at).map(|cell| cell.0));
    cells
        .collect::<Result<_, _>>()
        .map(Row)
        .map_err(|e| StoreError::Database { doing: "read a result".to_owned(), source: e.into() })
}
