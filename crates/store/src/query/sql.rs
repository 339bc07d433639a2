//! A question as SQL. Names in the statement come from the model and from this file; what a person wrote is only ever a
//! parameter. Pure: property-tested without a database.

use std::collections::HashMap;
use std::fmt::Write as _;

use stocktake_model::{Collection, CollectionIx, Field, Menu, Type};

use super::filter::{Filter, Op, Operand};
use super::names::naming_field;
use super::path::{End, Path};
use super::{Archived, Sort};
use crate::db::Param;
use crate::store::Kind;

/// Statement text under construction, with its parameters and joins.
pub(super) struct Builder<'a> {
    menu: &'a Menu,
    kind: Kind,
    root: CollectionIx,
    pub(super) params: Vec<Param>,
    joins: String,
    aliases: HashMap<Vec<Field>, String>,
    conditions: Vec<String>,
}

/// Alias of the collection that was asked for.
const ROOT: &str = "t";

impl<'a> Builder<'a> {
    pub(super) fn new(menu: &'a Menu, kind: Kind, root: CollectionIx) -> Self {
        let (params, conditions) = (Vec::new(), Vec::new());
        let joins = format!("from {} {ROOT} join providers p on p.id = {ROOT}.provider_id", menu.get(root).name);
        Self { menu, kind, root, params, joins, aliases: HashMap::new(), conditions }
    }

    pub(super) fn collection(&self) -> &'a Collection {
        self.menu.get(self.root)
    }

    /// `select … from … where …`, without order and limit.
    pub(super) fn select(&self, expressions: &[String]) -> String {
        let mut sql = format!("select {} {}", expressions.join(", "), self.joins);
        if !self.conditions.is_empty() {
            let _ = write!(sql, " where {}", self.conditions.join(" and "));
        }
        sql
    }

    pub(super) fn condition(&mut self, sql: String) {
        self.conditions.push(sql);
    }

    pub(super) fn param(&mut self, value: impl Into<Param>) -> String {
        self.params.push(value.into());
        format!("${}", self.params.len())
    }

    pub(super) fn archived(&mut self, archived: Archived) {
        let archives = self.collection().archives();
        match archived {
            Archived::No if archives => self.condition(format!("{ROOT}.archived_on is null")),
            Archived::Only if archives => self.condition(format!("{ROOT}.archived_on is not null")),
            Archived::Only => self.condition("1 = 0".to_owned()),
            Archived::No | Archived::All => {}
        }
    }

    /// What is selected for a column: one expression, or three (id, ref, name) for a link.
    pub(super) fn selected(&mut self, path: &Path) -> Vec<String> {
        match path.end {
            End::Link(field) => {
                let own = self.alias(&path.links);
                let id = format!("{own}.{}", self.link_column(path.collection, field));
                let (target, alias) = self.target(path, field);
                vec![id, format!("{alias}.ems_ref"), name_of(target, &alias)]
            }
            _ => vec![self.scalar(path)],
        }
    }

    /// The one value by which a column is sorted and compared: the name for a link.
    pub(super) fn scalar(&mut self, path: &Path) -> String {
        let alias = self.alias(&path.links);
        match path.end {
            End::Id => format!("{alias}.id"),
            End::Ref => format!("{alias}.ems_ref"),
            End::Provider if path.links.is_empty() => "p.name".to_owned(),
            End::Provider => format!("(select q.name from providers q where q.id = {alias}.provider_id)"),
            End::CreatedOn => format!("{alias}.created_on"),
            End::UpdatedOn => format!("{alias}.updated_on"),
            End::ArchivedOn if self.menu.get(path.collection).archives() => format!("{alias}.archived_on"),
            End::ArchivedOn => "cast(null as timestamptz)".to_owned(),
            End::Column(field) => {
                let collection = self.menu.get(path.collection);
                let column = format!("{alias}.{}", collection.field_name(field));
                match collection.column(field).map(|c| c.ty) {
                    Some(Type::Json) => format!("cast({column} as text)"),
                    _ => column,
                }
            }
            End::Link(field) => {
                let (target, alias) = self.target(path, field);
                name_of(target, &alias)
            }
        }
    }

    pub(super) fn filter(&mut self, filter: &Filter) {
        let Filter { path, op, value } = filter;
        let sql = match (path.end, value) {
            (End::Link(field), Operand::Null) => {
                let own = self.alias(&path.links);
                null_test(*op, &format!("{own}.{}", self.link_column(path.collection, field)))
            }
            // A linked row answers to its name and to its ref.
            (End::Link(field), _) => {
                let (target, alias) = self.target(path, field);
                let by_name = self.compare(&name_of(target, &alias), *op, value);
                let by_ref = self.compare(&format!("{alias}.ems_ref"), *op, value);
                match op {
                    Op::Ne | Op::HasNot => format!("({by_name} and {by_ref})"),
                    Op::Eq | Op::Has => format!("({by_name} or {by_ref})"),
                    _ => by_name,
                }
            }
            (_, Operand::Null) => null_test(*op, &self.scalar(path)),
            _ => {
                let scalar = self.scalar(path);
                let scalar = if path.ty(self.menu) == Type::Text { self.bytewise(scalar) } else { scalar };
                self.compare(&scalar, *op, value)
            }
        };
        self.condition(sql);
    }

    /// Rows that answer to one of these words: a ref, the beginning of a ref, or a name.
    pub(super) fn words(&mut self, words: &[String]) {
        let name = naming_field(self.collection()).map(|f| self.collection().field_name(f));
        let mut either = Vec::new();
        for word in words {
            let exact = self.param(word.as_str());
            either.push(format!("{ROOT}.ems_ref = {exact}"));
            either.extend(name.map(|name| format!("{ROOT}.{name} = {exact}")));
            if word.len() >= super::PREFIX {
                let prefix = self.param(format!("{}%", escape(word)));
                either.push(format!("{ROOT}.ems_ref like {prefix} escape '\\'"));
            }
        }
        if !either.is_empty() {
            self.condition(format!("({})", either.join(" or ")));
        }
    }

    /// `order by` terms; ids last, so that the order is total.
    pub(super) fn order(&mut self, sort: &[Sort]) -> (Vec<String>, String) {
        let keys: Vec<_> = sort.iter().map(|s| self.sort_key(&s.path)).collect();
        let mut terms: Vec<_> = keys
            .iter()
            .zip(sort)
            .map(|(key, s)| format!("{key} {} nulls last", if s.descending { "desc" } else { "asc" }))
            .collect();
        terms.push(format!("{ROOT}.id"));
        (keys, terms.join(", "))
    }

    fn sort_key(&mut self, path: &Path) -> String {
        let scalar = self.scalar(path);
        if path.ty(self.menu) == Type::Text { self.bytewise(scalar) } else { scalar }
    }

    /// Rows after the one with these sort values and this id, in the order of [`Self::order`].
    pub(super) fn after(&mut self, keys: &[String], sort: &[Sort], values: &[Param], id: i64) {
        let mut equal = String::new();
        let mut either = Vec::new();
        for ((key, s), value) in keys.iter().zip(sort).zip(values) {
            if *value == Param::Null {
                // Nulls come last: only rows that are equal so far and null too can follow.
                let _ = write!(equal, "{key} is null and ");
                continue;
            }
            let at = self.param(value.clone());
            let beyond = if s.descending { "<" } else { ">" };
            either.push(format!("({equal}({key} {beyond} {at} or {key} is null))"));
            let _ = write!(equal, "{key} = {at} and ");
        }
        let at = self.param(id);
        either.push(format!("({equal}{ROOT}.id > {at})"));
        self.condition(format!("({})", either.join(" or ")));
    }

    fn compare(&mut self, left: &str, op: Op, value: &Operand) -> String {
        if matches!(op, Op::Has | Op::HasNot) {
            let Operand::Text(text) = value else { return "1 = 0".to_owned() };
            // SQLite folds the case of ASCII letters only.
            let folded = if self.kind == Kind::Postgres { text.to_lowercase() } else { text.to_ascii_lowercase() };
            let pattern = self.param(format!("%{}%", escape(&folded)));
            let has = format!("lower({left}) like {pattern} escape '\\'");
            return if op == Op::Has { has } else { format!("({left} is null or not {has})") };
        }
        let right = self.param(match value {
            Operand::Null => Param::Null,
            Operand::Text(v) => Param::Text(v.clone()),
            Operand::Int(v) => Param::Int(*v),
            Operand::Float(v) => Param::Float(*v),
            Operand::Bool(v) => Param::Bool(*v),
            Operand::Time(v) => Param::Time(*v),
        });
        match op {
            // Unknown is not equal to anything, so it is among those that are not.
            Op::Ne => format!("{left} is distinct from {right}"),
            Op::Lt => format!("{left} < {right}"),
            Op::Le => format!("{left} <= {right}"),
            Op::Gt => format!("{left} > {right}"),
            Op::Ge => format!("{left} >= {right}"),
            Op::Eq | Op::Has | Op::HasNot => format!("{left} = {right}"),
        }
    }

    /// Both databases compare and sort texts bytewise, whatever language PostgreSQL was set up for.
    fn bytewise(&self, text: String) -> String {
        if self.kind == Kind::Postgres { format!("({text}) collate \"C\"") } else { text }
    }

    /// Alias of the table that these links lead to, joined on first use.
    fn alias(&mut self, links: &[Field]) -> String {
        let Some((last, before)) = links.split_last() else { return ROOT.to_owned() };
        if let Some(alias) = self.aliases.get(links) {
            return alias.clone();
        }
        let from = self.alias(before);
        let holder = before.iter().try_fold(self.root, |at, field| self.menu.link_target(at, *field)).unwrap_or(self.root);
        let target = self.menu.link_target(holder, *last).unwrap_or(self.root);
        let alias = format!("l{}", self.aliases.len() + 1);
        let (table, column) = (self.menu.get(target).name, self.link_column(holder, *last));
        let _ = write!(self.joins, " left join {table} {alias} on {alias}.id = {from}.{column}");
        self.aliases.insert(links.to_vec(), alias.clone());
        alias
    }

    fn target(&mut self, path: &Path, field: Field) -> (&'a Collection, String) {
        let target = self.menu.link_target(path.collection, field).unwrap_or(self.root);
        let mut links = path.links.clone();
        links.push(field);
        (self.menu.get(target), self.alias(&links))
    }

    fn link_column(&self, collection: CollectionIx, field: Field) -> String {
        format!("{}_id", self.menu.get(collection).field_name(field))
    }
}

/// What a linked row is called: its name, or its ref when it has none.
pub(super) fn name_of(target: &Collection, alias: &str) -> String {
    match naming_field(target) {
        Some(field) => format!("coalesce(nullif({alias}.{}, ''), {alias}.ems_ref)", target.field_name(field)),
        None => format!("{alias}.ems_ref"),
    }
}

fn null_test(op: Op, left: &str) -> String {
    format!("{left} is {}null", if op == Op::Ne { "not " } else { "" })
}

/// Makes a text mean itself in a `like` pattern.
pub(super) fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
