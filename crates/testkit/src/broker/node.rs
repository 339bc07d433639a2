//! Starting and stopping a broker in a folder. Its processes are a group of their own: RabbitMQ, and the name service that
//! Erlang wants.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::files::{self, Ports};
use super::{Address, program};

/// `$1` the port of the name service, `$2` the broker.
const START: &str = r#"epmd -address 127.0.0.1 -port "$1" & exec "$2""#;

/// Starts the broker whose folder this is, a new one or one that was stopped, and waits until it answers.
pub(super) fn start(folder: &Path) -> Result<Address> {
    let ports = if let Some(ports) = Ports::read(folder) {
        ports
    } else {
        let ports = Ports::free()?;
        fs::create_dir_all(folder.join("home"))?;
        files::write(folder, ports)?;
        ports
    };
    let log = File::options().create(true).append(true).open(folder.join("log"))?;
    let mut command = Command::new("sh");
    command.args(["-c", START, "broker"]).arg(ports.names.to_string()).arg(program()?).current_dir("/").process_group(0);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // Nothing of another broker's settings.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RABBITMQ_") || name.to_string_lossy().starts_with("ERL_") {
            command.env_remove(name);
        }
    }
    let path = |name: &str| folder.join(name).into_os_string();
    const FRUGAL: &str = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none";
    command
        .env("HOME", path("home"))
        .env("RABBITMQ_CONF_ENV_FILE", path("env.conf"))
        .env("RABBITMQ_CONFIG_FILE", path("rabbitmq"))
        .env("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins"))
        .env("RABBITMQ_MNESIA_BASE", path("data"))
        .env("RABBITMQ_LOG_BASE", path("logs"))
        .env("RABBITMQ_NODENAME", "stocktake@localhost")
        .env("RABBITMQ_DIST_PORT", ports.distribution.to_string())
        .env("ERL_EPMD_PORT", ports.names.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", format!("-kernel inet_dist_use_interface {{127,0,0,1}} {FRUGAL}"))
        .env_remove("NOTIFY_SOCKET");
    let mut child = command.spawn().context("start RabbitMQ")?;
    // Before the number: one without the other is not believed.
    fs::write(folder.join("started"), started(child.id()).context("when RabbitMQ was started")?)?;
    fs::write(folder.join("pid"), child.id().to_string())?;
    // It opens its ports when all else is done, its users among it.
    const PATIENCE: Duration = Duration::from_mins(2);
    let begun = Instant::now();
    while !answers(ports) {
        if let Some(status) = child.try_wait()? {
            bail!("RabbitMQ ended ({status}) instead of starting: {}", last_words(folder));
        }
        if begun.elapsed() > PATIENCE {
            stop(folder)?;
            bail!("RabbitMQ did not start within {PATIENCE:?}: {}", last_words(folder));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    // Somebody must take note of its end, or it stays as a zombie.
    std::thread::spawn(move || child.wait());
    ports.address(folder)
}

/// The address, if the broker of this folder runs.
pub(super) fn running(folder: &Path) -> Option<Address> {
    let ports = Ports::read(folder).filter(|ports| answers(*ports))?;
    ports.address(folder).ok()
}

/// When a process was started, in the kernel's ticks since the machine's. Distinguishes it from a later one with its number.
fn started(pid: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything, also brackets.
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(19).map(str::to_owned)
}

/// The process that was started in this folder, if it is still that one.
fn own(folder: &Path) -> Option<u32> {
    let pid = fs::read_to_string(folder.join("pid")).ok()?.trim().parse().ok()?;
    let noted = fs::read_to_string(folder.join("started")).ok()?;
    started(pid).filter(|now| *now == noted.trim()).map(|_| pid)
}

/// At once, as a crash would: connections are cut, what is not durable is gone. A number left by an earlier boot may be a
/// stranger's, which is let be.
pub(super) fn stop(folder: &Path) -> Result<()> {
    let Some(pid) = own(folder) else { return Ok(()) };
    let group = format!("-{pid}");
    let signal = |name: &str| Command::new("kill").args([name, "--", &group]).stderr(Stdio::null()).status();
    signal("-KILL").context("stop RabbitMQ")?;
    fs::remove_file(folder.join("pid"))?;
    let Some(ports) = Ports::read(folder) else { return Ok(()) };
    let begun = Instant::now();
    while answers(ports) || signal("-0").is_ok_and(|status| status.success()) {
        if begun.elapsed() > Duration::from_secs(20) {
            bail!("RabbitMQ does not end");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn answers(ports: Ports) -> bool {
    let open = |port| {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        TcpStream::connect_timeout(&address, Duration::from_millis(500)).is_ok()
    };
    open(ports.amqp) && open(ports.tls)
}

fn last_words(folder: &Path) -> String {
    let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
    let lines: Vec<_> = log.lines().rev().take(20).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_somebody_elses_by_now_is_not_killed() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut stranger = Command::new("sleep").arg("60").process_group(0).spawn().expect("a process");
        let noted = started(stranger.id()).expect("its start");
        fs::write(folder.path().join("pid"), stranger.id().to_string()).expect("noted");
        assert_eq!(own(folder.path()), None, "a number alone");
        fs::write(folder.path().join("started"), format!("{noted}0")).expect("noted");
        stop(folder.path()).expect("nothing to stop");
        assert_eq!(stranger.try_wait().expect("its state"), None, "another start");

        fs::write(folder.path().join("started"), noted).expect("noted");
        assert_eq!(own(folder.path()), Some(stranger.id()));
        stranger.kill().and_then(|()| stranger.wait()).expect("its end");
    }
}
