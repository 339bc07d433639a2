//! A broker of a test's own, which it may stop and start under its program's feet.

use anyhow::{Context, Result};

use super::{Address, node};

/// Stopped and removed when dropped.
#[derive(Debug)]
pub struct OwnBroker {
    folder: tempfile::TempDir,
    address: Address,
}

impl OwnBroker {
    /// Runs.
    ///
    /// # Panics
    /// When there is none and none can be started: the test has failed, and the message says what to install.
    pub fn new() -> Self {
        match Self::started() {
            Ok(broker) => broker,
            Err(e) => panic!("this test needs RabbitMQ: {e:#}"),
        }
    }

    fn started() -> Result<Self> {
        let folder = tempfile::tempdir().context("a folder for a broker's data")?;
        let address = node::start(folder.path())?;
        Ok(Self { folder, address })
    }

    /// The same after each start.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// As a crash would: connections are cut, what is not durable is gone.
    ///
    /// # Panics
    /// When it cannot be stopped: the test has failed.
    pub fn crash(&self) {
        node::stop(self.folder.path()).expect("stop the test's own broker");
    }

    /// # Panics
    /// When it cannot be started: the test has failed.
    pub fn start(&self) {
        node::start(self.folder.path()).expect("start the test's own broker");
    }
}

impl Default for OwnBroker {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for OwnBroker {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = node::stop(self.folder.path());
    }
}
