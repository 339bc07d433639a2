//! The last step of a plan: symbolic links become ids, and those that could not are remembered and told.
//!
//! Everything was seen by now; nothing is compared or deleted here.

use std::collections::{HashMap, HashSet};

use stocktake_model::{Collection, CollectionIx, Field, FieldValue, Issue, IssueKind, LinkView, RowView, Value, key};

use super::Planner;
use crate::fate::Fate;
use crate::plan::{CollectionPlan, Watch, WatchUpdate, Write};
use crate::resolve::{Resolution, Resolver};
use crate::stored::{Answers, StoredWatch};

/// The last step: links become ids, and those that could not are remembered.
pub(super) struct Linking<'a> {
    planner: &'a Planner,
    resolver: Resolver<'a>,
    answered: HashMap<(CollectionIx, i64, Field), &'a Value>,
    pub(super) pool: Vec<i64>,
    pub(super) values: Vec<(CollectionIx, u32, Field, Value)>,
    pub(super) watches: Vec<Watch>,
    pub(super) relinks: Vec<WatchUpdate>,
    pub(super) issues: Vec<Issue>,
}

impl<'a> Linking<'a> {
    pub(super) fn new(planner: &'a Planner, moved: &'a HashSet<(i64, u8)>, answers: &'a Answers) -> Self {
        let resolver = Resolver { stored: &planner.stored, seen: &planner.seen, fates: &planner.fates, moved };
        Self {
            planner,
            resolver,
            answered: answers.values.iter().map(|(ix, id, field, value)| ((*ix, *id, *field), value)).collect(),
            pool: Vec::new(),
            values: Vec::new(),
            watches: Vec::new(),
            relinks: Vec::new(),
            issues: Vec::new(),
        }
    }

    pub(super) fn resolve(&mut self, ix: CollectionIx, row: RowView<'_>, write: &Write) {
        for (field, link) in row.links() {
            let resolution = self.resolver.find(link.target, link.by, link.key);
            if link.value_of.is_none() {
                self.pool.push(resolution.id().unwrap_or(0));
            } else {
                let value = self.value(link, resolution).unwrap_or_else(|| link.default().to_value());
                self.values.push((ix, write.row, field, value));
            }
            if resolution.id().is_none() {
                self.unresolved(ix, row.key(), field, link, resolution);
            }
            let usual = link.value_of.is_none() && link.by == self.planner.menu.usual_by(ix, field);
            if resolution.id().is_none() || !usual {
                self.watches.push(Watch {
                    row_id: write.id,
                    collection: ix,
                    field,
                    target: link.target,
                    by: link.by,
                    key: link.key.to_owned(),
                    value_of: link.value_of,
                    resolved: resolution.id(),
                });
            }
        }
    }

    fn unresolved(&mut self, ix: CollectionIx, reference: &str, field: Field, link: LinkView<'_>, why: Resolution) {
        let menu = &self.planner.menu;
        let target = menu.get(link.target);
        let by = ref_name(target, link.by);
        let (kind, why) = match why {
            Resolution::Ambiguous => (IssueKind::AmbiguousRef, "more than one row has"),
            _ => (IssueKind::UnresolvedLink, "no row has"),
        };
        self.issues.push(Issue {
            kind,
            collection: menu.get(ix).name.to_owned(),
            reference: reference.to_owned(),
            field: Some(menu.get(ix).field_name(field).to_owned()),
            message: format!("in {} {why} {by} '{}'; the link is set when one does", target.name, link.key),
        });
    }

    /// A link of a row that this run does not write leads nowhere any more.
    fn cut(&mut self, of: CollectionIx, row: i64, field: Option<Field>, target: CollectionIx, by: u8, key: &str) {
        let menu = &self.planner.menu;
        let target = menu.get(target);
        let by = ref_name(target, by);
        self.issues.push(Issue {
            kind: IssueKind::UnresolvedLink,
            collection: menu.get(of).name.to_owned(),
            reference: format!("id {row}"),
            field: field.map(|field| menu.get(of).field_name(field).to_owned()),
            message: format!("no row of {} has {by} '{key}' any more; the link is set when one does", target.name),
        });
    }

    /// The value a value link asks for: from this run if it writes the row, else from the database.
    fn value(&self, link: LinkView<'_>, resolution: Resolution) -> Option<Value> {
        let (id, field) = (resolution.id()?, link.value_of?);
        let value = self.written_value(link.target, link.by, link.key, field).or_else(|| {
            let answered = self.answered.get(&(link.target, id, field));
            answered.map(|value| (*value).clone())
        });
        value.filter(|value| *value != Value::Null)
    }

    fn written_value(&self, target: CollectionIx, by: u8, text: &str, field: Field) -> Option<Value> {
        let hash = key::hash(self.planner.stored.seed, text);
        let entry = &self.planner.stored.indexes[target.index()].entries[self.planner.entry_of(target, by, hash)?];
        let row = (entry.written as usize).checked_sub(1)?;
        self.planner.kept[target.index()].rows.view(row).get(field).map(FieldValue::to_value)
    }

    /// Remembered links of rows that this run does not write: do they lead elsewhere now?
    pub(super) fn settle_watches<'w>(&mut self, plans: &[CollectionPlan], watches: impl Iterator<Item = &'w StoredWatch>) {
        let mut watches = watches.peekable();
        if watches.peek().is_none() {
            return;
        }
        let written: HashSet<i64> = plans.iter().flat_map(|p| &p.updates).map(|w| w.id).collect();
        let mut done: HashSet<(i64, Field)> = HashSet::new();
        for watch in watches {
            let gone = self.planner.fates.of.get(&watch.row_id) == Some(&Fate::Deleted);
            if gone || written.contains(&watch.row_id) || !done.insert((watch.row_id, watch.field)) {
                continue;
            }
            let resolved = self.resolver.find(watch.target, watch.by, &watch.key).id();
            let kept = |id: &i64| watch.by > 0 && !self.resolver.moved.contains(&(*id, watch.by));
            let resolved = resolved.or(watch.resolved.filter(kept));
            let value = watch.value_of.filter(|_| resolved.is_some());
            let value = value.and_then(|field| self.written_value(watch.target, watch.by, &watch.key, field));
            if resolved == watch.resolved && value.is_none() {
                continue;
            }
            let usual = watch.value_of.is_none() && watch.by == self.planner.menu.usual_by(watch.collection, watch.field);
            if resolved.is_none() {
                self.cut(watch.collection, watch.row_id, Some(watch.field), watch.target, watch.by, &watch.key);
            }
            self.relinks.push(WatchUpdate {
                row_id: watch.row_id,
                collection: watch.collection,
                field: watch.field,
                resolved,
                value,
                forget: usual && resolved.is_some(),
            });
        }
    }
}

/// What people call a ref by its number.
fn ref_name(target: &Collection, by: u8) -> &'static str {
    usize::from(by).checked_sub(1).map_or("ref", |at| target.secondary_refs[at].name)
}
