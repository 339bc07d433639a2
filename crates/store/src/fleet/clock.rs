//! Spans of the database's time, which the two databases spell differently.

use std::time::Duration;

use crate::db::Param;
use crate::store::{Kind, Store};

/// A moment from now on; `placeholder` holds microseconds.
pub(crate) fn later(store: &Store, placeholder: &str) -> String {
    shifted(store, '+', placeholder)
}

/// A moment before now; `placeholder` holds microseconds.
pub(crate) fn ago(store: &Store, placeholder: &str) -> String {
    shifted(store, '-', placeholder)
}

fn shifted(store: &Store, sign: char, placeholder: &str) -> String {
    match store.kind() {
        Kind::Postgres => format!("(now() {sign} {placeholder} * interval '1 microsecond')"),
        Kind::Sqlite => format!("(now() {sign} {placeholder})"),
    }
}

pub(crate) fn micros(span: Duration) -> Param {
    Param::Int(i64::try_from(span.as_micros()).unwrap_or(i64::MAX / 4))
}
