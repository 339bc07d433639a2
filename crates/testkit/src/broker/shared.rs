//! One broker for all tests of this machine. Every test runs in its own process; the first one starts the broker, the others
//! find it.
//!
//! Each process holds a shared lock on the file `users` until it ends. A watchdog looks at it from time to time and, when
//! nobody was there for some minutes, stops the broker and removes its data.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};

use super::{Address, node};

/// `$1` the folder. Stops the broker after five looks at which nobody used it, and only the process that was started: its
/// number alone may be a stranger's by now. Its start time is the 22nd field, the 20th after the name in brackets.
/// `kill -KILL --` is not understood by every shell.
const WATCHDOG: &str = r#"
cd "$1" || exit; unused=0
while [ -e data/pid ] && [ "$unused" -lt 5 ]; do
    sleep 60
    if flock --nonblock users true; then unused=$((unused + 1)); else unused=0; fi
done
exec 9>lock; flock 9
flock --nonblock users true || exit
pid=$(cat data/pid) && started=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 20)
[ -n "$started" ] && [ "$started" = "$(cat data/started)" ] && kill -s KILL -- "-$pid"
rm -rf data
"#;

pub(super) fn address() -> Result<Address> {
    static BROKER: OnceLock<(Address, File)> = OnceLock::new();
    if let Some((address, _)) = BROKER.get() {
        return Ok(address.clone());
    }
    let (address, user) = start()?;
    Ok(BROKER.get_or_init(|| (address, user)).0.clone())
}

fn start() -> Result<(Address, File)> {
    let folder = folder()?;
    let lock = open(&folder.join("lock"))?;
    lock.lock().context("wait for the other tests")?;
    let users = open(&folder.join("users"))?;
    let data = folder.join("data");
    let address = if let Some(address) = node::running(&data) {
        address
    } else {
        // Left behind by a crash: whatever still runs there is of no use.
        let _ = node::stop(&data);
        if data.exists() {
            std::fs::remove_dir_all(&data).with_context(|| format!("remove {}", data.display()))?;
        }
        std::fs::create_dir_all(&data)?;
        let address = node::start(&data)?;
        watch(&folder)?;
        address
    };
    users.lock_shared().context("say that the broker is used")?;
    Ok((address, users))
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).open(path).with_context(|| format!("open {}", path.display()))
}

fn folder() -> Result<PathBuf> {
    let me = std::fs::metadata("/proc/self").map_or(0, |m| m.uid());
    let folder = std::env::temp_dir().join(format!("stocktake-test-rabbitmq-{me}"));
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let owner = std::fs::metadata(&folder)?.uid();
    ensure!(owner == me, "{} belongs to another user", folder.display());
    Ok(folder)
}

fn watch(folder: &Path) -> Result<()> {
    let mut watchdog = Command::new("setsid");
    watchdog.args(["sh", "-c", WATCHDOG, "watchdog"]).arg(folder).current_dir("/");
    watchdog.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    watchdog.spawn().map(drop).context("start the watchdog")
}
