//! Checks as they are made, each with its time.

use std::time::Instant;

use stocktake_provider::{Access, Check, CheckStatus, ErrorKind, ProviderError, TestReport};

#[derive(Debug, Default)]
pub(super) struct Report(TestReport);

/// What a check found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) status: CheckStatus,
    pub(super) message: String,
    /// What kept it from signing in.
    pub(super) kind: Option<ErrorKind>,
}

impl Found {
    pub(super) fn new(status: CheckStatus, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), kind: None }
    }

    pub(super) fn ok(message: impl Into<String>) -> Self {
        Self::new(CheckStatus::Ok, message)
    }

    /// Where the sign-in worked before.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self::new(CheckStatus::Failed, message)
    }

    /// Where nobody is signed in yet.
    pub(super) fn shut_out(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind: Some(kind), ..Self::failed(message) }
    }
}

impl From<ProviderError> for Found {
    fn from(error: ProviderError) -> Self {
        Self::shut_out(error.kind, error.to_string())
    }
}

impl Report {
    /// Makes a check; something comes back when it did not fail.
    pub(super) async fn check(&mut self, name: &str, check: impl Future<Output = Result<Found, Found>>) -> Option<()> {
        let begun = Instant::now();
        let found = check.await.unwrap_or_else(|found| found);
        let passed = found.status != CheckStatus::Failed;
        self.add_timed(name, found, begun);
        passed.then_some(())
    }

    pub(super) fn add(&mut self, name: &str, found: Found) {
        self.add_timed(name, found, Instant::now());
    }

    pub(super) fn add_timed(&mut self, name: &str, found: Found, begun: Instant) {
        let millis = begun.elapsed().as_millis() as u64;
        let Found { status, message, kind } = found;
        self.0.checks.push(Check { name: name.to_owned(), status, message, millis, kind });
    }

    /// Checks that cannot be made since an earlier one failed.
    pub(super) fn skip(&mut self, names: &[&str]) {
        let failed = self.0.checks.iter().find(|c| c.status == CheckStatus::Failed);
        let why = failed.map_or_else(String::new, |c| format!("not tried: {} failed", c.name));
        for name in names {
            self.add(name, Found::new(CheckStatus::Skipped, why.clone()));
        }
    }

    pub(super) fn access(&mut self, access: Vec<Access>) {
        self.0.access = access;
    }

    pub(super) fn failed(&self) -> bool {
        !self.0.passed()
    }

    pub(super) fn done(self) -> TestReport {
        self.0
    }
}
