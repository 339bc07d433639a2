//! When SQLite's log is carried into the database's file. SQLite would do it in the commit that finds the log long enough, on
//! whatever thread that is, and copying and syncing there would hold up everything else the caller's thread does. So it is done
//! in such a commit only on a thread that may block; after small work it is left to one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use tokio::sync::Mutex;

/// Pages of the log (4 KiB each), as SQLite has it by itself. Reset, the log is used again from its start, so it grows beyond
/// only while somebody reads what is older.
const LONG: i32 = 1_000;

/// What the writer's connection knows of its log.
#[derive(Debug)]
pub(super) struct Checkpoints {
    pages: AtomicI32,
    /// At so many it is tried again.
    next: AtomicI32,
    /// Whether the writer is used on a thread that must not wait for the disk.
    here: AtomicBool,
    /// Whether one is on its way.
    begun: AtomicBool,
}

impl Checkpoints {
    /// Takes them over from SQLite.
    pub(super) fn of(writer: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let this = Arc::new(Self {
            pages: AtomicI32::new(0),
            next: AtomicI32::new(LONG),
            here: AtomicBool::new(false),
            begun: AtomicBool::new(false),
        });
        let known = Arc::clone(&this);
        writer.wal_hook(Some(move |log: &mut Wal, pages| {
            known.pages.store(pages, Ordering::Relaxed);
            if pages < LONG {
                known.next.store(LONG, Ordering::Relaxed);
            } else if known.is_due() && !known.here.load(Ordering::Relaxed) {
                known.tried();
                // The commit holds all the same: another may be at it, and the next long commit tries again.
                if let Err(error) = log.checkpoint() {
                    tracing::debug!(%error, "the log stays as it is");
                }
            }
            Ok(())
        }))?;
        Ok(this)
    }

    /// Work on the caller's own thread.
    pub(super) fn not_here<T>(&self, work: impl FnOnce() -> T) -> T {
        self.here.store(true, Ordering::Relaxed);
        let done = work();
        self.here.store(false, Ordering::Relaxed);
        done
    }

    /// Leaves what small work has put off to a thread that may block. Others wait for the writer meanwhile, without holding
    /// up their threads: beside writers the log would never be carried over whole, and never begin anew.
    pub(super) fn catch_up(self: &Arc<Self>, writer: &Arc<Mutex<Connection>>) {
        if !self.is_due() || self.begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let (this, writer) = (Arc::clone(self), Arc::clone(writer));
        tokio::spawn(async move {
            let writer = writer.lock_owned().await;
            this.tried();
            let over = Arc::clone(&this);
            let carried = tokio::task::spawn_blocking(move || {
                let done = writer.query_row("pragma wal_checkpoint(passive)", [], |_| Ok(()));
                drop(writer);
                done
            });
            if let Ok(Err(error)) = carried.await {
                tracing::debug!(%error, "the log stays as it is");
            }
            over.begun.store(false, Ordering::Relaxed);
        });
    }

    fn is_due(&self) -> bool {
        self.pages.load(Ordering::Relaxed) >= self.next.load(Ordering::Relaxed)
    }

    fn tried(&self) {
        self.next.store(self.pages.load(Ordering::Relaxed).saturating_add(LONG), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::super::{Sqlite, explain};

    #[tokio::test]
    async fn small_work_leaves_the_log_to_a_thread_that_may_block() {
        const LARGE: u64 = 8 << 20;
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("log.db");
        let sqlite = Sqlite::open(path.clone()).await.expect("it opens");
        let put = |sql: &'static str| {
            let sqlite = &sqlite;
            async move {
                let work = |c: &mut rusqlite::Connection| c.execute_batch(sql).map_err(|e| explain("write", e));
                assert_eq!(sqlite.small_write(work).await.expect("it is written"), Some(()));
            }
        };
        let size = || std::fs::metadata(&path).expect("the file").len();
        put("create table t (b); insert into t values (zeroblob(8 << 20))").await;
        // This test has one thread, and has not given it away since.
        assert!(size() < LARGE, "nothing was carried over here");
        let start = Instant::now();
        while size() < LARGE {
            assert!(start.elapsed() < Duration::from_secs(30), "nor anywhere else");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        put("insert into t values (1)").await;
        let pages = sqlite.checkpoints.pages.load(super::Ordering::Relaxed);
        assert!(pages < 10, "the log begins anew: {pages}");
        // On a thread that may block it is done at once.
        let long = |c: &mut rusqlite::Connection| {
            c.execute_batch("insert into t values (zeroblob(8 << 20))").map_err(|e| explain("write", e))
        };
        sqlite.write(long).await.expect("it is written");
        assert!(size() >= 2 * LARGE);
    }
}
