//! A value in a table.

use stocktake_model::Unit;
use stocktake_store::query::Value;

use crate::output::human;
use crate::output::paint::{Tone, tone_of};
use crate::output::table::Cell;

/// A value as a person reads it, now being `now`.
pub(crate) fn cell(column: &str, value: &Value, unit: Unit, now: i64) -> Cell {
    let plain = Cell::from(text(value, unit, now));
    match value {
        Value::Null => plain.tone(Tone::Faint),
        Value::Text(state) if is_state(column) => plain.tone(tone_of(state)),
        _ => plain,
    }
}

fn is_state(column: &str) -> bool {
    let last = column.rsplit('.').next().unwrap_or(column);
    matches!(last, "status" | "power_state" | "state" | "provision_state")
}

/// A value outside a table: moments as they are.
pub(crate) fn cell_text(value: &Value, unit: Unit) -> String {
    match value {
        Value::Time(moment) => human::moment(*moment),
        value => text(value, unit, 0),
    }
}

fn text(value: &Value, unit: Unit, now: i64) -> String {
    match value {
        Value::Null => human::NOTHING.to_owned(),
        Value::Bool(value) => (if *value { "yes" } else { "no" }).to_owned(),
        Value::Int(value) => human::number(*value, unit),
        Value::Float(value) => human::float(*value, unit),
        Value::Time(moment) => human::ago(*moment, now),
        Value::Text(text) | Value::Json(text) => text.clone(),
        Value::Link { name, .. } => name.clone(),
    }
}
