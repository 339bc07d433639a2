//! What an installation can be told: one file and the environment, read into one tree with a struct for each component.
//!
//! A setting stands in one place, `tree.rs`: its type, default, limits, help, and whether it can change while the program
//! runs. The file's errors, `stocktake doctor --settings` and `docs/settings.md` all come from there. Knows no component:
//! nothing here opens a database, reads a clock or starts anything. What a provider is connected with is not here; that is
//! kept in the database with the provider.

mod diff;
mod effective;
mod environment;
mod error;
mod file;
mod key;
mod load;
mod plain;
pub mod reference;
mod rules;
mod schedule;
mod section;
mod tree;
mod values;

pub use diff::{Change, diff};
pub use effective::Effective;
pub use error::{Place, Problem, SettingsError, did_you_mean, line_of, listed};
pub use key::{Key, Reload};
pub use load::{Given, Inputs, Loaded, load};
pub use plain::Plain;
pub use schedule::{BadSchedule, Schedule};
pub use tree::{Credentials, Database, Events, Log, Memory, Queue, Refresh, Runs, Server, Settings, Traces, Workers};
pub use values::{Address, ByteSize, Collector, Headers, Listen, LogFormat, Role, Roles, parse_duration, show_duration};
