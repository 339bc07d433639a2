//! Secondary keys: made of fields a row has, or of the identity of a row that must be found first.

use super::rows::Scratch;
use super::view::{FieldValue, take_value};
use crate::collection::Collection;
use crate::key::{Find, Key};

pub(super) enum Secondary {
    /// `found`: a part is the identity of a row that was found by a secondary ref.
    Key {
        text: Key,
        found: bool,
    },
    /// A part is a link by a secondary ref, so it is not known yet.
    Open,
    None,
}

/// A row has a secondary key when all its parts are set.
pub(super) fn secondary_key(
    description: &Collection,
    parts: &[&str],
    scratch: &Scratch,
    mut find: Option<&mut Find<'_>>,
) -> Secondary {
    let (mut text, mut found) = (Key::new(), false);
    for part in parts {
        let Some(field) = description.field(part) else { return Secondary::None };
        let slot = scratch.slots[usize::from(field.0)];
        if slot.len == 0 {
            return Secondary::None;
        }
        text = match take_value(&mut slot.of(&scratch.bytes)) {
            FieldValue::Text("") | FieldValue::Null | FieldValue::Float(_) => return Secondary::None,
            FieldValue::Text(v) | FieldValue::Json(v) => text.and_text(v),
            FieldValue::Int(v) | FieldValue::Time(v) => text.and_int(v),
            FieldValue::Bool(v) => text.and_bool(v),
            FieldValue::Link(link) if link.value_of.is_some() => return Secondary::None,
            // The linked row's identity, as Key::and_link writes it.
            FieldValue::Link(link) if link.by == 0 => text.and_text(link.key),
            FieldValue::Link(link) => {
                let Some(find) = find.as_deref_mut() else { return Secondary::Open };
                let Some(identity) = find(link.target, link.by, link.key) else { return Secondary::None };
                found = true;
                text.and_text(&identity)
            }
        };
    }
    Secondary::Key { text, found }
}
