//! A small pool: connections are opened on demand, kept when idle, and thrown away when a transaction was left open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::{Client, Error, Statement};

use super::connect::{self, Use};
use crate::error::{Result, StoreError};
use crate::location::PostgresLocation;

const MAX_CONNECTIONS: usize = 8;
/// Statements a connection remembers. Those of the saver are few hundred; ad-hoc queries must not grow it for ever.
const MAX_STATEMENTS: usize = 512;

#[derive(Debug)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    location: PostgresLocation,
    idle: Mutex<Vec<Conn>>,
    slots: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(location: PostgresLocation) -> Self {
        let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        Self { shared: Arc::new(Shared { location, idle: Mutex::default(), slots }) }
    }

    pub(super) fn place(&self) -> &str {
        &self.shared.location.place
    }

    pub(super) fn location(&self) -> &PostgresLocation {
        &self.shared.location
    }

    pub(super) async fn get(&self, for_use: Use) -> Result<Pooled> {
        let slot = Arc::clone(&self.shared.slots).acquire_owned().await;
        let slot = slot.map_err(|e| StoreError::Bug(format!("the connection pool is closed: {e}")))?;
        if let Some(conn) = self.idle(for_use) {
            return Ok(self.lend(conn, slot));
        }
        let client = connect::connect(&self.shared.location, for_use).await?;
        let conn = Conn { client, for_use, place: self.place().into(), statements: Mutex::default() };
        Ok(self.lend(conn, slot))
    }

    fn idle(&self, for_use: Use) -> Option<Conn> {
        let mut idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|conn| !conn.client.is_closed());
        let at = idle.iter().rposition(|conn| conn.for_use == for_use)?;
        Some(idle.remove(at))
    }

    fn lend(&self, conn: Conn, slot: OwnedSemaphorePermit) -> Pooled {
        Pooled { conn: Some(conn), open: false, shared: Arc::clone(&self.shared), _slot: slot }
    }
}

/// A connection on loan.
#[derive(Debug)]
pub(crate) struct Pooled {
    conn: Option<Conn>,
    open: bool,
    shared: Arc<Shared>,
    _slot: OwnedSemaphorePermit,
}

impl Pooled {
    /// From here on the connection is not reused unless [`Self::close_transaction`] is reached.
    pub(crate) fn open_transaction(&mut self) {
        self.open = true;
    }

    pub(crate) fn close_transaction(&mut self) {
        self.open = false;
    }
}

impl std::ops::Deref for Pooled {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        self.conn.as_ref().expect("taken only by drop")
    }
}

impl Drop for Pooled {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        if !self.open && !conn.client.is_closed() {
            self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}

/// A connection with the statements prepared on it.
#[derive(Debug)]
pub(crate) struct Conn {
    client: Client,
    for_use: Use,
    place: Box<str>,
    statements: Mutex<HashMap<Box<str>, Statement>>,
}

impl Conn {
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn knows(&self, sql: &str) -> bool {
        self.statements.lock().unwrap_or_else(PoisonError::into_inner).contains_key(sql)
    }

    pub(crate) async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        let known = || self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(statement) = known().get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        let mut known = known();
        if known.len() >= MAX_STATEMENTS {
            known.clear();
        }
        known.insert(sql.into(), statement.clone());
        Ok(statement)
    }
}
