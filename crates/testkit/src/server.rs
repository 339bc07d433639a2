//! One PostgreSQL server for all tests of this machine, from the distribution's programs, listening on a socket in a
//! folder of its own. Every test runs in its own process; the first one starts the server, the others find it.
//!
//! Each process holds a shared lock on the file `users` until it ends. A watchdog looks at it from time to time and, when
//! nobody was there for some minutes, stops the server and removes its data.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};

/// Speed instead of safety: the data is worth nothing.
const SETTINGS: &str = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses= \
    -c max_connections=400 -c shared_buffers=128MB -c max_wal_size=2GB -c autovacuum=off";

/// `$1` the server's folder, `$2` the command that stops it. Stops after five looks at an unused server.
const WATCHDOG: &str = r#"
cd "$1" || exit; unused=0
while [ -e data/postmaster.pid ] && [ "$unused" -lt 5 ]; do
    sleep 60
    if flock --nonblock users true; then unused=$((unused + 1)); else unused=0; fi
done
exec 9>lock; flock 9
flock --nonblock users true && { eval "$2"; rm -rf data; }
"#;

/// Where tests may create databases.
pub(crate) fn url() -> Result<String> {
    static SERVER: OnceLock<(String, Option<File>)> = OnceLock::new();
    if let Ok(url) = std::env::var("STOCKTAKE_TEST_PG") {
        return Ok(url);
    }
    if let Some((url, _)) = SERVER.get() {
        return Ok(url.clone());
    }
    let (url, user) = start()?;
    Ok(SERVER.get_or_init(|| (url, Some(user))).0.clone())
}

/// The address, and the lock that says this process uses the server.
fn start() -> Result<(String, File)> {
    let bin = programs()?;
    let folder = folder()?;
    let lock = open(&folder.join("lock"))?;
    lock.lock().context("wait for the other tests")?;
    let users = open(&folder.join("users"))?;
    if !runs(&bin, &folder) {
        initialise(&bin, &folder)?;
    }
    users.lock_shared().context("say that the server is used")?;
    // Other databases than `postgres` are made from template1, which nobody may be connected to.
    Ok((format!("postgres:///postgres?host={}&user=stocktake", folder.display()), users))
}

fn open(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true).open(path).with_context(|| format!("open {}", path.display()))
}

/// In the system's folder for temporary files: the path of a socket must be short, and the server's own user must reach it.
fn folder() -> Result<PathBuf> {
    let me = std::fs::metadata("/proc/self").map_or(0, |m| m.uid());
    let folder = std::env::temp_dir().join(format!("stocktake-test-pg-{me}"));
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    let owner = std::fs::metadata(&folder)?.uid();
    ensure!(owner == me, "{} belongs to another user", folder.display());
    Ok(folder)
}

pub(crate) fn programs() -> Result<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    if let Ok(bin) = std::env::var("STOCKTAKE_PG_BIN") {
        found.push(bin.into());
    }
    for root in ["/usr/lib/postgresql", "/usr/local/lib/postgresql", "/opt/homebrew/opt"] {
        let versions = std::fs::read_dir(root).into_iter().flatten().flatten().map(|e| e.path().join("bin"));
        let mut versions: Vec<_> = versions.filter(|bin| bin.join("initdb").exists()).collect();
        versions.sort_by_key(|bin| std::cmp::Reverse(version(bin)));
        found.extend(versions);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path));
    let has_server = |bin: &PathBuf| bin.join("initdb").exists() && bin.join("pg_ctl").exists();
    found.into_iter().find(has_server).context(
        "no PostgreSQL server was found: install one (apt-get install postgresql), \
         or name one in STOCKTAKE_TEST_PG=postgres://user:password@host/postgres",
    )
}

fn version(bin: &Path) -> u32 {
    let digits = bin.to_string_lossy().chars().filter(char::is_ascii_digit).collect::<String>();
    digits.parse().unwrap_or(0)
}

fn runs(bin: &Path, folder: &Path) -> bool {
    let ready = Command::new(bin.join("pg_isready")).arg("-q").arg("-h").arg(folder).status();
    folder.join("data/postmaster.pid").exists() && ready.is_ok_and(|status| status.success())
}

fn initialise(bin: &Path, folder: &Path) -> Result<()> {
    let data = folder.join("data");
    if data.exists() {
        // Left behind by a crash: whatever still runs there is of no use.
        let _ = run(&stop_command(bin, &data)?);
        std::fs::remove_dir_all(&data).with_context(|| format!("remove {}", data.display()))?;
    }
    std::fs::create_dir_all(&data)?;
    if let Some(user) = other_user()? {
        run(&["chown".to_owned(), user, data.display().to_string()])?;
    }
    let path = |name: &str| bin.join(name).display().to_string();
    let (data_text, log) = (data.display().to_string(), data.join("log").display().to_string());
    let initdb = ["-D", &data_text, "-U", "stocktake", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    run(&as_server_user(&path("initdb"), &initdb)?)?;
    // The socket's folder must be the server's to write.
    let settings = format!("{SETTINGS} -c unix_socket_directories={data_text}");
    let start = ["-D", &data_text, "-l", &log, "-w", "-t", "60", "-o", &settings, "start"];
    run(&as_server_user(&path("pg_ctl"), &start)?)?;
    let socket = folder.join(".s.PGSQL.5432");
    let _ = std::fs::remove_file(&socket);
    std::os::unix::fs::symlink(data.join(".s.PGSQL.5432"), socket)?;
    watch(bin, folder)
}

fn watch(bin: &Path, folder: &Path) -> Result<()> {
    let stop = stop_command(bin, &folder.join("data"))?.join(" ");
    let mut watchdog = Command::new("setsid");
    watchdog.args(["sh", "-c", WATCHDOG, "watchdog"]).arg(folder).arg(stop).current_dir("/");
    watchdog.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    watchdog.spawn().map(drop).context("start the watchdog")
}

fn stop_command(bin: &Path, data: &Path) -> Result<Vec<String>> {
    let data = data.display().to_string();
    as_server_user(&bin.join("pg_ctl").display().to_string(), &["-D", &data, "-m", "immediate", "-w", "stop"])
}

/// The server refuses to run as root.
pub(crate) fn other_user() -> Result<Option<String>> {
    if std::fs::metadata("/proc/self").map_or(1, |m| m.uid()) != 0 {
        return Ok(None);
    }
    let known = |user: &&&str| Command::new("id").arg(user).output().is_ok_and(|o| o.status.success());
    match ["postgres", "nobody"].iter().find(known) {
        Some(user) => Ok(Some((*user).to_owned())),
        None => bail!("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as"),
    }
}

pub(crate) fn as_server_user(program: &str, args: &[&str]) -> Result<Vec<String>> {
    let user = other_user()?;
    let change: &[&str] = match &user {
        Some(user) => &["runuser", "-u", user, "--"],
        None => &[],
    };
    Ok(change.iter().chain(&[program]).chain(args).map(|&s| s.to_owned()).collect())
}

pub(crate) fn run(command: &[String]) -> Result<()> {
    let (program, args) = command.split_first().context("an empty command")?;
    let shown = command.join(" ");
    // Output goes to a file: a server that inherits a pipe keeps it open for ever.
    let mut log = tempfile::tempfile()?;
    let mut command = Command::new(program);
    command.args(args).current_dir("/").stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
    let status = command.status().with_context(|| format!("run {shown}"))?;
    if !status.success() {
        let mut said = String::new();
        std::io::Seek::rewind(&mut log)?;
        std::io::Read::read_to_string(&mut log, &mut said)?;
        bail!("{shown} failed ({status}): {}", said.trim());
    }
    Ok(())
}
