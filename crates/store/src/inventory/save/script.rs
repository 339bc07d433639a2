//! A plan as an ordered list of steps, the same for both databases: deletions first, children before their owners, then
//! new rows, owners before their children, then changes, then what is remembered of links.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stocktake_model::{Collection, CollectionIx, Field};

use super::super::cells::Context;
use super::super::table::{self, Column, SqlType};
use super::rows::{Position, Rows};
use super::{Save, What, links};
use crate::db::{Param, Statement};
use crate::error::Result;
use crate::params;

pub(super) enum Step {
    /// One statement.
    One(What, Statement),
    /// One statement for each of many rows, or for all of them together.
    Many(Many),
}

/// Rows to be written alike.
pub(super) struct Many {
    pub(super) what: What,
    /// Table that takes the rows as they are.
    pub(super) into: Option<&'static str>,
    /// Takes `scalars`, then each of `columns` as an array.
    pub(super) pg: String,
    /// Takes `scalars`, then one row's `columns`.
    pub(super) sqlite: String,
    pub(super) scalars: Vec<Param>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Rows,
}

/// A stale token fails the check, and so does a provider that is gone. The update also makes savers of one provider wait
/// for each other.
const FENCE: &str = "insert into leases (provider_id, token, saved_token, owner, until) \
    values ($1, coalesce((select token from leases where provider_id = $1), 0), $2, '', now()) \
    on conflict (provider_id) do update set saved_token = excluded.saved_token";

pub(super) fn script(save: &Save, context: &Context<'_>) -> Result<Vec<Step>> {
    let lease = &save.lease;
    let fence = Statement::new(FENCE, params![lease.provider, lease.token]);
    let mut steps = vec![Step::One(What::Other, fence)];
    let order = context.plan.menu.order();
    links::unlinks(context, &mut steps);
    links::deletes(context, &mut steps);
    for ix in order {
        archives(*ix, context, &mut steps);
    }
    for ix in order {
        inserts(*ix, context, &mut steps);
    }
    links::follow(context, &mut steps);
    let mut changes = Vec::new();
    for ix in order {
        updates(*ix, context, &mut steps, &mut changes)?;
    }
    for ix in order {
        documents(*ix, context, &mut steps);
    }
    links::forget_changed(changes, &mut steps);
    links::watches(context, &mut steps);
    links::relinks(context, &mut steps);
    held(save, context, &mut steps);
    steps.extend(save.also.iter().map(|s| Step::One(What::Other, s.clone())));
    Ok(steps)
}

fn archives(ix: CollectionIx, context: &Context<'_>, steps: &mut Vec<Step>) {
    let (c, plan) = context.of(ix);
    if plan.archives.is_empty() {
        return;
    }
    let sql = format!("update {} set archived_on = $2, updated_on = $2 where id = any($1)", c.name);
    let params = [plan.archives.clone().into(), Param::Time(context.now)];
    steps.push(Step::One(What::Archived, Statement::new(sql, params)));
}

fn inserts(ix: CollectionIx, context: &Context<'_>, steps: &mut Vec<Step>) {
    let (c, plan) = context.of(ix);
    if plan.inserts.is_empty() {
        return;
    }
    steps.push(insert(What::Inserted, c.name, table::columns(c), Rows::Inserts(ix, plan.inserts.len()), ""));
}

/// Rows into a table, `then` on conflict.
pub(super) fn insert(what: What, into: &'static str, columns: Vec<Column>, rows: Rows, then: &str) -> Step {
    let (names, unnest, marks) = (table::names(&columns), table::unnest(&columns, 1), table::marks(&columns, 1));
    Step::Many(Many {
        what,
        into: then.is_empty().then_some(into),
        pg: format!("insert into {into} ({names}) select * from {unnest}{then}"),
        sqlite: format!("insert into {into} ({names}) values ({marks}){then}"),
        scalars: Vec::new(),
        columns,
        rows,
    })
}

/// Which rows send which fields: what is not sent is not in the statement.
pub(super) struct Change {
    pub(super) ids: Vec<i64>,
    /// Names of the collection's fields that are sent, and of those that are not.
    pub(super) sent: Vec<&'static str>,
    pub(super) others: Vec<&'static str>,
}

fn updates(ix: CollectionIx, context: &Context<'_>, steps: &mut Vec<Step>, changes: &mut Vec<Change>) -> Result<()> {
    let (c, plan) = context.of(ix);
    let mut rows = plan.reader();
    let mut groups: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
    for (at, write) in plan.updates.iter().enumerate() {
        groups.entry(rows.view(write.row)?.mask()).or_default().push(at as u32);
    }
    for (mask, at) in groups {
        let sends = |field: &Field| mask & 1 << field.0 != 0;
        let revives = at.iter().any(|at| plan.updates[*at as usize].revive);
        changes.push(Change {
            ids: at.iter().map(|at| plan.updates[*at as usize].id).collect(),
            sent: c.fields().filter(sends).map(|f| c.field_name(f)).collect(),
            others: c.fields().filter(|f| !sends(f)).map(|f| c.field_name(f)).collect(),
        });
        // A key is written anew when all its parts are sent.
        let whole = |parts: &[&str]| parts.iter().all(|part| c.field(part).is_some_and(|f| sends(&f)));
        let refs = c.secondary_refs.iter().zip(1..).filter(|(s, _)| whole(s.parts));
        let (refs, numbers): (Vec<_>, Vec<u8>) = refs.map(|(s, by)| ((s.column(), SqlType::Text), by)).unzip();
        let fields = c.fields().filter(sends).map(|f| table::field_column(c, f));
        let set: Vec<Column> = refs.into_iter().chain(fields).collect();
        steps.push(update(c, context.now, &set, revives, Rows::Updates(ix, at, numbers)));
    }
    Ok(())
}

fn update(c: &Collection, now: i64, set: &[Column], revives: bool, rows: Rows) -> Step {
    let mut columns: Vec<Column> = ["id", "digest", "raw_digest"].map(|name| (name.to_owned(), SqlType::Bigint)).to_vec();
    columns.extend(c.versioned.then(table::version));
    let (version_v, version_mark) = keep_version(c, "row_version", 5);
    let first = columns.len() + 2;
    columns.extend_from_slice(set);
    let revive = if revives { ", archived_on = null" } else { "" };
    let (mut from_v, mut from_mark) = (String::new(), String::new());
    for (at, (name, _)) in set.iter().enumerate() {
        let _ = write!(from_v, ", {name} = v.{name}");
        let _ = write!(from_mark, ", {name} = ?{}", at + first);
    }
    let (name, names, unnest) = (c.name, table::names(&columns), table::unnest(&columns, 2));
    Step::Many(Many {
        what: What::Updated,
        into: None,
        pg: format!(
            "update {name} t set updated_on = $1, digest = v.digest, \
             raw_digest = case v.raw_digest when 0 then t.raw_digest else v.raw_digest end{revive}{version_v}{from_v} \
             from {unnest} as v({names}) where t.id = v.id"
        ),
        sqlite: format!(
            "update {name} set updated_on = ?1, digest = ?3, \
             raw_digest = case ?4 when 0 then raw_digest else ?4 end{revive}{version_mark}{from_mark} where id = ?2"
        ),
        scalars: vec![Param::Time(now)],
        columns,
        rows,
    })
}

/// How a statement sets the version, from a row of arrays or from a mark: a row that comes without one leaves it alone.
fn keep_version(c: &Collection, name: &str, mark: usize) -> (String, String) {
    if !c.versioned {
        return (String::new(), String::new());
    }
    (format!(", {name} = coalesce(v.{name}, t.{name})"), format!(", {name} = coalesce(?{mark}, {name})"))
}

const DOCUMENT: [(&str, SqlType); 4] = [
    ("row_id", SqlType::Bigint),
    ("provider_id", SqlType::Bigint),
    ("encoding", SqlType::Smallint),
    ("body", SqlType::Bytes),
];

fn documents(ix: CollectionIx, context: &Context<'_>, steps: &mut Vec<Step>) {
    let (c, plan) = context.of(ix);
    let rows = plan.reader();
    let columns = || DOCUMENT.map(|(name, ty)| (name.to_owned(), ty)).to_vec();
    let with_document = |position: fn(u32) -> Position, writes: &[stocktake_saver::Write]| -> Vec<Position> {
        let has = |w: &stocktake_saver::Write| rows.has_document(w.row);
        writes.iter().enumerate().filter(|(_, w)| has(w)).map(|(at, _)| position(at as u32)).collect()
    };
    let new = with_document(Position::Insert, &plan.inserts);
    if !new.is_empty() {
        steps.push(insert(What::Document, "raw_documents", columns(), Rows::Documents(ix, new), ""));
    }
    let mut changed = with_document(Position::Update, &plan.updates);
    changed.extend(with_document(Position::RawOnly, &plan.raw_only));
    if !changed.is_empty() {
        let then = " on conflict (row_id) do update set encoding = excluded.encoding, body = excluded.body";
        steps.push(insert(What::Document, "raw_documents", columns(), Rows::Documents(ix, changed), then));
    }
    if !plan.raw_only.is_empty() {
        let mut columns = vec![("id".to_owned(), SqlType::Bigint), ("raw_digest".to_owned(), SqlType::Bigint)];
        columns.extend(c.versioned.then(table::version));
        let (version_v, version_mark) = keep_version(c, "row_version", 3);
        let (unnest, names) = (table::unnest(&columns, 1), table::names(&columns));
        steps.push(Step::Many(Many {
            what: What::Other,
            into: None,
            pg: format!(
                "update {} t set raw_digest = case v.raw_digest when 0 then t.raw_digest else v.raw_digest end{version_v} \
                 from {unnest} as v({names}) where t.id = v.id",
                c.name
            ),
            sqlite: format!(
                "update {} set raw_digest = case ?2 when 0 then raw_digest else ?2 end{version_mark} where id = ?1",
                c.name
            ),
            scalars: Vec::new(),
            columns,
            rows: Rows::RawDigests(ix, plan.raw_only.len()),
        }));
    }
}

fn held(save: &Save, context: &Context<'_>, steps: &mut Vec<Step>) {
    let plan = context.plan;
    if !save.complete.is_empty() {
        let names: Vec<_> = save.complete.iter().map(|ix| plan.menu.get(*ix).name.to_owned()).collect();
        let sql = "delete from held_deletes where provider_id = $1 and collection = any($2)";
        steps.push(Step::One(What::Note, Statement::new(sql, params![context.provider, names])));
    }
    if !plan.unheld.is_empty() {
        let sql = "delete from held_deletes where row_id = any($1)";
        steps.push(Step::One(What::Note, Statement::new(sql, params![plan.unheld.clone()])));
    }
    if !plan.held.is_empty() {
        let columns = [
            ("row_id", SqlType::Bigint),
            ("provider_id", SqlType::Bigint),
            ("collection", SqlType::Text),
            ("held_on", SqlType::Time),
        ];
        let columns = columns.map(|(name, ty)| (name.to_owned(), ty)).to_vec();
        let then = " on conflict (row_id) do nothing";
        steps.push(insert(What::Note, "held_deletes", columns, Rows::Held(plan.held.len()), then));
    }
}
