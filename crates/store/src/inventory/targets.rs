//! Reading for a targeted run: the rows named, the rows they own, the rows links lead to, and the remembered links that
//! this run may settle. One statement for rows and one for links, so one round trip.

use std::collections::BTreeSet;

use stocktake_model::{CollectionIx, Menu};
use stocktake_saver::{ReadRequest, Stored, StoredWatch};

use super::{read, table};
use crate::db::{Param, ProviderId, Row, Statement};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// Columns of a remembered link as [`watch`] reads them.
pub(super) const WATCH: &str =
    "w.row_id, w.collection, w.field_name, w.target, w.target_ref, w.target_key, w.value_of, w.resolved_id";

/// Rows found by a secondary ref carry their ref number times this beside their collection.
const BY: i64 = 1 << 16;

impl Store {
    /// What a targeted run of `provider` compares with.
    pub async fn read_targets(&self, provider: ProviderId, menu: &Menu, request: &ReadRequest, seed: u64) -> Result<Stored> {
        let mut stored = Stored::new(seed, menu.len());
        let statements: Vec<_> =
            [rows(provider, menu, request), watches(provider, menu, request)].into_iter().flatten().collect();
        let mut answers = self.queries(&statements).await?.into_iter();
        for row in answers.next().unwrap_or_default() {
            let (tag, row, key) = read::stored_row(&row)?;
            let ix = CollectionIx((tag % BY) as u16);
            match (tag / BY) as u8 {
                0 => stored.add(ix, &key, row),
                by => stored.add_by_ref(ix, by, &key, row.id),
            }
        }
        for row in answers.next().unwrap_or_default() {
            if let Some(watch) = watch(menu, &row)? {
                stored.add_watch(watch);
            }
        }
        Ok(stored)
    }
}

/// Parameters of one statement: `$1` is the provider, each list is sent once.
struct Lists {
    params: Vec<Param>,
    /// Targets whose owned rows are wanted: where their keys stand among the parameters.
    owners: Vec<(CollectionIx, usize)>,
}

impl Lists {
    fn new(provider: ProviderId) -> Self {
        Self { params: vec![provider.into()], owners: Vec::new() }
    }

    fn add(&mut self, keys: &BTreeSet<String>) -> usize {
        self.params.push(Param::Texts(keys.iter().cloned().collect()));
        self.params.len()
    }
}

fn rows(provider: ProviderId, menu: &Menu, request: &ReadRequest) -> Option<Statement> {
    let mut lists = Lists::new(provider);
    let mut parts = Vec::new();
    for (ix, keys) in request.keys.iter().filter(|(_, keys)| !keys.is_empty()) {
        let n = lists.add(keys);
        parts.push(select(menu, *ix, &format!("provider_id = $1 and ems_ref = any(${n})")));
    }
    for (ix, keys) in request.owners.iter().filter(|(_, keys)| !keys.is_empty()) {
        let n = lists.add(keys);
        lists.owners.push((*ix, n));
    }
    for (ix, _) in menu.iter().filter(|(_, c)| !c.owner.is_empty()) {
        parts.extend(owned(menu, ix, &lists.owners, &mut vec![ix]).map(|condition| select(menu, ix, &condition)));
    }
    for ((ix, by), keys) in request.by_ref.iter().filter(|(_, keys)| !keys.is_empty()) {
        let c = menu.get(*ix);
        let Some(column) = table::key_column(c, *by) else { continue };
        let (n, tag) = (lists.add(keys), i64::from(ix.0) + BY * i64::from(*by));
        parts.push(format!(
            "select {tag}, id, 0, 0, 0, false, {column} from {} where provider_id = $1 and {column} = any(${n})",
            c.name
        ));
    }
    (!parts.is_empty()).then(|| Statement::new(parts.join(" union all "), lists.params))
}

fn select(menu: &Menu, ix: CollectionIx, condition: &str) -> String {
    let c = menu.get(ix);
    let (owner, archived) = (table::owner(c), table::archived(c));
    format!("select {}, id, digest, raw_digest, {owner}, {archived}, ems_ref from {} where {condition}", ix.0, c.name)
}

/// Condition for the rows of `ix` that a target owns, directly or through rows it owns; none when no chain leads there.
fn owned(menu: &Menu, ix: CollectionIx, targets: &[(CollectionIx, usize)], path: &mut Vec<CollectionIx>) -> Option<String> {
    let mut conditions = Vec::new();
    for link in menu.get(ix).owners() {
        let Some(owner) = menu.ix(link.target) else { continue };
        let (column, table) = (link.column(), link.target);
        for (_, n) in targets.iter().filter(|(target, _)| *target == owner) {
            conditions.push(format!("{column} in (select id from {table} where provider_id = $1 and ems_ref = any(${n}))"));
        }
        if !path.contains(&owner) {
            path.push(owner);
            if let Some(inner) = owned(menu, owner, targets, path) {
                conditions.push(format!("{column} in (select id from {table} where {inner})"));
            }
            path.pop();
        }
    }
    (!conditions.is_empty()).then(|| conditions.join(" or "))
}

/// Remembered links by the keys asked for, unresolved, and those that lead to the rows asked for.
fn watches(provider: ProviderId, menu: &Menu, request: &ReadRequest) -> Option<Statement> {
    let mut lists = Lists::new(provider);
    let primary = request.keys.iter().map(|(ix, keys)| (*ix, 0, keys));
    let secondary = request.by_ref.iter().map(|((ix, by), keys)| (*ix, *by, keys));
    let mut parts = Vec::new();
    for (ix, by, keys) in primary.chain(secondary).filter(|(.., keys)| !keys.is_empty()) {
        let (n, name) = (lists.add(keys), menu.get(ix).name);
        parts.push(format!(
            "select {WATCH} from link_watches w where w.provider_id = $1 and w.target = '{name}' and w.target_ref = {by} \
             and w.target_key = any(${n}) and w.resolved_id is null"
        ));
        if by == 0 {
            parts.push(format!(
                "select {WATCH} from link_watches w where w.resolved_id in \
                 (select id from {name} where provider_id = $1 and ems_ref = any(${n}))"
            ));
        }
    }
    (!parts.is_empty()).then(|| Statement::new(parts.join(" union all "), lists.params))
}

/// A remembered link; none when its place or target is not on the menu.
pub(super) fn watch(menu: &Menu, row: &Row) -> Result<Option<StoredWatch>> {
    let (collection, field): (String, String) = (row.get(1)?, row.get(2)?);
    let (target, value_of): (String, Option<String>) = (row.get(3)?, row.get(6)?);
    let (Some(collection), Some(target)) = (menu.ix(&collection), menu.ix(&target)) else { return Ok(None) };
    let Some(field) = menu.get(collection).field(&field) else { return Ok(None) };
    let value_of = match value_of {
        None => None,
        Some(name) => match menu.get(target).field(&name) {
            None => return Ok(None),
            field => field,
        },
    };
    let by: i64 = row.get(4)?;
    let by = u8::try_from(by).map_err(|_| StoreError::Bug(format!("ref number {by}")))?;
    Ok(Some(StoredWatch {
        row_id: row.get(0)?,
        collection,
        field,
        target,
        by,
        key: row.get(5)?,
        value_of,
        resolved: row.get(7)?,
    }))
}
