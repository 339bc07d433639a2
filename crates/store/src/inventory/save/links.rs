//! What a save does to links that lead to rows it deletes or whose keys move, and to the links it remembers.

use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::{CollectionIx, Field};
use stocktake_saver::Unlink;

use super::super::cells::Context;
use super::super::table::{self, Column, SqlType};
use super::What;
use super::rows::Rows;
use super::script::{Change, Many, Step, insert};
use crate::db::{Param, Statement};
use crate::params;

/// Deletions, rows before what they link to. A row that stays and links to one that goes keeps the link in mind: when
/// the object comes back, under whatever id, the link is set again although the linking row has not changed.
pub(super) fn deletes(context: &Context<'_>, steps: &mut Vec<Step>) {
    let menu = &context.plan.menu;
    let mut all = Vec::new();
    for ix in menu.order().iter().rev() {
        let (c, plan) = context.of(*ix);
        if plan.deletes.is_empty() {
            continue;
        }
        let ids = Param::Ints(plan.deletes.clone());
        all.extend_from_slice(&plan.deletes);
        for (from, field, by) in menu.incoming(*ix) {
            let Some(key) = table::key_column(c, *by) else { continue };
            let (link, linking) = (table::field_column(menu.get(*from), *field).0, menu.get(*from).name);
            // Rows that go in the same statement need no memory.
            let stays = if from == ix { " and not r.id = any($1)" } else { "" };
            let remember = format!(
                "{} select r.id, '{}', '{linking}', $2, '{}', {by}, t.{key} from {linking} r join {} t on t.id = r.{link} \
                 where t.id = any($1) and t.{key} is not null{stays} on conflict (row_id, field_name) do nothing",
                REMEMBER,
                menu.get(*from).field_name(*field),
                c.name,
                c.name,
            );
            steps.push(Step::One(What::Note, Statement::new(remember, [ids.clone(), context.provider.into()])));
            let unlink = format!("update {linking} set {link} = null, updated_on = $2 where {link} = any($1)");
            steps.push(Step::One(What::Linked, Statement::new(unlink, [ids.clone(), Param::Time(context.now)])));
        }
        let delete = format!("delete from {} where id = any($1)", c.name);
        steps.push(Step::One(What::Deleted, Statement::new(delete, [ids])));
    }
    if !all.is_empty() {
        for (what, sql) in AFTER_DELETES {
            steps.push(Step::One(what, Statement::new(sql, [Param::Ints(all.clone())])));
        }
    }
}

const REMEMBER: &str = "insert into link_watches \
    (row_id, field_name, collection, provider_id, target, target_ref, target_key)";

const AFTER_DELETES: [(What, &str); 4] = [
    (What::Note, "update link_watches set resolved_id = null where resolved_id = any($1)"),
    (What::Note, "delete from link_watches where row_id = any($1)"),
    (What::Note, "delete from held_deletes where row_id = any($1)"),
    (What::Document, "delete from raw_documents where row_id = any($1)"),
];

/// Rows that no longer answer to an old key: usual links to them become null and are remembered by that key. Rows may
/// have swapped their keys, so every one is remembered before any is cut. Links that lead there by another key stay.
pub(super) fn unlinks(context: &Context<'_>, steps: &mut Vec<Step>) {
    let menu = &context.plan.menu;
    let mut cuts: BTreeMap<(CollectionIx, Field), Vec<i64>> = BTreeMap::new();
    for unlink in &context.plan.unlinks {
        for (from, field, by) in usual(context, unlink) {
            let (link, linking) = (table::field_column(menu.get(*from), *field).0, menu.get(*from).name);
            let remember = format!(
                "{REMEMBER} select r.id, '{}', '{linking}', $2, '{}', {by}, $3 from {linking} r where r.{link} = $1 \
                 on conflict (row_id, field_name) do nothing",
                menu.get(*from).field_name(*field),
                menu.get(unlink.target).name,
            );
            let params = params![unlink.id, context.provider, &unlink.old_key];
            steps.push(Step::One(What::Note, Statement::new(remember, params)));
            cuts.entry((*from, *field)).or_default().push(unlink.id);
        }
    }
    for ((from, field), ids) in cuts {
        let (link, linking) = (table::field_column(menu.get(from), field).0, menu.get(from).name);
        let cut = format!(
            "update {linking} set {link} = null, updated_on = $2 where {link} = any($1) and exists (select 1 from link_watches w \
             where w.row_id = {linking}.id and w.field_name = '{}' and w.resolved_id is null)",
            menu.get(from).field_name(field)
        );
        steps.push(Step::One(What::Other, Statement::new(cut, [Param::Ints(ids), Param::Time(context.now)])));
    }
}

/// Those of them whose key another row has now, be it new, follow their key.
pub(super) fn follow(context: &Context<'_>, steps: &mut Vec<Step>) {
    let menu = &context.plan.menu;
    for unlink in &context.plan.unlinks {
        let Some(to) = unlink.to else { continue };
        for (from, field, by) in usual(context, unlink) {
            let (link, linking) = (table::field_column(menu.get(*from), *field).0, menu.get(*from).name);
            let waiting = format!(
                "provider_id = $1 and target = '{}' and target_ref = {by} and target_key = $2 and resolved_id is null \
                 and collection = '{linking}' and field_name = '{}'",
                menu.get(unlink.target).name,
                menu.get(*from).field_name(*field),
            );
            let set = format!(
                "update {linking} set {link} = $3, updated_on = $4 where id in (select row_id from link_watches where {waiting})"
            );
            let key = params![context.provider, &unlink.old_key];
            let [provider, old_key] = key.clone();
            let linked = [provider, old_key, Param::Int(to), Param::Time(context.now)];
            steps.push(Step::One(What::Linked, Statement::new(set, linked)));
            steps.push(Step::One(What::Note, Statement::new(format!("delete from link_watches where {waiting}"), key)));
        }
    }
}

/// Links that usually lead to the row by the key it lost.
fn usual<'a>(context: &Context<'a>, unlink: &Unlink) -> impl Iterator<Item = &'a (CollectionIx, Field, u8)> {
    let by = unlink.by;
    context.plan.menu.incoming(unlink.target).iter().filter(move |(.., usual)| *usual == by)
}

/// A changed row's earlier memory of the links it sends anew is void; of those it does not send it stays.
pub(super) fn forget_changed(changes: Vec<Change>, steps: &mut Vec<Step>) {
    // Few statements: rows of several collections share one unless a field sent by one is left alone by another.
    let mut bins: Vec<(Vec<i64>, BTreeSet<&str>, BTreeSet<&str>)> = Vec::new();
    for change in changes {
        let fits = |(_, sent, others): &(_, BTreeSet<&str>, BTreeSet<&str>)| {
            !change.sent.iter().any(|f| others.contains(f)) && !change.others.iter().any(|f| sent.contains(f))
        };
        match bins.iter_mut().find(|bin| fits(bin)) {
            Some((ids, sent, others)) => {
                ids.extend(change.ids);
                sent.extend(change.sent);
                others.extend(change.others);
            }
            None => bins.push((change.ids, change.sent.into_iter().collect(), change.others.into_iter().collect())),
        }
    }
    for (ids, sent, _) in bins {
        let sent: Vec<_> = sent.into_iter().map(str::to_owned).collect();
        let sql = "delete from link_watches where row_id = any($1) and field_name = any($2)";
        steps.push(Step::One(What::Note, Statement::new(sql, params![ids, sent])));
    }
}

const WATCH: [(&str, SqlType); 10] = [
    ("row_id", SqlType::Bigint),
    ("field_name", SqlType::Text),
    ("collection", SqlType::Text),
    ("provider_id", SqlType::Bigint),
    ("target", SqlType::Text),
    ("target_ref", SqlType::Smallint),
    ("target_key", SqlType::Text),
    ("value_of", SqlType::Text),
    ("value_default", SqlType::Bigint),
    ("resolved_id", SqlType::Bigint),
];

pub(super) fn watches(context: &Context<'_>, steps: &mut Vec<Step>) {
    let n = context.plan.watches.len();
    if n > 0 {
        let columns = WATCH.map(|(name, ty)| (name.to_owned(), ty)).to_vec();
        steps.push(insert(What::Note, "link_watches", columns, Rows::Watches(n), ""));
    }
}

/// Links of rows that this run does not write otherwise.
pub(super) fn relinks(context: &Context<'_>, steps: &mut Vec<Step>) {
    let mut groups: BTreeMap<(CollectionIx, Field, bool, bool), Vec<u32>> = BTreeMap::new();
    for (at, relink) in context.plan.relinks.iter().enumerate() {
        let key = (relink.collection, relink.field, relink.forget, relink.value.is_some());
        groups.entry(key).or_default().push(at as u32);
    }
    for ((ix, field, forget, value), at) in groups {
        let c = context.plan.menu.get(ix);
        let (column, ty) = table::field_column(c, field);
        let ids: Vec<_> = at.iter().map(|at| context.plan.relinks[*at as usize].row_id).collect();
        if value || c.is_link(field) {
            let set = format!("{column} = $value, updated_on = $1");
            steps.push(set_by_id(What::Linked, c.name, &set, "id", ty, context.now, Rows::Relinks(at.clone(), value)));
        }
        let name = c.field_name(field).to_owned();
        if forget {
            let sql = "delete from link_watches where field_name = $1 and row_id = any($2)";
            steps.push(Step::One(What::Note, Statement::new(sql, params![name, ids])));
        } else {
            let columns = pair("row_id", SqlType::Bigint);
            let unnest = table::unnest(&columns, 2);
            steps.push(Step::Many(Many {
                what: What::Note,
                into: None,
                pg: format!(
                    "update link_watches t set resolved_id = v.value from {unnest} as v(id, value) \
                     where t.row_id = v.id and t.field_name = $1"
                ),
                sqlite: "update link_watches set resolved_id = ?3 where row_id = ?2 and field_name = ?1".to_owned(),
                scalars: vec![Param::Text(name)],
                columns,
                rows: Rows::Relinks(at, false),
            }));
        }
    }
}

fn pair(id: &str, ty: SqlType) -> Vec<Column> {
    vec![(id.to_owned(), SqlType::Bigint), ("value".to_owned(), ty)]
}

fn set_by_id(what: What, table: &str, set: &str, id: &str, ty: SqlType, now: i64, rows: Rows) -> Step {
    let columns = pair(id, ty);
    let unnest = table::unnest(&columns, 2);
    let (pg, sqlite) = (set.replace("$value", "v.value"), set.replace("$value", "?3").replace("$1", "?1"));
    Step::Many(Many {
        what,
        into: None,
        pg: format!("update {table} t set {pg} from {unnest} as v({id}, value) where t.{id} = v.{id}"),
        sqlite: format!("update {table} set {sqlite} where {id} = ?2"),
        scalars: vec![Param::Time(now)],
        columns,
        rows,
    })
}
