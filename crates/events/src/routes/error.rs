//! What is wrong with routes, where, and what was probably meant.

use std::fmt;

/// One thing that is wrong in a table of routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteProblem {
    /// The file, or whose routes they are.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for RouteProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, line {}: {}", self.file, self.line, self.what)
    }
}

/// All that is wrong, so that it can be corrected in one go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", listed(.0))]
pub struct RoutesError(pub Vec<RouteProblem>);

fn listed(problems: &[RouteProblem]) -> String {
    match problems {
        [only] => only.to_string(),
        many => {
            let lines: Vec<_> = many.iter().map(ToString::to_string).collect();
            format!("{} mistakes in the routes of events:\n  {}", many.len(), lines.join("\n  "))
        }
    }
}
