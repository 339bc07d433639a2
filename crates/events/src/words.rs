//! Spans of the database's time, which the two databases spell differently.

use std::time::Duration;

use stocktake_store::Kind;

/// A moment before now; `placeholder` holds microseconds.
pub(crate) fn ago(kind: Kind, placeholder: &str) -> String {
    match kind {
        Kind::Postgres => format!("(now() - {placeholder} * interval '1 microsecond')"),
        Kind::Sqlite => format!("(now() - {placeholder})"),
    }
}

pub(crate) fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4)
}
