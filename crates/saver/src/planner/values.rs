//! Value links: what is known of the values they fetch before the plan is made, and what must be looked up.

use stocktake_model::{CollectionIx, Field, FieldValue, LinkView, RowView, key};

use super::Planner;
use crate::request::Wanted;
use crate::resolve::Resolver;

impl Planner {
    /// The value that this run writes into `column` of the row of `target` with this key; none when it does not write it.
    pub(super) fn sent_value(&self, target: CollectionIx, by: u8, text: &str, column: Field) -> Option<FieldValue<'_>> {
        let at = self.entry_of(target, by, key::hash(self.stored.seed, text))?;
        self.written_row(target, at)?.get(column)
    }

    pub(super) fn sends(&self, target: CollectionIx, entry: usize, column: Field) -> bool {
        self.written_row(target, entry).is_some_and(|row| row.get(column).is_some())
    }

    pub(super) fn written_row(&self, of: CollectionIx, entry: usize) -> Option<RowView<'_>> {
        let row = (self.stored.indexes[of.index()].entries[entry].written as usize).checked_sub(1)?;
        Some(self.kept[of.index()].rows.view(row))
    }

    /// Values of stored rows that only the answers named: targets by a secondary ref that this run did not see, and
    /// rows that a remembered value link leads to from now on.
    pub(super) fn values_wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        let fetches = |link: &LinkView<'_>| link.by > 0 && link.value_of.is_some();
        let mut links = self.kept.iter().flat_map(super::KeptRows::links).filter(fetches).peekable();
        let watches = self.answers.watches.iter().chain(&self.stored.watches);
        let mut watches = watches.filter(|watch| watch.value_of.is_some()).peekable();
        if links.peek().is_none() && watches.peek().is_none() {
            return wanted;
        }
        let (_, moved) = self.moved_refs(&self.answers);
        let resolver = Resolver { stored: &self.stored, seen: &self.seen, fates: &self.fates, moved: &moved };
        let mut want = |target: CollectionIx, by: u8, text: &str, column: Field, id: Option<i64>| {
            let sent = || self.sent_value(target, by, text, column).is_some();
            // 0: new in this run, so nothing is stored of it.
            if let Some(id) = id.filter(|id| *id != 0 && !sent()) {
                wanted.values.entry((target, column)).or_default().insert(id);
            }
        };
        for link in links {
            if let Some(column) = link.value_of {
                want(link.target, link.by, link.key, column, resolver.find(link.target, link.by, link.key).id());
            }
        }
        for watch in watches {
            let to = resolver.led(watch);
            if let Some(column) = watch.value_of.filter(|_| to != watch.resolved) {
                want(watch.target, watch.by, &watch.key, column, to);
            }
        }
        wanted
    }
}
