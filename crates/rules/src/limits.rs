//! What bounds an evaluation. CEL has no endless programs, but short ones that take long: loops within loops over long lists.
//! The crate counts no steps, so the sizes of what goes in are held instead.
//! What `+` makes of long texts and lists between is not held.

/// Bytes of one expression. What is longer nobody can review.
pub(crate) const TEXT: usize = 2_000;

/// Levels of an expression: it is read and evaluated by recursion.
pub(crate) const DEPTH: usize = 64;

/// Loops (`all`, `exists`, `map`, `filter`, …) within each other, or over what another made.
pub(crate) const LOOPS: usize = 2;

/// Values that one evaluation is given: the fields of all objects and payloads that it mentions, lists and maps opened. A
/// notification of a VM with a dozen ports has some three hundred.
pub(crate) const VALUES: usize = 10_000;

/// The same where there are two loops: steps are its square, and nothing stops an evaluation that has begun.
pub(crate) const VALUES_LOOPED: usize = 1_000;

/// Bytes of a text that was put together.
pub(crate) const RENDERED: usize = 64 * 1024;

/// Bytes of a parser's stack: its recursion is checked only after it has ended, its input is short before it begins.
pub(crate) const STACK: usize = 32 * 1024 * 1024;
