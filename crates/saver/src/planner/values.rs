//! Value links: what is known of the values they fetch before the plan is made, and what must be looked up.

use stocktake_model::{CollectionIx, Field};

use super::Planner;
use super::written::Written;
use crate::request::Wanted;
use crate::resolve::Resolver;
use crate::spill::SpillError;

impl Planner {
    /// Values of stored rows that only the answers named: targets by a secondary ref that this run did not see, and
    /// rows that a remembered value link leads to from now on.
    pub(super) fn values_wanted(&self) -> Result<Wanted, SpillError> {
        let mut wanted = Wanted::default();
        let watches = self.answers.watches.iter().chain(&self.stored.watches);
        let mut watches = watches.filter(|watch| watch.value_of.is_some()).peekable();
        if !self.takes_values && watches.peek().is_none() {
            return Ok(wanted);
        }
        let (_, moved) = self.moved_refs(&self.answers)?;
        let resolver = Resolver { stored: &self.stored, seen: &self.seen, fates: &self.fates, moved: &moved };
        let mut written = Written::new(self);
        let mut want = |target: CollectionIx, by: u8, text: &str, column: Field, id: Option<i64>| {
            // 0: new in this run, so nothing is stored of it.
            if let Some(id) = id.filter(|id| *id != 0)
                && written.sent_value(target, by, text, column)?.is_none()
            {
                wanted.values.entry((target, column)).or_default().insert(id);
            }
            Ok(())
        };
        for kept in self.kept.iter().filter(|_| self.takes_values) {
            kept.each(|_, row| {
                for (_, link) in row.links().filter(|(_, link)| link.by > 0) {
                    if let Some(column) = link.value_of {
                        let id = resolver.find(link.target, link.by, link.key).id();
                        want(link.target, link.by, link.key, column, id)?;
                    }
                }
                Ok(())
            })?;
        }
        for watch in watches {
            let to = resolver.led(watch);
            if let Some(column) = watch.value_of.filter(|_| to != watch.resolved) {
                want(watch.target, watch.by, &watch.key, column, to)?;
            }
        }
        Ok(wanted)
    }
}
