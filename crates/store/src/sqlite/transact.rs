//! A short transaction in one visit to the writer: on the caller's thread if it is small and nobody else writes, else on a
//! thread that may block. The disk is waited for afterwards, with the lock free again: what others commit meanwhile is on
//! the disk with it.

use rusqlite::Connection;

use super::{Sqlite, dialect, explain, in_transaction, value};
use crate::db::{Row, Statement};
use crate::error::{Result, StoreError};
use crate::transact::Durability;

/// More statements than these are not small, whoever says so.
const FEW: usize = 128;

impl Sqlite {
    pub(crate) async fn transact(&self, statements: &[Statement], durability: Durability) -> Result<Vec<Vec<Row>>> {
        let work = statements.to_vec();
        // One statement is a transaction by itself, and one that only reads takes no lock.
        let alone = work.len() == 1;
        let answers =
            self.write(move |c| if alone { each(c, &work) } else { in_transaction(c, |c| each(c, &work)) }).await?;
        self.survives(durability).await.map(|()| answers)
    }

    pub(crate) async fn small_transact(&self, statements: &[Statement], durability: Durability) -> Result<Vec<Vec<Row>>> {
        let here = match statements {
            [only] if dialect::only_reads(&only.sql) => return self.small_queries(statements).await,
            [only] => self.small_step(only).await?.map(|rows| vec![rows]),
            few if few.len() <= FEW => self.small_write(|c| each(c, few)).await?,
            _ => None,
        };
        match here {
            Some(answers) => self.survives(durability).await.map(|()| answers),
            None => self.transact(statements, durability).await,
        }
    }

    async fn survives(&self, durability: Durability) -> Result<()> {
        if durability == Durability::Full { self.sync_log().await } else { Ok(()) }
    }

    /// What is committed is on the disk after this. A database in WAL mode appends a transaction to its log and with that has
    /// committed it; `synchronous = full` would do nothing but this sync, though while it holds the lock for which
    /// everybody waits.
    async fn sync_log(&self) -> Result<()> {
        let Some(log) = self.log.clone() else { return Ok(()) };
        let synced = tokio::task::spawn_blocking(move || std::fs::File::open(log).and_then(|log| log.sync_data()));
        let synced = synced.await.map_err(|e| StoreError::Bug(e.to_string()))?;
        synced.map_err(|e| StoreError::Database { doing: "wait for the disk".to_owned(), source: e.into() })
    }
}

/// A text that follows its like is not looked for again: with the look it costs as much as to carry it out.
fn each(c: &Connection, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
    let mut answers = Vec::with_capacity(statements.len());
    for alike in statements.chunk_by(|one, next| one.sql == next.sql) {
        let failed = |e| explain("write", e);
        let mut prepared = c.prepare_cached(&dialect::translate(&alike[0].sql)).map_err(failed)?;
        for statement in alike {
            answers.push(value::rows(&mut prepared, &statement.params).map_err(failed)?);
        }
    }
    Ok(answers)
}
