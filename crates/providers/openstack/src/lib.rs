//! OpenStack as a provider: signs in to Keystone, lists Nova, Neutron, Glance, Cinder and Heat, and turns their answers
//! into rows of the cloud menu.
//!
//! Knows no database and no other provider.

pub mod api;
mod collect;
pub mod config;
mod events;
mod menu;
mod parse;
mod provider;
mod test;

pub use provider::OpenStack;
