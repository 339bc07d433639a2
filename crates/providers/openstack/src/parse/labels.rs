//! Labels: metadata, tags and properties of whatever has them.

use stocktake_model::menus::machines::labels;
use stocktake_model::{Field, Key, Rows};

use super::lenient::{List, Map, Text};
use crate::menu::Collections;

/// Whose labels are written: the collection, the link that names it, its identity.
#[derive(Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) collection: &'static str,
    pub(super) link: Field,
    pub(super) id: &'a str,
}

impl Owner<'_> {
    pub(super) fn label(self, c: &Collections, out: &mut Rows, section: &str, name: &str, value: Option<&str>) {
        if name.is_empty() {
            return;
        }
        out.row(c.labels, Key::text(self.collection).and_text(self.id).and_text(section).and_text(name))
            .text(labels::section, section)
            .text(labels::name, name)
            .text(labels::value, value)
            .link(self.link, self.id)
            .finish();
    }

    pub(super) fn map(self, c: &Collections, out: &mut Rows, section: &str, map: &Map<'_, Text<'_>>) {
        for (name, value) in map.iter() {
            self.label(c, out, section, name, value.get());
        }
    }

    pub(super) fn tags(self, c: &Collections, out: &mut Rows, tags: &List<Text<'_>>) {
        for tag in tags.iter() {
            self.label(c, out, "tags", tag.filled().unwrap_or_default(), None);
        }
    }
}
