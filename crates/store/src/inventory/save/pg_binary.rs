//! Cells in PostgreSQL's binary form. An element of an array and a field of a COPY row are written alike: length, bytes.

use bytes::{BufMut, Bytes, BytesMut};
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use super::super::cells::CellRef;
use super::super::table::{Column, SqlType};
use crate::error::{Result, StoreError};
use crate::pg::EPOCH;

/// Writes one cell; it must be of the column's type.
pub(super) fn put(out: &mut BytesMut, (name, ty): &Column, cell: CellRef<'_>) -> Result<()> {
    match (ty, cell) {
        (_, CellRef::Null) => out.put_i32(-1),
        (SqlType::Bigint, CellRef::Int(v)) => sized(out, &v.to_be_bytes()),
        (SqlType::Smallint, CellRef::Int(v)) => sized(out, &(v as i16).to_be_bytes()),
        (SqlType::Float, CellRef::Float(v)) => sized(out, &v.to_be_bytes()),
        (SqlType::Bool, CellRef::Bool(v)) => sized(out, &[u8::from(v)]),
        (SqlType::Time, CellRef::Time(v)) => sized(out, &v.saturating_sub(EPOCH).to_be_bytes()),
        (SqlType::Text | SqlType::Json, CellRef::Text(v)) => sized(out, v.as_bytes()),
        (SqlType::Bytes, CellRef::Bytes(v)) => sized(out, v),
        (ty, cell) => return Err(StoreError::Bug(format!("column {name} is {}, not {cell:?}", ty.name()))),
    }
    Ok(())
}

fn sized(out: &mut BytesMut, bytes: &[u8]) {
    out.put_i32(bytes.len() as i32);
    out.put_slice(bytes);
}

/// One column of many rows, as an array parameter.
#[derive(Debug)]
pub(super) struct Array {
    elements: BytesMut,
    len: i32,
    has_null: bool,
    ty: SqlType,
}

impl Array {
    pub(super) fn new(ty: SqlType) -> Self {
        Self { elements: BytesMut::new(), len: 0, has_null: false, ty }
    }

    pub(super) fn push(&mut self, column: &Column, cell: CellRef<'_>) -> Result<()> {
        self.len += 1;
        self.has_null |= cell == CellRef::Null;
        put(&mut self.elements, column, cell)
    }

    pub(super) fn size(&self) -> usize {
        self.elements.len()
    }
}

impl ToSql for Array {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.put_i32(1);
        out.put_i32(self.has_null.into());
        out.put_u32(oid(self.ty));
        out.put_i32(self.len);
        out.put_i32(1);
        out.put_slice(&self.elements);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Binary
    }

    to_sql_checked!();
}

fn oid(ty: SqlType) -> u32 {
    match ty {
        SqlType::Bigint => Type::INT8,
        SqlType::Smallint => Type::INT2,
        SqlType::Float => Type::FLOAT8,
        SqlType::Bool => Type::BOOL,
        SqlType::Time => Type::TIMESTAMPTZ,
        SqlType::Text => Type::TEXT,
        SqlType::Json => Type::JSON,
        SqlType::Bytes => Type::BYTEA,
    }
    .oid()
}

/// Rows in COPY's binary form, given away in chunks.
#[derive(Debug)]
pub(super) struct CopyRows {
    buffer: BytesMut,
}

const CHUNK: usize = 128 << 10;

impl CopyRows {
    pub(super) fn new() -> Self {
        let mut buffer = BytesMut::with_capacity(CHUNK + (CHUNK >> 2));
        buffer.put_slice(b"PGCOPY\n\xff\r\n\0");
        buffer.put_i64(0);
        Self { buffer }
    }

    pub(super) fn push(&mut self, columns: &[Column], cells: &[CellRef<'_>]) -> Result<()> {
        self.buffer.put_i16(columns.len() as i16);
        columns.iter().zip(cells).try_for_each(|(column, cell)| put(&mut self.buffer, column, *cell))
    }

    pub(super) fn full_chunk(&mut self) -> Option<Bytes> {
        (self.buffer.len() >= CHUNK).then(|| self.cut())
    }

    pub(super) fn finish(mut self) -> Bytes {
        self.buffer.put_i16(-1);
        self.cut()
    }

    fn cut(&mut self) -> Bytes {
        let chunk = self.buffer.split().freeze();
        self.buffer.reserve(CHUNK + (CHUNK >> 2));
        chunk
    }
}
