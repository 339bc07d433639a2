//! Reading for a targeted run: the rows named, the rows they own, those that are asked for with them, the rows links lead
//! to, and the remembered links that this run may settle. All of it is one statement, so one round trip and, once it is prepared, no planning.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use stocktake_model::{CollectionIx, Menu};
use stocktake_saver::{ReadRequest, Stored, StoredWatch};

use super::{read, table};
use crate::db::{Param, ProviderId, Row, Statement};
use crate::error::{Result, StoreError};
use crate::store::{Kind, Store};

/// Columns of a remembered link as [`watch`] reads them.
pub(super) const WATCH: &str =
    "w.row_id, w.collection, w.field_name, w.target, w.target_ref, w.target_key, w.value_of, w.resolved_id, w.value_default";

/// Rows found by a secondary ref carry their ref number times this beside their collection.
const BY: i64 = 1 << 16;

/// Added to the collection of a row that is asked for with a target.
const BESIDE: i64 = 1 << 30;

/// The same columns among the rows: those of a row first, marked by this instead of a collection.
const WATCHES: i64 = -1;
const WATCH_AMONG_ROWS: &str = "select -1, w.row_id, w.resolved_id, w.target_ref, 0, false, w.target_key, w.collection, \
    w.field_name, w.target, w.value_of, w.value_default from link_watches w";

/// Versions of rows found, likewise: id and version.
const VERSIONS: i64 = -2;

impl Store {
    /// What a targeted run of `provider` compares with.
    pub async fn read_targets(&self, provider: ProviderId, menu: &Menu, request: &ReadRequest, seed: u64) -> Result<Stored> {
        let mut stored = Stored::new(seed, menu.len());
        let statement = Question::new(self.kind(), provider, menu).statement(request);
        for row in self.saver_queries(statement.as_slice()).await?.into_iter().flatten() {
            let tag: i64 = row.get(0)?;
            if tag == WATCHES {
                let cells = [1, 7, 8, 9, 3, 6, 10, 2, 11].map(|at| row.cells()[at].clone());
                if let Some(watch) = watch(menu, &Row(cells.into()))? {
                    stored.add_watch(watch);
                }
                continue;
            }
            if tag == VERSIONS {
                stored.add_version(row.get(1)?, row.get(2)?);
                continue;
            }
            let (row, key) = read::stored_row(&row)?;
            let (tag, beside) = (tag % BESIDE, tag >= BESIDE);
            let ix = CollectionIx((tag % BY) as u16);
            match (tag / BY) as u8 {
                0 => {
                    stored.add(ix, &key, row);
                    if beside && !row.archived {
                        stored.add_beside(ix, &key);
                    }
                }
                by => stored.add_by_ref(ix, by, &key, row.id, row.archived),
            }
        }
        Ok(stored)
    }
}

/// The statement under construction: `$1` is the provider, each list of keys is sent once.
struct Question<'a> {
    kind: Kind,
    menu: &'a Menu,
    params: Vec<Param>,
    /// Targets whose owned rows are wanted, and the name of the common table that holds their ids.
    owners: Vec<(CollectionIx, String)>,
}

impl<'a> Question<'a> {
    fn new(kind: Kind, provider: ProviderId, menu: &'a Menu) -> Self {
        Self { kind, menu, params: vec![provider.into()], owners: Vec::new() }
    }

    /// None when nothing is asked.
    fn statement(mut self, request: &ReadRequest) -> Option<Statement> {
        let (mut tables, mut waiting) = (String::new(), Vec::new());
        // By collection, so that each table is visited once.
        let mut wanted: BTreeMap<CollectionIx, Vec<String>> = BTreeMap::new();
        for (ix, keys) in request.keys.iter().filter(|(_, keys)| !keys.is_empty()) {
            let n = self.list(keys);
            wanted.entry(*ix).or_default().push(format!("provider_id = $1 and ems_ref = any(${n})"));
            waiting.push((*ix, 0, keys, n));
        }
        for (ix, keys) in request.owners.iter().filter(|(_, keys)| !keys.is_empty()) {
            let (n, name) = (self.list(keys), self.menu.get(*ix).name);
            let common = format!("targets_{n}");
            let ids = format!("select id from {name} where provider_id = $1 and ems_ref = any(${n})");
            let _ = write!(tables, "{common} as materialized ({ids}), ");
            self.owners.push((*ix, common));
        }
        for (ix, _) in self.menu.iter().filter(|(_, c)| !c.owner.is_empty()) {
            if let Some(owned) = self.owned(ix, &mut vec![ix]) {
                wanted.entry(ix).or_default().push(owned);
            }
        }
        let beside = self.beside();
        for (ix, condition) in &beside {
            wanted.entry(*ix).or_default().push(condition.clone());
        }
        let select = |(ix, conditions): (&CollectionIx, &Vec<String>)| {
            self.select(*ix, &conditions.join(" or "), beside.get(ix).map(String::as_str))
        };
        let mut rows: Vec<_> = wanted.iter().map(select).collect();
        for ((ix, by), keys) in request.by_ref.iter().filter(|(_, keys)| !keys.is_empty()) {
            let c = self.menu.get(*ix);
            let Some(column) = table::key_column(c, *by) else { continue };
            let (n, tag) = (self.list(keys), i64::from(ix.0) + BY * i64::from(*by));
            rows.push(format!(
                "select {tag}, id, 0, 0, 0, {}, {column} from {} where provider_id = $1 and {column} = any(${n})",
                table::archived(c),
                c.name
            ));
            waiting.push((*ix, *by, keys, n));
        }
        if rows.is_empty() {
            return None;
        }
        let leading = self.among("w.resolved_id", &format!("select id from found where tag < {BY} or tag >= {BESIDE}"));
        let unresolved = self.unresolved(&waiting);
        let sql = format!(
            "with {tables}found (tag, id, digest, raw_digest, owner, archived, key) as materialized ({}) \
             select found.*, cast(null as text), cast(null as text), cast(null as text), cast(null as text), cast(null as bigint) from found \
             union all {WATCH_AMONG_ROWS} where {leading} union all {unresolved}{}",
            rows.join(" union all "),
            self.versions(wanted.keys())
        );
        Some(Statement::new(sql, self.params))
    }

    /// Versions of the rows found; nothing when none of their collections is versioned.
    fn versions<'k>(&self, read: impl Iterator<Item = &'k CollectionIx>) -> String {
        let mut sql = String::new();
        for ix in read.filter(|ix| self.menu.get(**ix).versioned) {
            let found =
                self.among("t.id", &format!("select id from found where tag in ({}, {})", ix.0, i64::from(ix.0) + BESIDE));
            let _ = write!(
                sql,
                " union all select {VERSIONS}, t.id, t.row_version, 0, 0, false, '', cast(null as text), cast(null as text), \
                 cast(null as text), cast(null as text), cast(null as bigint) \
                 from {} t where t.row_version is not null and {found}",
                self.menu.get(*ix).name
            );
        }
        sql
    }

    fn list(&mut self, keys: &BTreeSet<String>) -> usize {
        self.params.push(Param::Texts(keys.iter().cloned().collect()));
        self.params.len()
    }

    /// `beside`: which of the rows are asked for with a target.
    fn select(&self, ix: CollectionIx, condition: &str, beside: Option<&str>) -> String {
        let mut tag = ix.0.to_string();
        if let Some(beside) = beside {
            tag = format!("case when {beside} then {} else {tag} end", i64::from(ix.0) + BESIDE);
        }
        read::select(&tag, self.menu.get(ix), condition)
    }

    /// Conditions for the rows that are asked for with the targets.
    fn beside(&self) -> BTreeMap<CollectionIx, String> {
        let mut beside: BTreeMap<CollectionIx, Vec<String>> = BTreeMap::new();
        for (ix, c) in self.menu.iter() {
            let links = c.links.iter().filter(|link| c.asked_with.contains(&link.name));
            let of_targets = links.flat_map(|link| {
                let commons = self.owners.iter().filter(|(target, _)| self.menu.ix(link.target) == Some(*target));
                commons.map(|(_, common)| self.among(&link.column(), &format!("select id from {common}")))
            });
            let of_targets: Vec<_> = of_targets.collect();
            if of_targets.is_empty() {
                continue;
            }
            let condition = of_targets.join(" or ");
            if c.owner.is_empty() {
                beside.entry(ix).or_default().push(condition);
                continue;
            }
            for owner in c.owners() {
                let Some(of) = self.menu.ix(owner.target) else { continue };
                let ids = format!("select {} from {} where {condition}", owner.column(), c.name);
                beside.entry(of).or_default().push(self.among("id", &ids));
            }
        }
        beside.into_iter().map(|(ix, conditions)| (ix, conditions.join(" or "))).collect()
    }

    /// PostgreSQL looks the column up in its index for each id when they are an array; of a subquery it would have to
    /// guess how many there are, and may read the whole table instead.
    fn among(&self, column: &str, ids: &str) -> String {
        match self.kind {
            Kind::Postgres => format!("{column} = any(array({ids}))"),
            Kind::Sqlite => format!("{column} in ({ids})"),
        }
    }

    /// Condition for the rows of `ix` that a target owns, directly or through rows it owns; none when no chain leads there.
    fn owned(&self, ix: CollectionIx, path: &mut Vec<CollectionIx>) -> Option<String> {
        let mut conditions = Vec::new();
        for link in self.menu.get(ix).owners() {
            let Some(owner) = self.menu.ix(link.target) else { continue };
            let column = link.column();
            for (_, common) in self.owners.iter().filter(|(target, _)| *target == owner) {
                conditions.push(self.among(&column, &format!("select id from {common}")));
            }
            if !path.contains(&owner) {
                path.push(owner);
                if let Some(inner) = self.owned(owner, path) {
                    conditions.push(self.among(&column, &format!("select id from {} where {inner}", link.target)));
                }
                path.pop();
            }
        }
        (!conditions.is_empty()).then(|| conditions.join(" or "))
    }

    /// Remembered links that wait for one of the keys.
    fn unresolved(&mut self, keys: &[(CollectionIx, u8, &BTreeSet<String>, usize)]) -> String {
        let waits = "where w.provider_id = $1 and w.resolved_id is null";
        if self.kind == Kind::Sqlite {
            let parts = keys.iter().map(|(ix, by, _, n)| {
                let target = self.menu.get(*ix).name;
                let of = format!("w.target = '{target}' and w.target_ref = {by} and w.target_key = any(${n})");
                format!("{WATCH_AMONG_ROWS} {waits} and {of}")
            });
            return parts.collect::<Vec<_>>().join(" union all ");
        }
        let each = || keys.iter().flat_map(|(ix, by, keys, _)| keys.iter().map(move |key| (*ix, *by, key)));
        let first = self.params.len() + 1;
        self.params.push(Param::Texts(each().map(|(ix, ..)| self.menu.get(ix).name.to_owned()).collect()));
        self.params.push(Param::Ints(each().map(|(_, by, _)| by.into()).collect()));
        self.params.push(Param::Texts(each().map(|(.., key)| key.clone()).collect()));
        format!(
            "{WATCH_AMONG_ROWS} join unnest(${first}::text[], ${}::bigint[], ${}::text[]) as k(target, ref, key) \
             on k.target = w.target and k.ref = w.target_ref and k.key = w.target_key {waits}",
            first + 1,
            first + 2
        )
    }
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
        default: row.get(8)?,
    }))
}
