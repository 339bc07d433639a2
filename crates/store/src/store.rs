//! The handle the rest of the system holds.

use std::sync::Arc;

use crate::db::{Param, Row, Statement};
use crate::error::{Result, StoreError};
use crate::inventory::IdBlock;
use crate::location::Location;
use crate::migrate::{self, Migrated};
use crate::pg::{Postgres, Use};
use crate::sqlite::Sqlite;
use crate::tx::Tx;

/// A database, opened. Cheap to clone; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) backend: Backend,
    pub(crate) ids: Arc<IdBlock>,
}

#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Pg(Arc<Postgres>),
    Sqlite(Arc<Sqlite>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    Sqlite,
}

impl Store {
    /// Opens `sqlite:PATH` (or a plain path; the file is created) or `postgres://user@host/name?sslmode=…`, without
    /// looking at its schema: see [`Store::migrate`] and [`Store::check_schema`].
    pub async fn open(url: &str) -> Result<Self> {
        let backend = match Location::parse(url)? {
            Location::Sqlite(path) => Backend::Sqlite(Arc::new(Sqlite::open(path).await?)),
            Location::Postgres(location) => Backend::Pg(Arc::new(Postgres::open(*location).await?)),
        };
        Ok(Self { backend, ids: Arc::default() })
    }

    /// Brings the schema to this program's version. Safe when several programs start at once.
    pub async fn migrate(&self) -> Result<Migrated> {
        migrate::run(self).await
    }

    /// An error that says what to do unless the schema is the one this program knows.
    pub async fn check_schema(&self) -> Result<()> {
        migrate::check(self).await
    }

    pub fn kind(&self) -> Kind {
        match &self.backend {
            Backend::Pg(_) => Kind::Postgres,
            Backend::Sqlite(_) => Kind::Sqlite,
        }
    }

    /// Where the database is, without password.
    pub fn place(&self) -> &str {
        match &self.backend {
            Backend::Pg(pg) => pg.place(),
            Backend::Sqlite(sqlite) => sqlite.place(),
        }
    }

    /// Rows of a query, or of a write with `returning`.
    pub async fn query(&self, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
        match &self.backend {
            Backend::Pg(pg) => pg.query(sql, params).await,
            Backend::Sqlite(sqlite) => sqlite.query(sql, params).await,
        }
    }

    /// Reads in one go: one round trip on PostgreSQL. Not one transaction: each sees the database as it finds it.
    pub async fn queries(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        match &self.backend {
            _ if statements.is_empty() => Ok(Vec::new()),
            Backend::Pg(pg) => pg.queries(statements).await,
            Backend::Sqlite(sqlite) => sqlite.queries(statements).await,
        }
    }

    /// As [`Self::queries`], on a connection that plans for the saver.
    pub(crate) async fn saver_queries(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        match &self.backend {
            _ if statements.is_empty() => Ok(Vec::new()),
            Backend::Pg(pg) => pg.get(Use::Saving).await?.queries(statements).await,
            Backend::Sqlite(sqlite) => sqlite.small_queries(statements).await,
        }
    }

    /// The only row of a query, if there is one.
    pub async fn query_opt(&self, sql: &str, params: &[Param]) -> Result<Option<Row>> {
        let mut rows = self.query(sql, params).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            n => Err(StoreError::Bug(format!("{n} rows where at most one was expected: {sql}"))),
        }
    }

    pub async fn query_one(&self, sql: &str, params: &[Param]) -> Result<Row> {
        let row = self.query_opt(sql, params).await?;
        row.ok_or_else(|| StoreError::Bug(format!("no row where one was expected: {sql}")))
    }

    /// Number of rows written.
    pub async fn execute(&self, sql: &str, params: &[Param]) -> Result<u64> {
        match &self.backend {
            Backend::Pg(pg) => pg.execute(sql, params).await,
            Backend::Sqlite(sqlite) => sqlite.execute(sql, params).await,
        }
    }

    /// All statements in one transaction (and, on PostgreSQL, one round trip): rows written by each.
    pub async fn batch(&self, statements: &[Statement]) -> Result<Vec<u64>> {
        match &self.backend {
            Backend::Pg(pg) => pg.batch(statements).await,
            Backend::Sqlite(sqlite) => sqlite.batch(statements).await,
        }
    }

    /// A read transaction: all its queries see the database as it is at the first one, whatever is saved meanwhile.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match &self.backend {
            Backend::Pg(pg) => Tx::Pg(Box::new(pg.snapshot().await?)),
            Backend::Sqlite(sqlite) => Tx::Sqlite(sqlite.snapshot().await?),
        })
    }

    /// A write transaction for statements that depend on each other's results. Dropped without `commit`, it is undone.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match &self.backend {
            Backend::Pg(pg) => Tx::Pg(Box::new(pg.begin().await?)),
            Backend::Sqlite(sqlite) => Tx::Sqlite(sqlite.begin().await?),
        })
    }
}
