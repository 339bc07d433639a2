//! The rows of one collection as they lie in memory: heads to compare by, and one buffer of bytes.

use super::Span;
use super::view::RowView;

/// What the saver needs to know of a row without looking into it.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Hash of the identity.
    pub key_hash: u128,
    /// Hash of the body.
    pub digest: u64,
    /// Hash of the provider's document; 0 when there is none.
    pub raw_digest: u64,
    pub(super) key: Span,
    pub(super) body: Span,
    pub(super) raw: Span,
    pub(super) secondary: Span,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct SecondaryKey {
    pub(super) by: u8,
    pub(super) key: Span,
}

/// The rows of one collection.
#[derive(Debug, Default, Clone)]
pub struct CollectionRows {
    pub(super) heads: Vec<Head>,
    pub(super) bytes: Vec<u8>,
    pub(super) secondary: Vec<SecondaryKey>,
}

impl CollectionRows {
    pub fn len(&self) -> usize {
        self.heads.len()
    }

    pub fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub fn head(&self, at: usize) -> &Head {
        &self.heads[at]
    }

    pub fn view(&self, at: usize) -> RowView<'_> {
        RowView { rows: self, head: &self.heads[at] }
    }

    pub fn iter(&self) -> impl Iterator<Item = RowView<'_>> {
        self.heads.iter().map(|head| RowView { rows: self, head })
    }

    /// Copies a row of another buffer to the end of this one.
    pub fn push_copy(&mut self, row: RowView<'_>) {
        self.push_with_raw(row, row.raw_bytes());
    }

    /// As [`Self::push_copy`], without the document.
    pub fn push_copy_bare(&mut self, row: RowView<'_>) {
        self.push_with_raw(row, &[]);
    }

    fn push_with_raw(&mut self, row: RowView<'_>, raw: &[u8]) {
        let mut copy = *row.head;
        copy.key = self.append(row.key().as_bytes());
        copy.body = self.append(row.body());
        copy.raw = self.append(raw);
        let first = self.secondary.len() as u32;
        for (by, key) in row.secondary_keys() {
            let key = self.append(key.as_bytes());
            self.secondary.push(SecondaryKey { by, key });
        }
        copy.secondary = Span { start: first, len: self.secondary.len() as u32 - first };
        self.heads.push(copy);
    }

    /// As [`Self::push_copy`], with the document packed by `pack`; read it by [`RowView::packed_raw`].
    pub fn push_copy_packed(&mut self, row: RowView<'_>, pack: impl FnOnce(&str) -> Vec<u8>) {
        let packed = row.raw().map(pack).unwrap_or_default();
        self.push_with_raw(row, &packed);
    }

    /// Bytes held.
    pub fn size(&self) -> usize {
        self.bytes.capacity() + self.heads.capacity() * size_of::<Head>()
    }

    pub(super) fn append(&mut self, bytes: &[u8]) -> Span {
        // Spans are 32 bits wide; four gigabytes of changed rows in one collection and run are refused, not wrapped.
        let start =
            u32::try_from(self.bytes.len() + bytes.len()).expect("less than 4 GiB of rows of one collection in a run");
        self.bytes.extend_from_slice(bytes);
        Span { start: start - bytes.len() as u32, len: bytes.len() as u32 }
    }

    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.bytes.clear();
        self.secondary.clear();
    }
}
