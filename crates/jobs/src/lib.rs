//! What there is to do, one file a job kind and one visible list; and which kinds of workers do it.
//!
//! A job is a serialisable struct with its kind, lane and priority. It runs anywhere: it is given the database, the provider
//! types and its own claim, and says how it ended. Knows no process and starts none.

pub mod lanes;
pub mod rules;
pub mod workers;

mod context;
mod handling;
mod job;
mod kinds;
mod list;
mod menu;
mod named;

pub use context::{Context, house_settings};
pub use handling::routes;
pub use job::{Job, new_job};
pub use kinds::{
    CheckCredentials, HandleEvents, Purge, RefreshLater, RefreshProvider, RemoveProvider, RunCommand, SendWebhook,
};
pub use list::{ALL, Jobs, KindOfJob};
pub use menu::menu_of;
pub use named::Unreadable;
