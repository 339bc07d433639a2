//! What benchmarks share: a PostgreSQL of their own, and meters. Knows nothing of what is measured.
#![allow(missing_debug_implementations)]

mod cluster;
mod meter;

pub use cluster::Cluster;
pub use meter::{Cost, Meter, cluster_cpu, memory, own_cpu, reset_peak};
