//! The ways a cloud misbehaves, and when.
//!
//! Each fault imitates something seen in the field; its doc says what. A rule says to which requests it happens. What a
//! fault does to a reply is in `spoil`; here is only which and when.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::wire::Service;

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A 401 for a valid token: it expired early, or the service's token cache lost it. The token goes on being valid
    /// for other requests.
    #[serde(rename = "unauthorized_401")]
    Unauthorized401,
    /// Every token is revoked as the request arrives: a keystone whose keys were rotated. Logging in again works.
    TokensRevoked,
    /// A 403: a policy changed, or the role was taken away while the collection went on.
    #[serde(rename = "forbidden_403")]
    Forbidden403,
    /// A 404 for what exists: an endpoint that moved, a service that was unregistered.
    #[serde(rename = "not_found_404")]
    NotFound404,
    /// A 429 by a rate limit in front of the API, with or without `Retry-After` in seconds.
    #[serde(rename = "too_many_429")]
    TooMany429 { retry_after: Option<u32> },
    /// A 5xx: 500 is the service's own, in JSON; 502, 503 and 504 come from the proxy in front of it, in HTML.
    ServerError(u16),
    /// An answer that takes this many milliseconds longer: a database under load.
    Slow(u64),
    /// No answer at all while the connection stays open: a worker that is stuck.
    Hang,
    /// A body that ends early.
    TruncatedBody(Cut),
    /// A page without rows although there are some, with or without a link to the next: a service that filters after
    /// paging, or one that lost its cell.
    EmptyPage { next_link: bool },
    /// 200 and no body at all: a proxy that gave up on its upstream.
    EmptyBody,
    /// A next link that leads to the same page again and again: seen with markers that a sort order cannot find.
    RepeatedMarker,
    /// The second half of a page repeats the first, so some rows are missing and others come twice: paging by offset
    /// over a list that moves.
    ShrunkPage,
    /// A record or a page of another shape than promised: a plugin, a proxy, an unmigrated row.
    WrongTypes(Malformed),
    /// 200 with an HTML page: a login portal or a maintenance page.
    HtmlBody,
    /// The connection is reset instead of answered: a restarted service, a firewall.
    ConnectionReset,
    /// The same record twice on one page: a row that moved while the page was read.
    DuplicateRecord,
}

/// How a body ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// Less is sent than `Content-Length` promised, then the connection closes: a worker that was killed.
    Connection,
    /// HTTP is in order, the JSON stops in the middle: a buggy proxy.
    Json,
}

/// What is wrong with a record or a page. Records are spoiled in the middle of the page, so that paging goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// A number (or a boolean, where there is no number) is a string.
    StringForNumber,
    /// The name is a number.
    NumberForString,
    /// The record has no id.
    MissingId,
    /// The record's id is the empty string.
    BlankId,
    /// The record's id is null.
    NullId,
    /// The record is null.
    NullRecord,
    /// The record is a string.
    TextRecord,
    /// The page is the bare list, not an object that holds it.
    ArrayPage,
    /// The page's list is null.
    NullList,
    /// The page has no list.
    MissingList,
}

impl Malformed {
    pub const ALL: [Self; 10] = [
        Self::StringForNumber,
        Self::NumberForString,
        Self::MissingId,
        Self::BlankId,
        Self::NullId,
        Self::NullRecord,
        Self::TextRecord,
        Self::ArrayPage,
        Self::NullList,
        Self::MissingList,
    ];
}

impl Fault {
    /// Every fault there is, with every variation that makes a difference: the rows of the fault matrix.
    pub fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Unauthorized401,
            Self::TokensRevoked,
            Self::Forbidden403,
            Self::NotFound404,
            Self::TooMany429 { retry_after: Some(1) },
            Self::TooMany429 { retry_after: None },
            Self::ServerError(500),
            Self::ServerError(502),
            Self::ServerError(503),
            Self::Slow(200),
            Self::Hang,
            Self::TruncatedBody(Cut::Connection),
            Self::TruncatedBody(Cut::Json),
            Self::EmptyPage { next_link: false },
            Self::EmptyPage { next_link: true },
            Self::EmptyBody,
            Self::RepeatedMarker,
            Self::ShrunkPage,
            Self::HtmlBody,
            Self::ConnectionReset,
            Self::DuplicateRecord,
        ];
        all.extend(Malformed::ALL.map(Self::WrongTypes));
        all
    }

    /// A name for test output: `too_many_429_retry_after`, `wrong_types_missing_id`.
    pub fn name(&self) -> String {
        let plain = match self {
            Self::Unauthorized401 => "unauthorized_401",
            Self::TokensRevoked => "tokens_revoked",
            Self::Forbidden403 => "forbidden_403",
            Self::NotFound404 => "not_found_404",
            Self::TooMany429 { retry_after: Some(_) } => "too_many_429_retry_after",
            Self::TooMany429 { retry_after: None } => "too_many_429",
            Self::ServerError(status) => return format!("server_error_{status}"),
            Self::Slow(_) => "slow",
            Self::Hang => "hang",
            Self::TruncatedBody(Cut::Connection) => "truncated_body_connection",
            Self::TruncatedBody(Cut::Json) => "truncated_body_json",
            Self::EmptyPage { next_link: true } => "empty_page_with_next",
            Self::EmptyPage { next_link: false } => "empty_page",
            Self::EmptyBody => "empty_body",
            Self::RepeatedMarker => "repeated_marker",
            Self::ShrunkPage => "shrunk_page",
            Self::WrongTypes(Malformed::StringForNumber) => "wrong_types_string_for_number",
            Self::WrongTypes(Malformed::NumberForString) => "wrong_types_number_for_string",
            Self::WrongTypes(Malformed::MissingId) => "wrong_types_missing_id",
            Self::WrongTypes(Malformed::BlankId) => "wrong_types_blank_id",
            Self::WrongTypes(Malformed::NullId) => "wrong_types_null_id",
            Self::WrongTypes(Malformed::NullRecord) => "wrong_types_null_record",
            Self::WrongTypes(Malformed::TextRecord) => "wrong_types_text_record",
            Self::WrongTypes(Malformed::ArrayPage) => "wrong_types_array_page",
            Self::WrongTypes(Malformed::NullList) => "wrong_types_null_list",
            Self::WrongTypes(Malformed::MissingList) => "wrong_types_missing_list",
            Self::HtmlBody => "html_body",
            Self::ConnectionReset => "connection_reset",
            Self::DuplicateRecord => "duplicate_record",
        };
        plain.to_owned()
    }
}

/// A fault, and the requests it happens to. Made by [`FaultRule::new`], narrowed by the methods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRule {
    pub fault: Fault,
    /// Only requests to this service.
    #[serde(default)]
    pub service: Option<Service>,
    /// Only requests whose path, after the service's version and project, begins so: `/servers/detail`, `/ports`.
    #[serde(default)]
    pub path: Option<String>,
    /// This many matching requests are answered well first.
    #[serde(default)]
    pub after: u32,
    /// How often it happens; for ever when `None`.
    #[serde(default)]
    pub times: Option<u32>,
}

impl FaultRule {
    /// Happens to every request, always.
    pub fn new(fault: Fault) -> Self {
        Self { fault, service: None, path: None, after: 0, times: None }
    }

    pub fn service(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    pub fn path(mut self, prefix: &str) -> Self {
        self.path = Some(prefix.to_owned());
        self
    }

    pub fn after(mut self, requests: u32) -> Self {
        self.after = requests;
        self
    }

    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, service: Service, path: &str) -> bool {
        self.service.is_none_or(|s| s == service) && self.path.as_ref().is_none_or(|p| path.starts_with(p.as_str()))
    }
}

/// A rule in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActiveFault {
    pub id: u64,
    pub rule: FaultRule,
    /// Requests that matched, struck or not.
    pub seen: u32,
    pub struck: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<(u64, Vec<ActiveFault>)>);

impl Faults {
    fn with<T>(&self, look: impl FnOnce(&mut (u64, Vec<ActiveFault>)) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn add(&self, rule: FaultRule) -> u64 {
        self.with(|(last, active)| {
            *last += 1;
            active.push(ActiveFault { id: *last, rule, seen: 0, struck: 0 });
            *last
        })
    }

    pub(crate) fn remove(&self, id: u64) -> bool {
        self.with(|(_, active)| {
            let before = active.len();
            active.retain(|a| a.id != id);
            active.len() < before
        })
    }

    pub(crate) fn clear(&self) {
        self.with(|(_, active)| active.clear());
    }

    pub(crate) fn list(&self) -> Vec<ActiveFault> {
        self.with(|(_, active)| active.clone())
    }

    /// Counts a request against every rule and tells which fault, if any, happens to it: the oldest one that is due.
    pub(crate) fn strike(&self, service: Service, path: &str) -> Option<Fault> {
        self.with(|(_, active)| {
            let mut struck = None;
            for fault in active.iter_mut().filter(|a| a.rule.matches(service, path)) {
                fault.seen += 1;
                let due = fault.seen > fault.rule.after && fault.rule.times.is_none_or(|t| fault.struck < t);
                if due && struck.is_none() {
                    fault.struck += 1;
                    struck = Some(fault.rule.fault);
                }
            }
            struck
        })
    }
}
