//! A record as data: keys in the order of the columns, values as they are, links with id, ref and name.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use stocktake_store::query::{Path, Value};

use crate::output::human;

pub(super) struct Object<'a> {
    pub(super) columns: &'a [Path],
    pub(super) values: &'a [Value],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (column, value) in self.columns.iter().zip(self.values) {
            map.serialize_entry(&column.text, &Data(value))?;
        }
        map.end()
    }
}

/// One value.
pub(crate) struct Data<'a>(pub(crate) &'a Value);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_none(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Int(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Time(moment) => serializer.serialize_str(&human::moment(*moment)),
            Value::Text(text) => serializer.serialize_str(text),
            // What a provider sent as JSON is JSON; if not, it is still a text.
            Value::Json(text) => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(value) => value.serialize(serializer),
                Err(_) => serializer.serialize_str(text),
            },
            Value::Link { id, reference, name } => {
                let mut map = serializer.serialize_map(Some(3))?;
                map.serialize_entry("id", id)?;
                map.serialize_entry("ref", reference)?;
                map.serialize_entry("name", name)?;
                map.end()
            }
        }
    }
}
