//! Short transactions of few, repeated statements whose rows matter: what the queue lives on.

use crate::db::{Row, Statement};
use crate::error::Result;
use crate::store::{Backend, Store};

/// What a transaction that was said to be committed survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What the database does by itself. PostgreSQL: the loss of power. SQLite: the death of every process, and a file that
    /// is whole after a loss of power, which may however have forgotten the last transactions.
    Usual,
    /// The loss of power, on both. SQLite waits for the disk once per transaction, after others may see it.
    Full,
}

impl Store {
    /// All statements in their order in one transaction, in one round trip: the rows of each. On PostgreSQL planned by key,
    /// whatever the statistics say, and once only.
    pub async fn transact(&self, statements: &[Statement], durability: Durability) -> Result<Vec<Vec<Row>>> {
        match &self.backend {
            _ if statements.is_empty() => Ok(Vec::new()),
            Backend::Pg(pg) => pg.transact(statements).await,
            Backend::Sqlite(sqlite) => sqlite.transact(statements, durability).await,
        }
    }

    /// As [`Self::transact`], for few rows that are found by their keys: SQLite does it where it is asked, if nobody else
    /// writes at that moment. To wake another thread and be woken by it takes several times longer.
    pub async fn transact_small(&self, statements: &[Statement], durability: Durability) -> Result<Vec<Vec<Row>>> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.small_transact(statements, durability).await,
            Backend::Pg(_) => self.transact(statements, durability).await,
        }
    }
}
