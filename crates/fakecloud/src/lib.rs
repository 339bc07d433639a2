//! A deterministic, simulated OpenStack that speaks HTTP, of any size, with churn and faults on demand.
//!
//! Rows are generated when they are asked for, from the seed and the index, so fifty thousand servers cost no memory;
//! only changes are kept. It is what the demo, the tests, the fault matrix and the benches talk to.
//!
//! It must not know Stocktake: no model, no provider, no client. Its only measure is what real services answered
//! (`tests/recorded`). Read `ids`, `world` and `page` first: identity, relations and listings are all arithmetic there.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use stocktake_fakecloud::{CloudSpec, FakeCloud};
//! let cloud = FakeCloud::start(CloudSpec::small()).await?;
//! println!("{}", cloud.auth_url()); // admin / secret, project admin, domain Default
//! # Ok(())
//! # }
//! ```

mod auth;
mod churn;
mod clock;
mod control;
mod control_http;
mod fault;
mod ids;
mod json;
mod overlay;
mod page;
mod requests;
mod rows;
mod server;
mod services;
mod shell;
mod socket;
mod spec;
mod spoil;
mod wire;
mod world;

pub use auth::{APPLICATION_SECRET, PASSWORD};
pub use churn::Churned;
pub use control::{Control, ControlError, NewServer, NewVolume, Object};
pub use fault::{ActiveFault, Cut, Fault, FaultRule, Malformed};
pub use ids::Kind;
pub use overlay::Status;
pub use requests::Requests;
pub use server::{Builder, FakeCloud, serve};
pub use spec::{CloudSpec, Minor, Options};
pub use wire::Service;
