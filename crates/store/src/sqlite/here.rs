//! Small work on the caller's own thread: to wake another, twice, takes longer than the work. Both kinds use the writer's
//! connection if they can: its own writes leave its page cache valid, those of another connection void it.

use std::time::Duration;

use rusqlite::Connection;

use super::{BUSY, Sqlite, explain, in_transaction, query, undo};
use crate::db::{Param, Row, Statement};
use crate::error::{Result, StoreError};

/// Keys that are few to look up.
const FEW: usize = 300;

impl Sqlite {
    /// As [`Sqlite::queries`], if the statements ask for few keys at once.
    pub(crate) async fn small_queries(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        let keys = |param: &Param| match param {
            Param::Ints(list) => list.len(),
            Param::Texts(list) => list.len(),
            _ => 1,
        };
        if statements.iter().flat_map(|s| &s.params).map(keys).sum::<usize>() > FEW {
            return self.queries(statements).await;
        }
        let conn = match self.writer.try_lock() {
            Ok(conn) => conn,
            Err(_) => self.reader.lock().await,
        };
        undo(&conn)?;
        statements.iter().map(|s| query(&conn, &s.sql, &s.params)).collect()
    }

    /// A transaction of few statements. None, and nothing was done, when another process is writing: nobody should wait
    /// for that here.
    pub(crate) async fn small_write<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<Option<T>> {
        self.without_waiting(|c| in_transaction(c, work)).await
    }

    /// As [`Sqlite::small_write`], for a single statement, which is a transaction by itself.
    pub(super) async fn small_step(&self, statement: &Statement) -> Result<Option<Vec<Row>>> {
        self.without_waiting(|c| undo(c).and_then(|()| query(c, &statement.sql, &statement.params))).await
    }

    async fn without_waiting<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<Option<T>> {
        let mut conn = self.writer.lock().await;
        let wait = |conn: &Connection, time| conn.busy_timeout(time).map_err(|e| explain("set the time to wait", e));
        wait(&conn, Duration::ZERO)?;
        let done = self.checkpoints.not_here(|| work(&mut conn));
        self.checkpoints.catch_up(&self.writer);
        wait(&conn, BUSY)?;
        match done {
            Err(StoreError::Busy { .. }) => Ok(None),
            done => done.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_waits_here_for_another_process() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("here.db");
        let sqlite = Sqlite::open(path.clone()).await.expect("it opens");
        let made = sqlite.small_write(|c| c.execute_batch("create table t (n)").map_err(|e| explain("make it", e))).await;
        assert_eq!(made.expect("nobody else writes"), Some(()));
        let other = Connection::open(path).expect("it opens twice");
        other.execute_batch("begin immediate; insert into t values (1)").expect("nobody else writes");
        let put = |c: &mut Connection| c.execute("insert into t values (2)", []).map_err(|e| explain("put", e));
        assert_eq!(sqlite.small_write(put).await.expect("not an error"), None, "the other one writes");
        let count = [Statement::new("select count(*) from t", [])];
        let seen: i64 = sqlite.small_queries(&count).await.expect("readers do not wait")[0][0].get(0).expect("a number");
        assert_eq!(seen, 0, "what is not committed is not seen");
        other.execute_batch("commit").expect("nobody else writes");
        assert_eq!(sqlite.small_write(put).await.expect("nobody else writes"), Some(1));
        let failed = sqlite.small_write(|c| put(c).and(Err::<(), _>(StoreError::Bug("no".to_owned())))).await;
        assert!(failed.is_err());
        let seen: i64 = sqlite.small_queries(&count).await.expect("it reads")[0][0].get(0).expect("a number");
        assert_eq!(seen, 2, "a failure is undone");
    }
}
