//! The last step of a plan: symbolic links become ids, and those that could not are remembered and told.
//!
//! Everything was seen by now; nothing is compared or deleted here.

use std::collections::{HashMap, HashSet};

use stocktake_model::{Collection, CollectionIx, Field, FieldValue, Issue, IssueKind, LinkView, RowView, Value};

use super::Planner;
use super::written::Written;
use crate::fate::Fate;
use crate::plan::{CollectionPlan, Watch, WatchUpdate, Write};
use crate::resolve::{Resolution, Resolver};
use crate::spill::SpillError;
use crate::stored::{Answers, StoredWatch};

/// The last step: links become ids, and those that could not are remembered.
pub(super) struct Linking<'a> {
    planner: &'a Planner,
    resolver: Resolver<'a>,
    answered: HashMap<(CollectionIx, i64, Field), &'a Value>,
    written: Written<'a>,
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
            written: Written::new(planner),
            pool: Vec::new(),
            values: Vec::new(),
            watches: Vec::new(),
            relinks: Vec::new(),
            issues: Vec::new(),
        }
    }

    pub(super) fn resolve(&mut self, ix: CollectionIx, row: RowView<'_>, write: &Write) -> Result<(), SpillError> {
        for (field, link) in row.links() {
            let resolution = self.resolver.find(link.target, link.by, link.key);
            if let Some(column) = link.value_of {
                let value = self.value(link.target, link.by, link.key, column, resolution.id())?;
                let value = value.unwrap_or_else(|| link.default().to_value());
                self.values.push((ix, write.row, field, value));
            } else {
                self.pool.push(resolution.id().unwrap_or(0));
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
                    default: match link.default() {
                        FieldValue::Int(default) => Some(default),
                        _ => None,
                    },
                    resolved: resolution.id(),
                });
            }
        }
        Ok(())
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

    /// What stands in `column` of the row a value link leads to, unless that is null: from this run if it writes it, else
    /// from the database.
    fn value(
        &mut self,
        target: CollectionIx,
        by: u8,
        text: &str,
        column: Field,
        to: Option<i64>,
    ) -> Result<Option<Value>, SpillError> {
        let Some(id) = to else { return Ok(None) };
        let sent = self.written.sent_value(target, by, text, column)?.map(FieldValue::to_value);
        let value = sent.or_else(|| self.answered.get(&(target, id, column)).map(|value| (*value).clone()));
        Ok(value.filter(|value| *value != Value::Null))
    }

    /// Remembered links that this run does not send anew: do they lead elsewhere now?
    pub(super) fn settle_watches<'w>(
        &mut self,
        plans: &[CollectionPlan],
        watches: impl Iterator<Item = &'w StoredWatch>,
    ) -> Result<(), SpillError> {
        let mut watches = watches.peekable();
        if watches.peek().is_none() {
            return Ok(());
        }
        let menu = &self.planner.menu;
        let updates = |(ix, _)| plans[CollectionIx::index(ix)].updates.iter().map(move |w| (w.id, (ix, w.row)));
        let updated: HashMap<i64, (CollectionIx, u32)> = menu.iter().flat_map(updates).collect();
        let mut done: HashSet<(i64, Field)> = HashSet::new();
        for watch in watches {
            let gone = self.planner.fates.of.get(&watch.row_id) == Some(&Fate::Deleted);
            let sent = match updated.get(&watch.row_id) {
                Some((ix, row)) => self.written.at(*ix, *row)?.get(watch.field).is_some(),
                None => false,
            };
            if gone || sent || !done.insert((watch.row_id, watch.field)) {
                continue;
            }
            let resolved = self.resolver.led(watch);
            let value = match watch.value_of {
                Some(column) => self.watched_value(watch, column, resolved)?,
                None => None,
            };
            if resolved == watch.resolved && value.is_none() {
                continue;
            }
            let deleted = |id| self.planner.fates.of.get(&id) == Some(&Fate::Deleted);
            if watch.value_of.is_none() && resolved.is_none() && watch.resolved.is_some_and(deleted) {
                // The link goes with the row's deletion.
                continue;
            }
            let usual = watch.value_of.is_none() && watch.by == menu.usual_by(watch.collection, watch.field);
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
        Ok(())
    }

    /// What a remembered value link sets its column to; none when that has not changed as far as this run knows.
    fn watched_value(
        &mut self,
        watch: &StoredWatch,
        column: Field,
        resolved: Option<i64>,
    ) -> Result<Option<Value>, SpillError> {
        if resolved == watch.resolved {
            let sent = self.written.sent_value(watch.target, watch.by, &watch.key, column)?.is_some();
            if resolved.is_none() || !sent {
                return Ok(None);
            }
        }
        let value = self.value(watch.target, watch.by, &watch.key, column, resolved)?;
        Ok(Some(value.unwrap_or_else(|| watch.default.map_or(Value::Null, Value::Int))))
    }
}

/// What people call a ref by its number.
pub(super) fn ref_name(target: &Collection, by: u8) -> &'static str {
    usize::from(by).checked_sub(1).map_or("ref", |at| target.secondary_refs[at].name)
}
