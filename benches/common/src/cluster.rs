//! A PostgreSQL of our own, with durable commits, for as long as the benchmark runs.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

const PORT: u16 = 54329;

pub struct Cluster {
    dir: tempfile::TempDir,
    bin: PathBuf,
    user: Option<String>,
    pub postmaster: u32,
}

impl Cluster {
    /// Starts the newest server of the distribution's packages. As root it runs as user `postgres`.
    pub fn start() -> Result<Self> {
        let bin = newest_bin()?;
        let dir = tempfile::Builder::new().prefix("stocktake-bench-").tempdir()?;
        let user = rustix::process::geteuid().is_root().then(|| "postgres".to_owned());
        if let Some(user) = &user {
            let (uid, gid) = ids(user)?;
            chown(dir.path(), Some(uid), Some(gid))?;
        }
        let mut cluster = Self { dir, bin, user, postmaster: 0 };
        let data = cluster.dir.path().join("data");
        cluster.run("initdb", &["-D", path(&data), "-U", "postgres", "-A", "trust", "--locale=C", "-E", "UTF8"])?;
        let sockets = format!("unix_socket_directories = '{}'\n", cluster.dir.path().display());
        let settings = "listen_addresses = ''\nshared_buffers = 1GB\nmax_wal_size = 16GB\ncheckpoint_timeout = 1h\nautovacuum = off\n\
            wal_compression = lz4\ndefault_toast_compression = lz4\nmax_connections = 100\n";
        let file = data.join("postgresql.conf");
        let mut text = fs::read_to_string(&file)?;
        let port = format!("port = {PORT}\n");
        text.extend([sockets.as_str(), settings, &port]);
        fs::write(&file, text)?;
        cluster.run("pg_ctl", &["-D", path(&data), "-w", "-s", "-l", path(&cluster.dir.path().join("log")), "start"])?;
        let pid = fs::read_to_string(data.join("postmaster.pid"))?;
        cluster.postmaster = pid.lines().next().and_then(|l| l.parse().ok()).context("postmaster.pid holds no number")?;
        Ok(cluster)
    }

    pub fn url(&self, database: &str) -> String {
        let host = self.dir.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{host}:{PORT}/{database}?sslmode=disable")
    }

    pub fn config(&self, database: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(self.dir.path()).port(PORT).user("postgres").dbname(database);
        config
    }

    fn run(&self, program: &str, args: &[&str]) -> Result<()> {
        let program = self.bin.join(program);
        let mut command = match &self.user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(&program);
                command
            }
            None => Command::new(&program),
        };
        let output = command.args(args).current_dir("/").stdin(Stdio::null()).output()?;
        if !output.status.success() {
            bail!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let data = self.dir.path().join("data");
        let _ = self.run("pg_ctl", &["-D", path(&data), "-m", "immediate", "-s", "stop"]);
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap_or_default()
}

fn newest_bin() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").context("no PostgreSQL server here; apt-get install postgresql")?;
    let version = |entry: fs::DirEntry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")));
    let newest = versions.flatten().filter_map(version).filter(|(_, bin)| bin.join("initdb").exists()).max();
    Ok(newest.context("no initdb under /usr/lib/postgresql; apt-get install postgresql")?.1)
}

fn ids(user: &str) -> Result<(u32, u32)> {
    let passwd = fs::read_to_string("/etc/passwd")?;
    let line = passwd.lines().find(|l| l.split(':').next() == Some(user)).with_context(|| format!("no user {user}"))?;
    let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
    Ok((fields.next().context("no uid")??, fields.next().context("no gid")??))
}
