//! Moments in machine formats: `2026-01-31T10:00:00Z`, not a count of microseconds.

use serde::Serializer;

pub fn one<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    match jiff::Timestamp::from_microsecond(*micros) {
        Ok(moment) => serializer.collect_str(&moment),
        Err(_) => serializer.serialize_i64(*micros),
    }
}

pub fn maybe<S: Serializer>(micros: &Option<i64>, serializer: S) -> Result<S::Ok, S::Error> {
    match micros {
        Some(micros) => one(micros, serializer),
        None => serializer.serialize_none(),
    }
}
