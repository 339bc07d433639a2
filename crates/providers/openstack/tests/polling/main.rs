//! Events of a simulated cloud without a broker: what happens is told, once, whatever goes wrong on the way.

#[path = "../support/mod.rs"]
mod support;

mod listener;
mod resuming;
mod telling;
mod trouble;
