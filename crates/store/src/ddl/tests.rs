//! The migrations are what the model says, and a migrated database is what the migrations say.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::store::Store;

fn file(kind: Kind) -> std::path::PathBuf {
    let folder = match kind {
        Kind::Postgres => "postgres",
        Kind::Sqlite => "sqlite",
    };
    [env!("CARGO_MANIFEST_DIR"), "migrations", folder, "0001_inventory.sql"].iter().collect()
}

#[test]
fn migrations_are_current() {
    for kind in [Kind::Postgres, Kind::Sqlite] {
        let (path, now) = (file(kind), schema(kind));
        if std::env::var_os("STOCKTAKE_BLESS").is_some() {
            std::fs::write(&path, &now).expect("write the migration");
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == now,
            "{} is not what the model describes: run `STOCKTAKE_BLESS=1 cargo test -p stocktake-store migrations_are_current`",
            path.display()
        );
    }
}

/// A table as a database describes it, in words that do not depend on the database.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// Name → (type, may be null).
    columns: BTreeMap<String, (String, bool)>,
    /// Columns of each unique rule, the primary key first among them.
    unique: BTreeSet<Vec<String>>,
    /// (column, table it refers to, checked at the end of the transaction)
    references: BTreeSet<(String, String, bool)>,
    /// Columns of each index that is not a rule, and whether it leaves out nulls.
    indexes: BTreeSet<(Vec<String>, bool)>,
}

/// What the model asks for.
fn described(kind: Kind) -> BTreeMap<String, Table> {
    let menu = everything();
    let cycles = Cycles::of(&menu);
    let texts = |parts: &[&str]| parts.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
    let mut tables = BTreeMap::new();
    for (ix, c) in menu.iter() {
        let mut table = Table::default();
        let mut add = |name: &str, ty: &str, null: bool| {
            let ty =
                if kind == Kind::Sqlite { sqlite::translate(&format!(" {ty}")).trim().to_owned() } else { ty.to_owned() };
            table.columns.insert(name.to_owned(), (ty, null));
        };
        for (name, ty) in [
            ("id", "bigint"),
            ("provider_id", "bigint"),
            ("ems_ref", "text"),
            ("digest", "bigint"),
            ("raw_digest", "bigint"),
            ("created_on", "timestamptz"),
            ("updated_on", "timestamptz"),
        ] {
            add(name, ty, false);
        }
        if c.archives() {
            add("archived_on", "timestamptz", true);
        }
        if c.versioned {
            add("row_version", "bigint", true);
        }
        c.secondary_refs.iter().for_each(|s| add(&s.column(), "text", true));
        c.columns.iter().for_each(|column| add(column.name, type_name(column.ty), true));
        c.links.iter().for_each(|link| add(&link.column(), "bigint", true));
        table.unique = [texts(&["id"]), texts(&["provider_id", "ems_ref"])].into();
        if kind == Kind::Sqlite {
            table.references.insert(("provider_id".to_owned(), "providers".to_owned(), false));
        }
        for link in c.links.iter() {
            let target = menu.expect_ix(link.target);
            let late = cycles.together(ix, target) && (kind == Kind::Sqlite || target != ix);
            table.references.insert((link.column(), link.target.to_owned(), late));
            table.indexes.insert((vec![link.column()], true));
        }
        for s in c.secondary_refs.iter() {
            table.indexes.insert((texts(&["provider_id", &s.column()]), true));
        }
        tables.insert(c.name.to_owned(), table);
    }
    tables
}

fn compare(found: &BTreeMap<String, Table>, kind: Kind) {
    for (name, table) in described(kind) {
        assert_eq!(found.get(&name), Some(&table), "table {name}");
    }
    let menu = everything();
    let inventory: BTreeSet<_> =
        found.iter().filter(|(_, t)| t.columns.contains_key("ems_ref")).map(|(name, _)| name.as_str()).collect();
    assert_eq!(inventory, menu.iter().map(|(_, c)| c.name).collect(), "no other table holds inventory");
}

#[tokio::test]
async fn sqlite_has_exactly_the_described_schema() {
    let database = stocktake_testkit::sqlite().await;
    let store = Store::open(&database.url).await.expect("open");
    let texts = |sql: String| {
        let store = store.clone();
        async move { store.query(&sql, &[]).await.expect("introspect") }
    };
    let mut found = BTreeMap::new();
    for row in texts("select name, sql from sqlite_schema where type = 'table'".to_owned()).await {
        let (name, sql): (String, String) = (row.get(0).expect("name"), row.get(1).expect("sql"));
        let mut table = Table::default();
        for row in texts(format!("select name, lower(type), \"notnull\", pk from pragma_table_info('{name}')")).await {
            let (column, ty): (String, String) = (row.get(0).expect("name"), row.get(1).expect("type"));
            let (not_null, key): (bool, i64) = (row.get(2).expect("null"), row.get(3).expect("key"));
            if key > 0 {
                table.unique.insert(vec![column.clone()]);
            }
            table.columns.insert(column, (ty, !not_null && key == 0));
        }
        for row in texts(format!("select \"from\", \"table\" from pragma_foreign_key_list('{name}')")).await {
            let (column, to): (String, String) = (row.get(0).expect("from"), row.get(1).expect("table"));
            let rule = sql.lines().find(|line| line.contains(&format!("foreign key ({column})")));
            table.references.insert((column, to, rule.is_some_and(|line| line.contains("initially deferred"))));
        }
        for row in texts(format!("select name, \"unique\", partial from pragma_index_list('{name}')")).await {
            let (index, unique, partial): (String, bool, bool) =
                (row.get(0).expect("name"), row.get(1).expect("unique"), row.get(2).expect("partial"));
            let columns = texts(format!("select name from pragma_index_info('{index}') order by seqno")).await;
            let columns: Vec<String> = columns.iter().map(|row| row.get(0).expect("column")).collect();
            if unique {
                table.unique.insert(columns);
            } else {
                table.indexes.insert((columns, partial));
            }
        }
        found.insert(name, table);
    }
    compare(&found, Kind::Sqlite);
}

const COLUMNS: &str = "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), not a.attnotnull \
    from pg_class c join pg_attribute a on a.attrelid = c.oid \
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped";
const REFERENCES: &str = "select c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text, c.condeferred \
    from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] \
    where c.contype = 'f' and c.connamespace = 'public'::regnamespace";
const INDEXES: &str = "select i.indrelid::regclass::text, i.indisunique, i.indpred is not null, \
    (select string_agg(a.attname, ',' order by k.n) from unnest(i.indkey::int2[]) with ordinality k(attnum, n) \
     join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum) \
    from pg_index i join pg_class c on c.oid = i.indrelid where c.relnamespace = 'public'::regnamespace";

#[tokio::test]
async fn postgres_has_exactly_the_described_schema() {
    let database = stocktake_testkit::postgres().await;
    let store = Store::open(&database.url).await.expect("open");
    let mut found: BTreeMap<String, Table> = BTreeMap::new();
    for row in store.query(COLUMNS, &[]).await.expect("columns") {
        let (name, column): (String, String) = (row.get(0).expect("table"), row.get(1).expect("column"));
        let ty: String = row.get(2).expect("type");
        let ty = ty.replace("timestamp with time zone", "timestamptz");
        found.entry(name).or_default().columns.insert(column, (ty, row.get(3).expect("null")));
    }
    for row in store.query(REFERENCES, &[]).await.expect("references") {
        let table = found.entry(row.get(0).expect("table")).or_default();
        table.references.insert((row.get(1).expect("column"), row.get(2).expect("target"), row.get(3).expect("deferred")));
    }
    for row in store.query(INDEXES, &[]).await.expect("indexes") {
        let columns: String = row.get(3).expect("columns");
        let columns: Vec<_> = columns.split(',').map(str::to_owned).collect();
        let table = found.entry(row.get(0).expect("table")).or_default();
        if row.get(1).expect("unique") {
            table.unique.insert(columns);
        } else {
            table.indexes.insert((columns, row.get(2).expect("partial")));
        }
    }
    compare(&found, Kind::Postgres);
}
