//! Against a real broker: what arrives, what is lost and what is told of it, who is let in.

mod gaps;
mod refusals;
mod support;
mod trusted;
mod waiting;
