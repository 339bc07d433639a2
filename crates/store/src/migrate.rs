//! Embedded schema versions and the runner that brings a database to the newest.

use crate::error::{Result, StoreError};
use crate::params;
use crate::store::{Backend, Store};
use crate::tx::Tx;

struct Migration {
    version: i64,
    name: &'static str,
    postgres: &'static str,
    sqlite: &'static str,
}

/// Released versions are never edited; 0001 is generated (see `ddl`) until the first release.
const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "0001_inventory",
    postgres: include_str!("../migrations/postgres/0001_inventory.sql"),
    sqlite: include_str!("../migrations/sqlite/0001_inventory.sql"),
}];

const TABLE: &str = "create table if not exists schema_migrations \
    (version bigint primary key, name text not null, applied_on bigint not null)";

/// Any number, the same in all versions of the program: only starters of Stocktake wait for each other.
const STARTERS: i64 = 0x5354_4f43_4b54;

/// What [`Store::migrate`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    pub from: i64,
    pub to: i64,
}

pub(crate) fn known() -> i64 {
    MIGRATIONS.last().map_or(0, |m| m.version)
}

/// Changes whenever the schema does: names a template database for tests.
pub fn schema_fingerprint() -> u64 {
    let texts: String = MIGRATIONS.iter().flat_map(|m| [m.postgres, m.sqlite]).collect();
    xxhash_rust::xxh3::xxh3_64(texts.as_bytes())
}

pub(crate) async fn run(store: &Store) -> Result<Migrated> {
    let mut tx = store.begin().await?;
    if let Tx::Pg(tx) = &mut tx {
        // Until the transaction ends; `create table if not exists` alone is not safe against a second starter.
        tx.execute("select pg_advisory_xact_lock($1)", &params![STARTERS]).await?;
    }
    tx.execute(TABLE, &[]).await?;
    let from = version(&mut tx).await?;
    refuse_newer(store, from)?;
    for migration in MIGRATIONS.iter().filter(|m| m.version > from) {
        let ran = match &mut tx {
            Tx::Pg(tx) => tx.script(migration.postgres).await,
            Tx::Sqlite(tx) => tx.script(migration.sqlite).await,
        };
        ran.map_err(|e| StoreError::Migration { name: migration.name, source: e.into() })?;
        let record = "insert into schema_migrations (version, name, applied_on) values ($1, $2, $3)";
        let now = jiff::Timestamp::now().as_microsecond();
        tx.execute(record, &params![migration.version, migration.name, now]).await?;
        tracing::info!(database = store.place(), migration = migration.name, "schema migrated");
    }
    tx.commit().await?;
    Ok(Migrated { from, to: known() })
}

pub(crate) async fn check(store: &Store) -> Result<()> {
    let exists = match store.backend {
        Backend::Pg(_) => "select 1 from pg_class where oid = to_regclass('schema_migrations')",
        Backend::Sqlite(_) => "select 1 from sqlite_schema where name = 'schema_migrations'",
    };
    let found = match store.query_opt(exists, &[]).await? {
        None => 0,
        Some(_) => store.query_one("select coalesce(max(version), 0) from schema_migrations", &[]).await?.get(0)?,
    };
    refuse_newer(store, found)?;
    if found < known() {
        return Err(StoreError::NotMigrated { place: store.place().to_owned(), found, known: known() });
    }
    Ok(())
}

fn refuse_newer(store: &Store, found: i64) -> Result<()> {
    if found > known() {
        return Err(StoreError::TooNew { place: store.place().to_owned(), found, known: known() });
    }
    Ok(())
}

async fn version(tx: &mut Tx) -> Result<i64> {
    let rows = tx.query("select coalesce(max(version), 0) from schema_migrations", &[]).await?;
    rows.first().map_or(Ok(0), |row| row.get(0))
}
