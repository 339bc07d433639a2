//! How large the simulated cloud is, and how its services are set up. Data only; knows no rows and no HTTP.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What there is in the cloud. All of it follows from these numbers: the same spec is the same cloud, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudSpec {
    pub seed: u64,
    pub servers: u32,
    /// Projects named `tenant-NN`, next to `admin` and `service`. Each has two networks, a router and three groups.
    pub tenants: u32,
    pub hypervisors: u32,
    pub flavors: u32,
    pub images: u32,
    /// Of 100 servers, how many have a data volume.
    pub data_volumes: u32,
    /// Of 100 servers, how many boot from a volume (their `image` is `""`).
    pub boot_volumes: u32,
    /// Of 100 servers, how many have a second port.
    pub extra_ports: u32,
    /// Of 100 servers, how many have a floating ip.
    pub floating_ips: u32,
    /// Volumes attached to nothing.
    pub free_volumes: u32,
    /// Floating ips attached to nothing.
    pub free_floating_ips: u32,
}

impl Default for CloudSpec {
    fn default() -> Self {
        Self::small()
    }
}

impl CloudSpec {
    /// 25 servers and at least one of everything else: what tests use.
    pub fn small() -> Self {
        Self {
            seed: 1,
            servers: 25,
            tenants: 4,
            hypervisors: 4,
            flavors: 8,
            images: 12,
            data_volumes: 50,
            boot_volumes: 12,
            extra_ports: 12,
            floating_ips: 25,
            free_volumes: 4,
            free_floating_ips: 3,
        }
    }

    /// 120 servers: enough to look like somebody's cloud.
    pub fn demo() -> Self {
        Self {
            servers: 120,
            tenants: 8,
            hypervisors: 6,
            flavors: 16,
            images: 24,
            free_volumes: 10,
            free_floating_ips: 8,
            ..Self::small()
        }
    }

    /// `servers` servers, a data volume and a port each, and everything else in proportion.
    pub fn scale(servers: u32) -> Self {
        Self {
            servers,
            tenants: (servers / 250).clamp(4, 900),
            hypervisors: (servers / 50).clamp(4, 5_000),
            flavors: 40,
            images: (servers / 100).clamp(12, 1_000),
            data_volumes: 100,
            boot_volumes: 5,
            extra_ports: 5,
            floating_ips: 10,
            free_volumes: servers / 50,
            free_floating_ips: servers / 200,
            ..Self::small()
        }
    }

    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

/// A microversion, `2.93` as `(2, 93)`; only the minor number is kept.
pub type Minor = u32;

/// How the services behave, as opposed to what they hold.
#[derive(Clone, Debug)]
pub struct Options {
    pub token_ttl: Duration,
    /// The newest compute microversion, 93 for `2.93`. Old clouds: 1 (kilo), 25 (mitaka), 53 (pike), 79 (train).
    pub compute_max: Minor,
    /// The newest volume microversion, 70 for `3.70`.
    pub volume_max: Minor,
    /// Without heat, orchestration is absent from the catalogue and answers 404.
    pub orchestration: bool,
    /// Whether heat's `global_tenant` is allowed to an admin; many clouds deny it to everybody.
    pub orchestration_global: bool,
    /// The most rows a page of compute, volume or image may hold, whatever `limit` says.
    pub page_max: usize,
    /// The same for network, which by default has no maximum.
    pub network_page_max: Option<usize>,
    /// Let heartbeats of services and agents move with the clock, as real ones do. Off, the same request gives the
    /// same bytes.
    pub heartbeats: bool,
    /// Where a stepping clock begins, in seconds since the epoch; `None` is the machine's own clock.
    pub clock: Option<u64>,
    /// Seconds by which the cloud's clock is ahead of the machine's; negative when it is behind.
    pub ahead: i64,
    /// 0 picks a free port.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token_ttl: Duration::from_hours(1),
            compute_max: 93,
            volume_max: 70,
            orchestration: true,
            orchestration_global: true,
            page_max: 1_000,
            network_page_max: None,
            heartbeats: false,
            clock: None,
            ahead: 0,
            port: 0,
        }
    }
}
