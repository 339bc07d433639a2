//! SQLite: one writer, one reader, both used from blocking threads except for small work. Knows no collection.

mod checkpoint;
mod dialect;
mod here;
#[cfg(test)]
pub(crate) use dialect::NOW;
mod transact;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::{Mutex, OwnedMutexGuard};

use self::checkpoint::Checkpoints;
use crate::db::{Param, Row, Statement};
use crate::error::{Result, StoreError};

/// How long a write waits for another process.
const BUSY: Duration = Duration::from_secs(30);

const SETTINGS: &str = "pragma synchronous = normal; pragma foreign_keys = on; \
    pragma temp_store = memory; pragma journal_size_limit = 67108864";

#[derive(Debug)]
pub(crate) struct Sqlite {
    writer: Arc<Mutex<Connection>>,
    reader: Arc<Mutex<Connection>>,
    place: String,
    /// The file to which commits are appended. None where the file system cannot have one; then each waits for the disk.
    log: Option<PathBuf>,
    checkpoints: Arc<Checkpoints>,
}

impl Sqlite {
    pub(crate) async fn open(path: PathBuf) -> Result<Self> {
        let place = path.display().to_string();
        let opened = tokio::task::spawn_blocking(move || {
            let mut writer = connect(&path)?;
            let checkpoints = Checkpoints::of(&mut writer)?;
            let reader = connect(&path)?;
            reader.pragma_update(None, "query_only", true)?;
            // Where SQLite itself says the file is: a link may lead elsewhere.
            let log = if has_log(&writer)? { writer.path().map(|path| format!("{path}-wal").into()) } else { None };
            Ok((writer, reader, log, checkpoints))
        });
        let (writer, reader, log, checkpoints) = opened
            .await
            .map_err(|e| StoreError::Bug(e.to_string()))?
            .map_err(|e| StoreError::Open { place: place.clone(), advice: advice(&e).to_owned(), source: e.into() })?;
        Ok(Self { writer: Arc::new(Mutex::new(writer)), reader: Arc::new(Mutex::new(reader)), place, log, checkpoints })
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) async fn query(&self, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
        let (sql, params) = (dialect::translate(sql), params.to_vec());
        let reads = dialect::only_reads(&sql);
        let work = move |c: &mut Connection| value::query(c, &sql, &params).map_err(|e| explain("read", e));
        if reads { self.read(work).await } else { self.write(work).await }
    }

    pub(crate) async fn queries(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        let statements = statements.to_vec();
        self.read(move |c| statements.iter().map(|s| query(c, &s.sql, &s.params)).collect()).await
    }

    pub(crate) async fn execute(&self, sql: &str, params: &[Param]) -> Result<u64> {
        let (sql, params) = (dialect::translate(sql), params.to_vec());
        self.write(move |c| value::execute(c, &sql, &params).map_err(|e| explain("write", e))).await
    }

    pub(crate) async fn batch(&self, statements: &[Statement]) -> Result<Vec<u64>> {
        let statements = statements.to_vec();
        let work = move |c: &mut Connection| {
            in_transaction(c, |c| statements.iter().map(|s| run(c, s)).collect::<Result<Vec<_>>>())
        };
        self.write(work).await
    }

    pub(crate) async fn begin(&self) -> Result<SqliteTx> {
        let guard = Arc::clone(&self.writer).lock_owned().await;
        let (guard, begun) = blocking(guard, |c| begin(c)).await?;
        begun.map(|()| SqliteTx { guard: Some(guard) })
    }

    /// On a connection of its own: whoever reads page by page must not keep others from reading.
    pub(crate) async fn snapshot(&self) -> Result<SqliteTx> {
        let path = PathBuf::from(&self.place);
        let opened = tokio::task::spawn_blocking(move || {
            let conn = connect(&path)?;
            conn.execute_batch("pragma query_only = on; begin deferred")?;
            Ok(conn)
        });
        let opened = opened.await.map_err(|e| StoreError::Bug(e.to_string()))?;
        let conn = opened.map_err(|e| explain("begin a snapshot", e))?;
        Ok(SqliteTx { guard: Some(Arc::new(Mutex::new(conn)).lock_owned().await) })
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let guard = Arc::clone(&self.reader).lock_owned().await;
        blocking(guard, work).await?.1
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let guard = Arc::clone(&self.writer).lock_owned().await;
        let cleaned = move |c: &mut Connection| undo(c).and_then(|()| work(c));
        blocking(guard, cleaned).await?.1
    }
}

/// A transaction that holds the writer. Dropped without commit, it is undone by the next one to write.
#[derive(Debug)]
pub struct SqliteTx {
    guard: Option<OwnedMutexGuard<Connection>>,
}

impl SqliteTx {
    pub(crate) async fn query(&mut self, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
        let (sql, params) = (dialect::translate(sql), params.to_vec());
        self.run(move |c| value::query(c, &sql, &params).map_err(|e| explain("read", e))).await
    }

    pub(crate) async fn execute(&mut self, sql: &str, params: &[Param]) -> Result<u64> {
        let (sql, params) = (dialect::translate(sql), params.to_vec());
        self.run(move |c| value::execute(c, &sql, &params).map_err(|e| explain("write", e))).await
    }

    /// Statements as they stand, not translated.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        self.run(move |c| c.execute_batch(sql).map_err(|e| explain("run a script", e))).await
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        self.run(|c| c.execute_batch("commit").map_err(|e| explain("commit", e))).await
    }

    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let guard = self.guard.take().ok_or_else(|| StoreError::Bug("a transaction was cut off".to_owned()))?;
        let (guard, done) = blocking(guard, work).await?;
        self.guard = Some(guard);
        done
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if let Some(conn) = self.guard.as_mut()
            && let Err(error) = undo(conn)
        {
            tracing::warn!(%error, "a transaction could not be undone at once");
        }
    }
}

/// Statements in one write transaction, undone when one fails.
pub(crate) fn in_transaction<T>(c: &mut Connection, work: impl FnOnce(&mut Connection) -> Result<T>) -> Result<T> {
    begin(c)?;
    let done = work(c);
    end(c, done)
}

/// Commits what was done, or undoes it.
fn end<T>(c: &Connection, done: Result<T>) -> Result<T> {
    let done = done.and_then(|done| {
        word(c, "commit").map_err(|e| explain("commit", e))?;
        Ok(done)
    });
    if done.is_err() {
        undo(c)?;
    }
    done
}

/// A neutral query on this connection.
pub(crate) fn query(c: &Connection, sql: &str, params: &[Param]) -> Result<Vec<Row>> {
    value::query(c, &dialect::translate(sql), params).map_err(|e| explain("read", e))
}

/// A neutral statement inside a transaction of the caller.
pub(crate) fn run(c: &Connection, statement: &Statement) -> Result<u64> {
    value::execute(c, &dialect::translate(&statement.sql), &statement.params).map_err(|e| explain("write", e))
}

/// At once for writing: a read transaction that starts to write later fails without waiting.
fn begin(c: &Connection) -> Result<()> {
    undo(c)?;
    word(c, "begin immediate").map_err(|e| explain("begin a transaction", e))
}

/// A statement without values or rows, read once.
fn word(c: &Connection, sql: &str) -> rusqlite::Result<()> {
    c.prepare_cached(sql)?.execute([]).map(drop)
}

/// Undoes what a caller that was cut off has left open.
fn undo(c: &Connection) -> Result<()> {
    if c.is_autocommit() { Ok(()) } else { c.execute_batch("rollback").map_err(|e| explain("undo", e)) }
}

async fn blocking<T: Send + 'static>(
    mut guard: OwnedMutexGuard<Connection>,
    work: impl FnOnce(&mut Connection) -> T + Send + 'static,
) -> Result<(OwnedMutexGuard<Connection>, T)> {
    let job = tokio::task::spawn_blocking(move || {
        let done = work(&mut guard);
        (guard, done)
    });
    job.await.map_err(|e| StoreError::Bug(format!("a database job ended early: {e}")))
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    use_wal(&conn)?;
    conn.execute_batch(SETTINGS)?;
    // Else a statement with `limit $1` is planned anew each time its values are bound.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    if !has_log(&conn)? {
        conn.execute_batch("pragma synchronous = full")?;
    }
    conn.set_prepared_statement_cache_capacity(256);
    Ok(conn)
}

/// Not on file systems through which processes share no memory.
fn has_log(conn: &Connection) -> rusqlite::Result<bool> {
    conn.pragma_query_value(None, "journal_mode", |row| Ok(row.get_ref(0)?.as_str()? == "wal"))
}

/// A new file's change to WAL needs a lock for which SQLite does not wait, so two first starters would collide.
fn use_wal(conn: &Connection) -> rusqlite::Result<()> {
    let start = Instant::now();
    loop {
        match conn.execute_batch("pragma journal_mode = wal") {
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && start.elapsed() < BUSY => {
                std::thread::sleep(Duration::from_millis(10));
            }
            done => return done,
        }
    }
}

fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => "check that its folder exists and may be written",
        Some(ErrorCode::NotADatabase) => "the file is not a SQLite database; name another",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => "the file or its folder may not be written",
        Some(ErrorCode::DatabaseBusy) => "another process holds it; try again when it has finished",
        _ => "SQLite refused it",
    }
}

/// The driver's error in our words.
pub(crate) fn explain(doing: &str, error: rusqlite::Error) -> StoreError {
    let doing = doing.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { seconds: BUSY.as_secs() },
        Some(ErrorCode::ConstraintViolation) => {
            let text = error.to_string();
            let rule = text.rsplit(": ").next().unwrap_or_default().to_owned();
            StoreError::Constraint { doing, rule, source: error.into() }
        }
        _ => StoreError::Database { doing, source: error.into() },
    }
}
