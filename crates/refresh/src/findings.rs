//! What a run or a test shows of a provider's credentials. What that makes of their state is the store's to judge.

use stocktake_model::Listed;
use stocktake_provider::{ConnectError, ErrorKind, ProviderError, TestReport};
use stocktake_store::registry::Finding;

use crate::error::RefreshError;
use crate::report::RunReport;

/// By what went wrong; `why` is shown to people.
pub fn of_kind(kind: ErrorKind, why: String) -> Finding {
    match kind {
        ErrorKind::Unauthorized => Finding::Rejected(why),
        ErrorKind::Configuration => Finding::Incomplete(why),
        ErrorKind::Dns
        | ErrorKind::Connect
        | ErrorKind::Tls
        | ErrorKind::Timeout
        | ErrorKind::Throttled
        | ErrorKind::Server => Finding::NotReached(why),
        // Somebody answered, but not as a sign-in is answered; a proxy or a wrong path does that, and it may pass.
        ErrorKind::Forbidden | ErrorKind::NotFound | ErrorKind::BadAnswer | ErrorKind::NoService => Finding::Broken(why),
    }
}

pub fn of_error(error: &ProviderError) -> Finding {
    of_kind(error.kind, error.to_string())
}

/// The settings do not make a connection.
pub fn of_settings(error: &ConnectError) -> Finding {
    Finding::Incomplete(error.to_string())
}

/// A test names what failed; a failure without a kind came after a sign-in that worked.
pub fn of_test(report: &TestReport) -> Finding {
    let failed = report.checks.iter().find_map(|check| check.kind.map(|kind| (kind, check)));
    match failed {
        Some((kind, check)) => of_kind(kind, format!("{}: {}", check.name, check.message)),
        None => Finding::Works,
    }
}

/// None: the run ended for reasons of its own and shows nothing of the other side.
pub(crate) fn of_run(report: &RunReport, error: Option<&RefreshError>) -> Option<Finding> {
    if let Some(RefreshError::Provider(error)) = error {
        return Some(of_error(error));
    }
    let answered = |listed: &Listed| matches!(listed, Listed::Complete | Listed::Partial { .. });
    if report.listings.iter().any(|listing| answered(&listing.listed)) {
        return Some(Finding::Works);
    }
    // One object that cannot be read says little; a whole cloud of which nothing can be read says something.
    let failed = report.listings.iter().find(|listing| matches!(listing.listed, Listed::Failed { .. }));
    let failed = failed.filter(|_| report.targets.is_empty())?;
    Some(Finding::Broken(format!("nothing could be read; {}: {}", failed.listing, failed.listed.errors().join("; "))))
}

#[cfg(test)]
mod tests {
    use stocktake_model::Target;
    use stocktake_provider::{Check, CheckStatus, ListingReport};

    use super::*;

    fn listing(listed: Listed) -> ListingReport {
        ListingReport { listing: "servers".into(), listed, reach: None, records: 0, pages: 0, millis: 0 }
    }

    fn failed() -> Listed {
        Listed::Failed { error: "503".to_owned() }
    }

    fn of(kind: ErrorKind) -> Finding {
        of_kind(kind, String::new())
    }

    #[test]
    fn only_a_rejection_and_wrong_settings_can_stop_workers() {
        use ErrorKind::{
            BadAnswer, Configuration, Connect, Dns, Forbidden, NoService, NotFound, Server, Throttled, Timeout, Tls,
            Unauthorized,
        };
        assert_eq!(of(Unauthorized), Finding::Rejected(String::new()));
        assert_eq!(of(Configuration), Finding::Incomplete(String::new()));
        for kind in [Dns, Connect, Tls, Timeout, Throttled, Server] {
            assert_eq!(of(kind), Finding::NotReached(String::new()), "{kind:?}");
        }
        for kind in [Forbidden, NotFound, BadAnswer, NoService] {
            assert_eq!(of(kind), Finding::Broken(String::new()), "{kind:?}");
        }
    }

    #[test]
    fn a_run_shows_what_its_listings_show() {
        let run = |listings: Vec<ListingReport>, targets: &[Target]| {
            let mut report = RunReport::new("full", targets);
            report.listings = listings;
            report
        };
        let error = ProviderError {
            kind: ErrorKind::Unauthorized,
            call: "POST identity".to_owned(),
            message: "401".to_owned(),
            hint: None,
        };
        let rejected = RefreshError::Provider(error);
        assert!(matches!(of_run(&run(vec![], &[]), Some(&rejected)), Some(Finding::Rejected(why)) if why.contains("401")));
        let some = run(vec![listing(failed()), listing(Listed::Complete)], &[]);
        assert_eq!(of_run(&some, None), Some(Finding::Works));
        assert_eq!(of_run(&some, Some(&RefreshError::Interrupted)), Some(Finding::Works), "the other side did answer");
        let none = run(vec![listing(failed()), listing(failed())], &[]);
        assert!(matches!(of_run(&none, None), Some(Finding::Broken(why)) if why.contains("servers: 503")));
        let target = Target { collection: "vms".to_owned(), reference: "1".to_owned() };
        assert_eq!(of_run(&run(vec![listing(failed())], &[target]), None), None);
        assert_eq!(of_run(&run(vec![], &[]), Some(&RefreshError::Interrupted)), None);
    }

    #[test]
    fn a_test_is_judged_by_the_sign_in_alone() {
        let check =
            |name: &str, status, kind| Check { name: name.to_owned(), status, message: "words".to_owned(), millis: 1, kind };
        let report = |checks: Vec<Check>| TestReport { checks, access: Vec::new() };
        let ok = || check("keystone", CheckStatus::Ok, None);
        let refused = check("keystone", CheckStatus::Failed, Some(ErrorKind::Unauthorized));
        assert_eq!(of_test(&report(vec![refused])), Finding::Rejected("keystone: words".to_owned()));
        assert_eq!(of_test(&report(vec![ok(), check("service compute", CheckStatus::Failed, None)])), Finding::Works);
        let unknown = check("name resolution", CheckStatus::Failed, Some(ErrorKind::Dns));
        assert_eq!(of_test(&report(vec![unknown])), Finding::NotReached("name resolution: words".to_owned()));
    }
}
