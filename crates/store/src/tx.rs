//! A write transaction held open by the caller.

use crate::db::{Param, Row};
use crate::error::Result;
use crate::pg::PgTx;
use crate::sqlite::SqliteTx;

/// See [`crate::Store::begin`]. On SQLite it holds the only writer: keep it short, and never ask the store itself for a
/// write while it is open.
#[derive(Debug)]
pub enum Tx {
    #[doc(hidden)]
    Pg(Box<PgTx>),
    #[doc(hidden)]
    Sqlite(SqliteTx),
}

impl Tx {
    pub async fn query(&mut self, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
        match self {
            Self::Pg(tx) => tx.query(sql, params).await,
            Self::Sqlite(tx) => tx.query(sql, params).await,
        }
    }

    pub async fn query_opt(&mut self, sql: &str, params: &[Param]) -> Result<Option<Row>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    pub async fn execute(&mut self, sql: &str, params: &[Param]) -> Result<u64> {
        match self {
            Self::Pg(tx) => tx.execute(sql, params).await,
            Self::Sqlite(tx) => tx.execute(sql, params).await,
        }
    }

    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Pg(tx) => tx.commit().await,
            Self::Sqlite(tx) => tx.commit().await,
        }
    }
}
