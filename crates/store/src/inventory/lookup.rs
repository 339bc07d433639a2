//! Answers to what the planner only wants to know once everything was seen. All in one round trip; most runs ask nothing.

use stocktake_model::{CollectionIx, Field, Menu, Value};
use stocktake_saver::{Answers, ByRef, Wanted, WatchKeys};

use super::read;
use super::table::{self, SqlType};
use super::targets::{WATCH, watch};
use crate::db::{Cell, Param, ProviderId, Row, Statement};
use crate::error::{Result, StoreError};
use crate::store::Store;

/// How to read the answer to a statement.
enum Question {
    ByRef(CollectionIx, u8),
    Rows,
    Versions,
    Watches,
    Refs(CollectionIx),
    Values(CollectionIx, Field),
}

impl Store {
    pub async fn lookup(&self, provider: ProviderId, menu: &Menu, wanted: &Wanted) -> Result<Answers> {
        let mut answers = Answers::default();
        let (questions, statements): (Vec<_>, Vec<_>) = questions(provider, menu, wanted).into_iter().unzip();
        for (question, rows) in questions.iter().zip(self.saver_queries(&statements).await?) {
            for row in rows {
                answer(menu, question, &row, &mut answers)?;
            }
        }
        Ok(answers)
    }
}

fn questions(provider: ProviderId, menu: &Menu, wanted: &Wanted) -> Vec<(Question, Statement)> {
    let mut out = Vec::new();
    for ((ix, by), keys) in &wanted.by_ref {
        let Some(column) = table::key_column(menu.get(*ix), *by) else { continue };
        let (name, archived) = (menu.get(*ix).name, table::archived(menu.get(*ix)));
        let sql =
            format!("select {column}, id, {archived}, ems_ref from {name} where provider_id = $1 and {column} = any($2)");
        let keys = Param::Texts(keys.iter().cloned().collect());
        out.push((Question::ByRef(*ix, *by), Statement::new(sql, [provider.into(), keys])));
    }
    for (ix, keys) in &wanted.rows {
        let sql = read::select(&ix.0.to_string(), menu.get(*ix), "provider_id = $1 and ems_ref = any($2)");
        let keys = Param::Texts(keys.iter().cloned().collect());
        if menu.get(*ix).versioned {
            let sql = format!(
                "select id, row_version from {} where provider_id = $1 and ems_ref = any($2) and row_version is not null",
                menu.get(*ix).name
            );
            out.push((Question::Versions, Statement::new(sql, [provider.into(), keys.clone()])));
        }
        out.push((Question::Rows, Statement::new(sql, [provider.into(), keys])));
    }
    for (ix, keys) in &wanted.unresolved {
        out.extend(unresolved(provider, menu.get(*ix).name, keys).into_iter().map(|s| (Question::Watches, s)));
    }
    if !wanted.watchers_of.is_empty() {
        let sql = format!("select {WATCH} from link_watches w where w.resolved_id = any($1)");
        let ids = Param::Ints(wanted.watchers_of.iter().copied().collect());
        out.push((Question::Watches, Statement::new(sql, [ids])));
    }
    for (ix, ids) in &wanted.refs_now {
        let c = menu.get(*ix);
        let columns: Vec<_> = c.secondary_refs.iter().map(|s| format!(", {}", s.column())).collect();
        let sql = format!("select id{} from {} where id = any($1)", columns.concat(), c.name);
        out.push((Question::Refs(*ix), Statement::new(sql, [Param::Ints(ids.iter().copied().collect())])));
    }
    for ((ix, field), ids) in &wanted.values {
        let c = menu.get(*ix);
        let sql = format!("select id, {} from {} where id = any($1)", table::field_column(c, *field).0, c.name);
        out.push((Question::Values(*ix, *field), Statement::new(sql, [Param::Ints(ids.iter().copied().collect())])));
    }
    out
}

fn unresolved(provider: ProviderId, target: &'static str, keys: &WatchKeys) -> Vec<Statement> {
    let base =
        format!("select {WATCH} from link_watches w where w.provider_id = $1 and w.target = $2 and w.resolved_id is null");
    let WatchKeys::Of(keys) = keys else {
        return vec![Statement::new(base, [provider.into(), target.into()])];
    };
    let mut by_number: std::collections::BTreeMap<u8, Vec<String>> = std::collections::BTreeMap::new();
    for (by, key) in keys {
        by_number.entry(*by).or_default().push(key.clone());
    }
    let statement = |(by, keys): (u8, Vec<String>)| {
        let sql = format!("{base} and w.target_ref = $3 and w.target_key = any($4)");
        Statement::new(sql, [provider.into(), target.into(), Param::Int(by.into()), Param::Texts(keys)])
    };
    by_number.into_iter().map(statement).collect()
}

fn answer(menu: &Menu, question: &Question, row: &Row, answers: &mut Answers) -> Result<()> {
    match question {
        Question::ByRef(collection, by) => {
            let (key, id, archived, reference) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            answers.by_ref.push(ByRef { collection: *collection, by: *by, key, id, archived, reference });
        }
        Question::Rows => {
            let tag: i64 = row.get(0)?;
            let (row, key) = read::stored_row(row)?;
            answers.rows.push((CollectionIx(tag as u16), key, row));
        }
        Question::Versions => answers.versions.push((row.get(0)?, row.get(1)?)),
        Question::Watches => answers.watches.extend(watch(menu, row)?),
        Question::Refs(ix) => {
            for by in 1..=menu.get(*ix).secondary_refs.len() {
                if let Some(key) = row.get(by)? {
                    answers.refs_now.push((*ix, row.get(0)?, by as u8, key));
                }
            }
        }
        Question::Values(ix, field) => {
            let ty = table::field_column(menu.get(*ix), *field).1;
            let value = value(ty, row.cells().get(1).unwrap_or(&Cell::Null))?;
            answers.values.push((*ix, row.get(0)?, *field, value));
        }
    }
    Ok(())
}

fn value(ty: SqlType, cell: &Cell) -> Result<Value> {
    Ok(match (ty, cell) {
        (_, Cell::Null) => Value::Null,
        (SqlType::Bool, Cell::Bool(v)) => Value::Bool(*v),
        (SqlType::Bool, Cell::Int(v)) => Value::Bool(*v != 0),
        (SqlType::Bigint, Cell::Int(v)) => Value::Int(*v),
        (SqlType::Time, Cell::Int(v)) => Value::Time(*v),
        (SqlType::Float, Cell::Float(v)) => Value::Float(*v),
        (SqlType::Text, Cell::Text(v)) => Value::Text(v.clone()),
        (SqlType::Json, Cell::Text(v)) => Value::Json(v.clone()),
        (ty, cell) => return Err(StoreError::Bug(format!("a column of type {} holds {cell:?}", ty.name()))),
    })
}
