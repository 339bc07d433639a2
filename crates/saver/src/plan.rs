//! What a run will write: a value that can be printed, counted, tested, and only then applied.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stocktake_model::{CollectionIx, CollectionRows, Field, Issue, Menu, RowView, Value};

use crate::aside::{Aside, RowReader};
use crate::spill::SpillError;

/// Everything one run changes, applied in one transaction.
#[derive(Debug)]
pub struct SavePlan {
    pub menu: Arc<Menu>,
    /// In the menu's order of positions; apply in [`Menu::order`].
    pub collections: Vec<CollectionPlan>,
    /// Resolved ids of links, 0 for none; see [`Write::links`].
    pub link_pool: Vec<i64>,
    /// Resolved values of value links; see [`CollectionPlan::value_of`].
    pub values: Vec<(CollectionIx, u32, Field, Value)>,
    /// Remembered links of written rows. All earlier ones of updated rows are replaced by these.
    pub watches: Vec<Watch>,
    /// Links of rows that this run does not write otherwise, which now lead elsewhere.
    pub relinks: Vec<WatchUpdate>,
    /// Rows that keep their place but no longer answer to an old key, see [`Unlink`].
    pub unlinks: Vec<Unlink>,
    /// Ids of rows whose deletion is held, for a later run or a person.
    pub held: Vec<(CollectionIx, i64)>,
    /// Ids of rows that were seen alive: if their deletion was held, it no longer is.
    pub unheld: Vec<i64>,
    pub issues: Vec<Issue>,
    /// Why this is not the plan, and empty: rows could not be put aside or taken up again. It must not be saved.
    pub failure: Option<SpillError>,
}

/// Changes of one collection.
#[derive(Debug, Default)]
pub struct CollectionPlan {
    /// The rows that `inserts`, `updates` and `raw_only` point into, behind those that were put aside: see
    /// [`Self::reader`]. Their documents are packed already (`lz4_flex::compress_prepend_size`): read them by
    /// [`RowView::packed_raw`], not by `raw`.
    pub rows: CollectionRows,
    pub(crate) aside: Aside,
    /// In the order of their identities' text form (bytewise), ids ascending.
    pub inserts: Vec<Write>,
    /// In the order of their ids. A row with `revive` set was archived and is live again.
    pub updates: Vec<Write>,
    /// Only the provider's document or the row's version differs: `updated_on` stays.
    pub raw_only: Vec<Write>,
    /// Ascending ids.
    pub archives: Vec<i64>,
    /// Ascending ids.
    pub deletes: Vec<i64>,
    pub counts: Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Write {
    /// Position among the plan's rows, see [`CollectionPlan::reader`].
    pub row: u32,
    pub id: i64,
    /// First of this row's entries in [`SavePlan::link_pool`]: one for each field of the row that is a link of the
    /// collection (not value links) and not null, in field order.
    pub links: u32,
    pub revive: bool,
    /// A new row that no listing has: it is stored archived.
    pub archived: bool,
}

/// A link to remember: unresolved, or by another ref than is usual, or a value link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    pub row_id: i64,
    pub collection: CollectionIx,
    pub field: Field,
    pub target: CollectionIx,
    pub by: u8,
    pub key: String,
    pub value_of: Option<Field>,
    /// Value links: what counts while there is no target, or its value is null.
    pub default: Option<i64>,
    pub resolved: Option<i64>,
}

/// A remembered link that now leads elsewhere: set the row's link column (or, for a value link, its column), bump the
/// row's `updated_on`, and update or (`forget`) delete the remembered link.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchUpdate {
    pub row_id: i64,
    pub collection: CollectionIx,
    pub field: Field,
    pub resolved: Option<i64>,
    /// Value links: what the column is set to; null where the link has no default.
    pub value: Option<Value>,
    pub forget: bool,
}

/// Row `id` of `target` no longer answers to `old_key` by ref `by`: links that usually go by that ref and lead to it, and
/// are not remembered otherwise, lead to row `to` from now on; when there is none they become null and are remembered by
/// `old_key`. Rows may swap their keys, so all unlinks of a plan happen at once, before anything is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlink {
    pub target: CollectionIx,
    pub id: i64,
    pub by: u8,
    pub old_key: String,
    pub to: Option<i64>,
}

/// What happened to the rows of a collection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub fetched: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub archived: u64,
    /// Archived rows that came back, counted in `updated` as well.
    pub revived: u64,
    pub deleted: u64,
    /// Vanished rows that the guard held.
    pub held: u64,
    /// Rows of which only the provider's document or the version differs, counted in `unchanged` as well.
    pub raw_only: u64,
    /// Records of versioned collections that were older than what is stored, or than another record of the run. They are
    /// counted in `fetched` and nowhere else.
    #[serde(default)]
    pub stale: u64,
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.fetched += other.fetched;
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.archived += other.archived;
        self.revived += other.revived;
        self.deleted += other.deleted;
        self.held += other.held;
        self.raw_only += other.raw_only;
        self.stale += other.stale;
    }

    /// Rows that the run writes.
    pub fn written(&self) -> u64 {
        self.created + self.updated + self.archived + self.deleted + self.raw_only
    }
}

impl SavePlan {
    pub(crate) fn void(menu: Arc<Menu>, failure: SpillError) -> Self {
        let collections = (0..menu.len()).map(|_| CollectionPlan::default()).collect();
        Self {
            menu,
            collections,
            link_pool: Vec::new(),
            values: Vec::new(),
            watches: Vec::new(),
            relinks: Vec::new(),
            unlinks: Vec::new(),
            held: Vec::new(),
            unheld: Vec::new(),
            issues: Vec::new(),
            failure: Some(failure),
        }
    }

    pub fn collection(&self, ix: CollectionIx) -> &CollectionPlan {
        &self.collections[ix.index()]
    }

    pub fn counts(&self) -> Counts {
        self.collections.iter().fold(Counts::default(), |mut sum, c| {
            sum.add(&c.counts);
            sum
        })
    }

    /// True when nothing would be written to the inventory.
    pub fn is_noop(&self) -> bool {
        self.counts().written() == 0 && self.relinks.is_empty() && self.unlinks.is_empty()
    }

    /// Resolved ids of a written row's links, see [`Write::links`].
    pub fn links_of(&self, write: &Write) -> &[i64] {
        &self.link_pool[write.links as usize..]
    }
}

impl CollectionPlan {
    /// Reads the rows of this plan, wherever they are.
    pub fn reader(&self) -> RowReader<'_> {
        RowReader::new(&self.aside, &self.rows)
    }

    /// A row of a plan of which none was put aside: of a planner without room for that.
    pub fn view(&self, write: &Write) -> RowView<'_> {
        self.rows.view(write.row as usize)
    }
}
