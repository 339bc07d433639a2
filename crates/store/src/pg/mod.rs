//! PostgreSQL: connections, statements and errors. Knows no collection.

mod connect;
mod pool;
mod transact;
mod value;

use std::future::Future;

use futures_util::future::try_join_all;
use tokio_postgres::Client;
use tokio_postgres::error::{DbError, SqlState};
use tokio_postgres::types::ToSql;

use crate::db::{Param, Row, Statement};
use crate::error::{Result, StoreError};
use crate::location::PostgresLocation;
pub(crate) use connect::{Notices, Use};
use pool::Pool;
pub(crate) use pool::{Conn, Pooled};
pub(crate) use value::{EPOCH, row};

#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Pool,
}

impl Postgres {
    pub(crate) async fn open(location: PostgresLocation) -> Result<Self> {
        let pool = Pool::new(location);
        drop(pool.get(Use::Asking).await?);
        Ok(Self { pool })
    }

    pub(crate) fn place(&self) -> &str {
        self.pool.place()
    }

    pub(crate) async fn get(&self, for_use: Use) -> Result<Pooled> {
        self.pool.get(for_use).await
    }

    /// A connection outside the pool that hears what is notified on it.
    pub(crate) async fn connect_and_hear(&self, notices: Notices) -> Result<Client> {
        connect::connect_and_hear(self.pool.location(), Use::Asking, Some(notices)).await
    }

    pub(crate) async fn query(&self, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
        self.get(Use::Asking).await?.query(sql, params).await
    }

    pub(crate) async fn queries(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        self.get(Use::Asking).await?.queries(statements).await
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[Param]) -> Result<u64> {
        self.get(Use::Asking).await?.execute(sql, params).await
    }

    pub(crate) async fn batch(&self, statements: &[Statement]) -> Result<Vec<u64>> {
        let mut conn = self.get(Use::Asking).await?;
        let prepared = try_join_all(statements.iter().map(|s| conn.prepared(&s.sql))).await;
        let prepared = prepared.map_err(|e| conn.explain("prepare", e))?;
        conn.open_transaction();
        let begin = conn.client().batch_execute("begin");
        let work = statements.iter().zip(&prepared).map(|(s, p)| {
            let params = s.params.iter().map(|p| p as &(dyn ToSql + Sync));
            conn.client().execute_raw(p, params.collect::<Vec<_>>())
        });
        let commit = conn.client().batch_execute("commit");
        // Polled in this order, so sent in this order, in one go.
        let (begin, work, commit) = in_order(begin, work, commit).await;
        let counts = begin.and_then(|()| work.into_iter().collect::<Result<Vec<_>, _>>());
        let done = counts.and_then(|counts| commit.map(|()| counts)).map_err(|e| conn.explain("write", e))?;
        conn.close_transaction();
        Ok(done)
    }

    pub(crate) async fn begin(&self) -> Result<PgTx> {
        let mut conn = self.get(Use::Asking).await?;
        conn.open_transaction();
        conn.client().batch_execute("begin").await.map_err(|e| conn.explain("begin a transaction", e))?;
        Ok(PgTx { conn })
    }

    pub(crate) async fn snapshot(&self) -> Result<PgTx> {
        let mut conn = self.get(Use::Asking).await?;
        conn.open_transaction();
        let begin = "begin isolation level repeatable read, read only";
        conn.client().batch_execute(begin).await.map_err(|e| conn.explain("begin a snapshot", e))?;
        Ok(PgTx { conn })
    }
}

/// Runs all to the end, whatever fails: an early return would leave answers unread.
async fn in_order<A, B, C, F>(begin: A, work: impl Iterator<Item = F>, commit: B) -> (A::Output, Vec<C>, B::Output)
where
    A: Future,
    B: Future,
    F: Future<Output = C>,
{
    futures_util::future::join3(begin, futures_util::future::join_all(work), commit).await
}

/// A transaction open on a connection of its own. Dropped without commit, the connection is closed, which undoes it.
#[derive(Debug)]
pub struct PgTx {
    conn: Pooled,
}

impl PgTx {
    pub(crate) async fn query(&mut self, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
        self.conn.query(sql, params).await
    }

    pub(crate) async fn execute(&mut self, sql: &str, params: &[Param]) -> Result<u64> {
        self.conn.execute(sql, params).await
    }

    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        self.conn.client().batch_execute(sql).await.map_err(|e| self.conn.explain("run a script", e))
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        self.conn.client().batch_execute("commit").await.map_err(|e| self.conn.explain("commit", e))?;
        self.conn.close_transaction();
        Ok(())
    }
}

impl Conn {
    pub(crate) async fn query(&self, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
        let explain = |e| self.explain("read", e);
        let statement = self.prepared(sql).await.map_err(explain)?;
        let params: Vec<_> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        let rows = self.client().query(&statement, &params).await.map_err(explain)?;
        rows.iter().map(row).collect()
    }

    /// All in one round trip, when the connection knows the statements.
    pub(crate) async fn queries(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        let explain = |e| self.explain("read", e);
        let prepared = try_join_all(statements.iter().map(|s| self.prepared(&s.sql))).await.map_err(explain)?;
        let answers = statements.iter().zip(&prepared).map(|(s, p)| async {
            let params: Vec<_> = s.params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
            self.client().query(p, &params).await
        });
        let answers = try_join_all(answers).await.map_err(explain)?;
        answers.iter().map(|rows| rows.iter().map(row).collect()).collect()
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[Param]) -> Result<u64> {
        let explain = |e| self.explain("write", e);
        let statement = self.prepared(sql).await.map_err(explain)?;
        let params: Vec<_> = params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
        self.client().execute(&statement, &params).await.map_err(explain)
    }

    /// The driver's error in our words.
    pub(crate) fn explain(&self, doing: &str, error: tokio_postgres::Error) -> StoreError {
        let doing = || format!("{doing} in {}", self.place());
        let Some(db) = error.as_db_error() else {
            if is_away(&error) || error.code().is_none() && self.client().is_closed() {
                return StoreError::Lost { place: self.place().to_owned(), source: error.into() };
            }
            return StoreError::Database { doing: doing(), source: error.into() };
        };
        if db.code().code().starts_with("23") {
            let rule = db.constraint().unwrap_or(db.message()).to_owned();
            return StoreError::Constraint { doing: doing(), rule, source: error.into() };
        }
        if is_away(&error) {
            return StoreError::Lost { place: self.place().to_owned(), source: error.into() };
        }
        if matches!(*db.code(), SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE) {
            return StoreError::Collision { source: error.into() };
        }
        StoreError::Database { doing: doing(), source: error.into() }
    }
}

/// Whether the server is not to be reached at this moment, and may be in the next: it is stopped, started, or full.
pub(crate) fn is_away(error: &tokio_postgres::Error) -> bool {
    let passing = |db: &DbError| {
        let codes = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
        ];
        codes.contains(db.code())
    };
    let cut = |cause: &(dyn std::error::Error + 'static)| cause.is::<std::io::Error>();
    let lost = || error.is_closed() || std::error::Error::source(error).is_some_and(cut);
    error.as_db_error().map_or_else(lost, passing)
}
