//! What `provider test` finds.

use serde::Serialize;

use crate::error::ErrorKind;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Ok,
    Warning,
    Failed,
    /// An earlier check failed, so this one could not be made.
    Skipped,
}

/// One step of the test, in the order they were made: `name resolution`, `connection`, `tls`, `keystone`, `scope`,
/// `service compute`, …
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub name: String,
    pub status: CheckStatus,
    /// What was found, or what failed and what to do.
    pub message: String,
    pub millis: u64,
    /// What kind of failure kept it from signing in; none where the sign-in worked, whatever failed behind it.
    pub kind: Option<ErrorKind>,
}

/// Whether the credential can read a collection.
#[derive(Debug, Clone, Serialize)]
pub struct Access {
    pub collection: String,
    pub readable: bool,
    /// The system does not have it, so nothing is missed by not reading it.
    pub absent: bool,
    /// `all projects`, `own project only`.
    pub reach: Option<String>,
    /// The role it would need.
    pub needs: Option<String>,
    pub message: Option<String>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct TestReport {
    pub checks: Vec<Check>,
    pub access: Vec<Access>,
}

impl TestReport {
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|c| c.status != CheckStatus::Failed)
    }
}
