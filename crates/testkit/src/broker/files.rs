//! What a broker reads when it starts, written into its folder.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Address, OUTSIDER, PASSWORD, READER, USER};

/// Ports that were free a moment ago.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) amqp: u16,
    pub(super) tls: u16,
    pub(super) distribution: u16,
    pub(super) names: u16,
}

impl Ports {
    pub(super) fn free() -> Result<Self> {
        // All at once, so that none is given twice.
        let held: Vec<_> = (0..4).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<_, _>>()?;
        let ports: Vec<_> = held.iter().map(|l| l.local_addr().map(|a| a.port())).collect::<Result<_, _>>()?;
        Ok(Self { amqp: ports[0], tls: ports[1], distribution: ports[2], names: ports[3] })
    }

    pub(super) fn write(self, folder: &Path) -> Result<()> {
        let text = format!("{} {} {} {}", self.amqp, self.tls, self.distribution, self.names);
        fs::write(folder.join("ports"), text).context("write the broker's ports")
    }

    pub(super) fn read(folder: &Path) -> Option<Self> {
        let text = fs::read_to_string(folder.join("ports")).ok()?;
        let ports: Vec<u16> = text.split(' ').filter_map(|port| port.parse().ok()).collect();
        let [amqp, tls, distribution, names] = ports[..] else { return None };
        Some(Self { amqp, tls, distribution, names })
    }

    pub(super) fn address(self, folder: &Path) -> Result<Address> {
        let ca_pem = fs::read_to_string(folder.join("cert.pem")).context("read the broker's certificate")?;
        Ok(Address { port: self.amqp, tls_port: self.tls, ca_pem })
    }
}

/// Settings, users and a certificate.
pub(super) fn write(folder: &Path, ports: Ports) -> Result<()> {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).context("make a certificate")?;
    let shown = folder.display();
    let settings = format!(
        "listeners.tcp.1 = 127.0.0.1:{}\nlisteners.ssl.1 = 127.0.0.1:{}\n\
         ssl_options.cacertfile = {shown}/cert.pem\nssl_options.certfile = {shown}/cert.pem\n\
         ssl_options.keyfile = {shown}/key.pem\nssl_options.verify = verify_none\n\
         load_definitions = {shown}/definitions.json\nlog.console = true\nlog.console.level = warning\nlog.file = false\n\
         vm_memory_high_watermark.absolute = 512MB\ndisk_free_limit.absolute = 50MB\n",
        ports.amqp, ports.tls
    );
    for (name, text) in [
        ("cert.pem", certified.cert.pem()),
        ("key.pem", certified.signing_key.serialize_pem()),
        ("rabbitmq.conf", settings),
        ("enabled_plugins", "[].\n".to_owned()),
        ("env.conf", String::new()),
        ("definitions.json", definitions()),
    ] {
        fs::write(folder.join(name), text).with_context(|| format!("write the broker's {name}"))?;
    }
    ports.write(folder)
}

fn definitions() -> String {
    let user = |name: &str| format!(r#"{{"name": "{name}", "password": "{PASSWORD}", "tags": ""}}"#);
    let rights = |name: &str, configure: &str, write: &str, read: &str| {
        format!(r#"{{"user": "{name}", "vhost": "/", "configure": "{configure}", "write": "{write}", "read": "{read}"}}"#)
    };
    let own = r"^stocktake\\.";
    format!(
        r#"{{"vhosts": [{{"name": "/"}}], "users": [{}, {}, {}], "permissions": [{}, {}]}}"#,
        user(USER),
        user(READER),
        user(OUTSIDER),
        rights(USER, ".*", ".*", ".*"),
        rights(READER, own, own, ".*"),
    )
}
