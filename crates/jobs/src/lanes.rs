//! Lanes that are no provider's own.

/// Small things: seconds.
pub const GENERIC: &str = "generic";
/// What rules lead to outside: as slow as other people's programs.
pub const ACTIONS: &str = "actions";
/// Long things, at most one at a time: removals, purges.
pub const BULK: &str = "bulk";
