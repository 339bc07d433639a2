//! Rows of many collections, as a parser fills them.

use std::sync::Arc;

use super::Span;
use super::builder::RowBuilder;
use super::open::{OpenLink, OpenRow};
use super::stored::CollectionRows;
use super::view::RowView;
use crate::collection::Collection;
use crate::issue::{Issue, IssueKind};
use crate::key::Key;
use crate::menu::{CollectionIx, Menu};

/// Rows of any collections of one menu, with the issues met while writing them: a page's worth, or a whole snapshot.
#[derive(Debug, Clone)]
pub struct Rows {
    pub(super) menu: Arc<Menu>,
    pub(super) seed: u64,
    pub(super) collections: Vec<CollectionRows>,
    pub(super) scratch: Scratch,
    pub(super) open: Vec<OpenRow>,
    pub issues: Vec<Issue>,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Scratch {
    pub(super) bytes: Vec<u8>,
    pub(super) slots: Vec<Span>,
    /// Links by a key that is open. Here and not in the builder, which is moved with each field.
    pub(super) links: Vec<OpenLink>,
    pub(super) version: Option<i64>,
}

impl Rows {
    /// `seed`: the installation's own, so that nobody outside can prepare two rows of one digest.
    pub fn new(menu: Arc<Menu>, seed: u64) -> Self {
        let collections = vec![CollectionRows::default(); menu.len()];
        Self { menu, seed, collections, scratch: Scratch::default(), open: Vec::new(), issues: Vec::new() }
    }

    pub fn menu(&self) -> &Arc<Menu> {
        &self.menu
    }

    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Starts a row; nothing is stored before [`RowBuilder::finish`].
    pub fn row(&mut self, collection: CollectionIx, key: impl Into<Key>) -> RowBuilder<'_> {
        self.scratch.bytes.clear();
        self.scratch.links.clear();
        self.scratch.version = None;
        let Collection { columns, links, .. } = self.menu.get(collection);
        self.scratch.slots.clear();
        self.scratch.slots.resize(columns.len() + links.len(), Span::default());
        RowBuilder { collection, key: key.into(), raw: "", raw_digest: None, rows: self }
    }

    pub fn of(&self, collection: CollectionIx) -> &CollectionRows {
        &self.collections[collection.index()]
    }

    pub fn iter(&self) -> impl Iterator<Item = (CollectionIx, &CollectionRows)> {
        self.collections.iter().enumerate().map(|(i, rows)| (CollectionIx(i as u16), rows))
    }

    /// Number of rows of all collections, without those that are open still.
    pub fn len(&self) -> usize {
        self.collections.iter().map(CollectionRows::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies a row of another buffer.
    pub fn push_copy(&mut self, collection: CollectionIx, row: RowView<'_>) {
        self.collections[collection.index()].push_copy(row);
    }

    /// Moves the rows and issues of `other`, which must be of the same menu and seed, to the end of these.
    pub fn append(&mut self, other: &mut Self) {
        for (mine, theirs) in self.collections.iter_mut().zip(&mut other.collections) {
            if mine.is_empty() {
                std::mem::swap(mine, theirs);
            } else {
                theirs.iter().for_each(|row| mine.push_copy(row));
                theirs.clear();
            }
        }
        self.open.append(&mut other.open);
        self.issues.append(&mut other.issues);
    }

    /// Forgets the rows of one collection.
    pub fn forget(&mut self, collection: CollectionIx) {
        self.collections[collection.index()].clear();
    }

    /// Forgets all rows, keeps the buffers.
    pub fn clear(&mut self) {
        self.collections.iter_mut().for_each(CollectionRows::clear);
        self.open.clear();
        self.issues.clear();
    }

    /// A record that could not be read at all: `place` says where it stood.
    pub fn malformed(&mut self, collection: CollectionIx, place: impl Into<String>, message: impl Into<String>) {
        self.issues.push(Issue {
            kind: IssueKind::Malformed,
            collection: self.menu.get(collection).name.to_owned(),
            reference: place.into(),
            field: None,
            message: message.into(),
        });
    }
}
