//! RabbitMQ for tests: a real broker from the distribution's programs, in a folder of its own, with its own ports and
//! its own name service. It knows nothing of another broker on the machine.
//!
//! [`shared`] gives the one that all tests of this machine use; each takes names of its own there. [`OwnBroker`] is for those
//! that stop it under their program's feet.

mod files;
mod node;
mod own;
mod shared;

use std::path::PathBuf;

use anyhow::{Context, Result};

pub use own::OwnBroker;

/// May do everything.
pub const USER: &str = "stocktake";
pub const PASSWORD: &str = "stocktake-secret";
/// May have queues whose names begin with `stocktake.`, and bind them to what is there, as the documentation asks for.
pub const READER: &str = "reader";
/// Is known, and may do nothing.
pub const OUTSIDER: &str = "outsider";

/// How to get to a broker. The host is `localhost`, the password of every user [`PASSWORD`].
#[derive(Debug, Clone)]
pub struct Address {
    pub port: u16,
    /// TLS.
    pub tls_port: u16,
    /// The certificate of that port, which is its own authority.
    pub ca_pem: String,
}

/// The broker that all tests share, running.
///
/// # Panics
/// When there is none and none can be started: the test has failed, and the message says what to install.
pub fn shared() -> Address {
    match shared::address() {
        Ok(address) => address,
        Err(e) => panic!("this test needs RabbitMQ: {e:#}"),
    }
}

fn program() -> Result<PathBuf> {
    let given = std::env::var_os("STOCKTAKE_RABBITMQ_BIN").map(PathBuf::from);
    // What stands in /usr/sbin is a wrapper that insists on being root, or the package's own user.
    let usual = ["/usr/lib/rabbitmq/bin", "/usr/local/sbin", "/opt/homebrew/sbin"].map(PathBuf::from);
    let found = given.into_iter().chain(usual).map(|folder| folder.join("rabbitmq-server")).find(|p| p.exists());
    found.context(
        "no RabbitMQ was found: install it (apt-get install rabbitmq-server), or name its folder in STOCKTAKE_RABBITMQ_BIN",
    )
}
