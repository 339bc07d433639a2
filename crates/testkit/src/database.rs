//! A database of a test's own, with the newest schema and nothing in it, gone when the test ends.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use stocktake_store::Store;
use tokio_postgres::{Client, NoTls};

use crate::server;

/// An address for [`Store::open`], and whatever must live as long as the database.
#[derive(Debug)]
pub struct TestDatabase {
    pub url: String,
    keep: Keep,
}

#[derive(Debug)]
enum Keep {
    Folder { _folder: tempfile::TempDir },
    Database { admin: String, name: String },
}

impl TestDatabase {
    /// Another of the same kind without any table.
    ///
    /// # Panics
    /// When it cannot be made: the test has failed.
    pub async fn empty(&self) -> Self {
        match &self.keep {
            Keep::Folder { .. } => sqlite_file(),
            Keep::Database { .. } => create("template1").await.expect("an empty database"),
        }
    }

    /// Opens it.
    ///
    /// # Panics
    /// When it cannot be opened: the test has failed.
    pub async fn store(&self) -> Store {
        Store::open(&self.url).await.unwrap_or_else(|e| panic!("open {}: {e}: {e:?}", self.url))
    }
}

/// A SQLite file.
///
/// # Panics
/// When it cannot be made: the test has failed.
pub async fn sqlite() -> TestDatabase {
    let database = sqlite_file();
    database.store().await.migrate().await.expect("migrate a new database");
    database
}

fn sqlite_file() -> TestDatabase {
    let folder = tempfile::tempdir().expect("a folder for a test's database");
    let url = format!("sqlite:{}", folder.path().join("inventory.db").display());
    TestDatabase { url, keep: Keep::Folder { _folder: folder } }
}

/// A PostgreSQL database: on the server `STOCKTAKE_TEST_PG` names (as a user who may create databases), else on one that
/// is started from the distribution's programs and shared by all tests of this machine.
///
/// # Panics
/// When there is no server and none can be started: the test has failed, and the message says what to install.
pub async fn postgres() -> TestDatabase {
    match migrated().await {
        Ok(database) => database,
        Err(e) => panic!("this test needs PostgreSQL: {e:#}"),
    }
}

async fn migrated() -> Result<TestDatabase> {
    let admin = server::url()?;
    create(&template(&connect(&admin).await?, &admin).await?).await
}

async fn create(template: &str) -> Result<TestDatabase> {
    let admin = server::url()?;
    let client = connect(&admin).await?;
    let name = format!("stocktake_test_{}_{}", std::process::id(), serial());
    // Copied as files: quicker than through the log when nothing is flushed.
    let create = format!("create database {name} template {template} strategy file_copy");
    client.batch_execute(&create).await.context("create a database")?;
    Ok(TestDatabase { url: with_name(&admin, &name), keep: Keep::Database { admin, name } })
}

/// A migrated database to copy, made by the first who needs it.
async fn template(client: &Client, admin: &str) -> Result<String> {
    const MAKERS: i64 = 0x7465_7374;
    let name = format!("stocktake_template_{:016x}", stocktake_store::schema_fingerprint());
    let exists = "select 1 from pg_database where datname = $1";
    if client.query_opt(exists, &[&name]).await?.is_none() {
        client.execute("select pg_advisory_lock($1)", &[&MAKERS]).await?;
        if client.query_opt(exists, &[&name]).await?.is_none() {
            let draft = format!("{name}_draft");
            client.batch_execute(&format!("drop database if exists {draft} with (force)")).await?;
            client.batch_execute(&format!("create database {draft}")).await?;
            Store::open(&with_name(admin, &draft)).await?.migrate().await?;
            // The connection just closed may linger for a moment, and a database in use cannot be renamed.
            let end = "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1";
            client.execute(end, &[&draft]).await?;
            let rename = format!("alter database {draft} rename to {name}");
            let mut renamed = client.batch_execute(&rename).await;
            for _ in 0..50 {
                if renamed.is_ok() {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                renamed = client.batch_execute(&rename).await;
            }
            renamed.context("keep the migrated database")?;
        }
        client.execute("select pg_advisory_unlock($1)", &[&MAKERS]).await?;
    }
    Ok(name)
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.with_context(|| format!("connect to {url}"))?;
    tokio::spawn(connection);
    Ok(client)
}

fn serial() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.subsec_nanos());
    format!("{}_{nanos}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The same server's other database.
fn with_name(url: &str, name: &str) -> String {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let host_end = base.find("://").map_or(0, |at| at + 3);
    let path = base[host_end..].find('/').map_or(base.len(), |at| host_end + at);
    format!("{}/{name}?{query}", &base[..path])
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Keep::Database { admin, name } = &self.keep else { return };
        let (admin, name) = (admin.clone(), name.clone());
        // Drop cannot wait for a future; a failure leaves a database that goes with its server.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let client = connect(&admin).await.ok()?;
                client.batch_execute(&format!("drop database if exists {name} with (force)")).await.ok()
            })
        });
        let _ = dropped.join();
    }
}

#[cfg(test)]
mod tests {
    use super::with_name;

    #[test]
    fn another_database_of_the_same_server() {
        assert_eq!(with_name("postgres://u:p@h:1/x?sslmode=disable", "y"), "postgres://u:p@h:1/y?sslmode=disable");
        assert_eq!(with_name("postgres:///x?host=/tmp", "y"), "postgres:///y?host=/tmp");
        assert_eq!(with_name("postgres://h", "y"), "postgres://h/y?");
    }
}
