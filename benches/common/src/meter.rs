//! Processor time, memory and write-ahead log: of this process and of a PostgreSQL cluster.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Processor time of this process.
pub fn own_cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

/// Processor time of a process and its living children, to the nanosecond where the kernel keeps it.
pub fn cluster_cpu(postmaster: u32) -> Duration {
    let children = std::fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap_or_default();
    let pids = children.split_whitespace().filter_map(|pid| pid.parse().ok()).chain([postmaster]);
    pids.map(cpu_of).sum()
}

fn cpu_of(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap_or_default();
    let nanos = stat.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or(0);
    Duration::from_nanos(nanos)
}

/// Highest and current resident memory of this process, MiB.
pub fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok()).unwrap_or(0) / 1024
    };
    (field("VmHWM:"), field("VmRSS:"))
}

/// Forgets the highest memory so far.
pub fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// What one case cost.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    pub client: Duration,
    pub server: Duration,
    pub wall: Duration,
    /// Bytes of write-ahead log.
    pub wal: u64,
    /// Peak resident memory above what it was at the start, MiB.
    pub memory: u64,
}

impl Cost {
    pub fn cpu(&self) -> f64 {
        (self.client + self.server).as_secs_f64()
    }
}

/// Starts a measurement; WAL is added by whoever can ask for it.
#[derive(Debug)]
pub struct Meter {
    postmaster: Option<u32>,
    client: Duration,
    server: Duration,
    start: Instant,
    memory: u64,
}

impl Meter {
    pub fn start(postmaster: Option<u32>) -> Self {
        reset_peak();
        Self {
            postmaster,
            client: own_cpu(),
            server: postmaster.map(cluster_cpu).unwrap_or_default(),
            memory: memory().1,
            start: Instant::now(),
        }
    }

    pub fn stop(self) -> Cost {
        Cost {
            client: own_cpu().saturating_sub(self.client),
            server: self.postmaster.map(cluster_cpu).unwrap_or_default().saturating_sub(self.server),
            wall: self.start.elapsed(),
            wal: 0,
            memory: memory().0.saturating_sub(self.memory),
        }
    }
}
