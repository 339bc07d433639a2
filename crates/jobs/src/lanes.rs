//! Lanes that are no provider's own.

/// Small things: seconds.
pub const GENERIC: &str = "generic";
/// Long things, at most one at a time: removals, purges.
pub const BULK: &str = "bulk";
