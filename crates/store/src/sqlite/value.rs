//! Parameters and cells as SQLite holds them.

use rusqlite::types::{ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Statement};

use crate::db::{Cell, Param, Row};

impl ToSql for Param {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Bool(v) => ToSqlOutput::Borrowed(ValueRef::Integer((*v).into())),
            Self::Int(v) | Self::Time(v) => ToSqlOutput::Borrowed(ValueRef::Integer(*v)),
            Self::Float(v) => ToSqlOutput::Borrowed(ValueRef::Real(*v)),
            Self::Text(v) => ToSqlOutput::Borrowed(ValueRef::Text(v.as_bytes())),
            Self::Bytes(v) => ToSqlOutput::Borrowed(ValueRef::Blob(v)),
            // Read by json_each, see the dialect.
            Self::Ints(v) => ToSqlOutput::Owned(Value::Text(json(v))),
            Self::Texts(v) => ToSqlOutput::Owned(Value::Text(json(v))),
        })
    }
}

fn json<T: serde::Serialize>(list: &[T]) -> String {
    serde_json::to_string(list).unwrap_or_default()
}

fn bind(statement: &mut Statement<'_>, params: &[Param]) -> rusqlite::Result<()> {
    for (at, param) in params.iter().enumerate() {
        statement.raw_bind_parameter(at + 1, param)?;
    }
    Ok(())
}

pub(super) fn query(c: &Connection, sql: &str, params: &[Param]) -> rusqlite::Result<Vec<Row>> {
    rows(&mut *c.prepare_cached(sql)?, params)
}

pub(super) fn rows(statement: &mut Statement<'_>, params: &[Param]) -> rusqlite::Result<Vec<Row>> {
    bind(statement, params)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(Row((0..columns).map(|at| row.get_ref(at).map(cell)).collect::<rusqlite::Result<_>>()?));
    }
    Ok(out)
}

pub(super) fn execute(c: &Connection, sql: &str, params: &[Param]) -> rusqlite::Result<u64> {
    let mut statement = c.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    if statement.column_count() > 0 {
        let mut rows = statement.raw_query();
        let mut n = 0;
        while rows.next()?.is_some() {
            n += 1;
        }
        return Ok(n);
    }
    statement.raw_execute().map(|n| n as u64)
}

pub(crate) fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(v) => Cell::Int(v),
        ValueRef::Real(v) => Cell::Float(v),
        ValueRef::Text(v) => Cell::Text(String::from_utf8_lossy(v).into_owned()),
        ValueRef::Blob(v) => Cell::Bytes(v.to_vec()),
    }
}
