//! What is wrong with routes, where, and what was probably meant.

use stocktake_settings::{Problem, listed};

/// All that is wrong, so that it can be corrected in one go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0, "mistakes in the routes of events"))]
pub struct RoutesError(pub Vec<Problem>);
