//! What was done to the servers that changed: by whom, in which request. One call a server, so only the newest are asked.

use jiff::Timestamp;
use stocktake_provider::{ErrorKind, ProviderError, RawEvent};

use super::event;
use super::told::Told;
use super::watch::Watch;
use crate::api::{Api, Service, Version};
use crate::parse::decode;

/// Of one server at once. More have seldom been done within a round.
const MOST: usize = 10;

/// Filters and limits came with it; it also tells when an action last moved.
const FILTERS: Version = Version::new(2, 58);

#[derive(Debug)]
pub(super) struct Actions {
    pub(super) watch: &'static Watch,
    pub(super) from: Timestamp,
    /// The one asked next is the last.
    pub(super) servers: Vec<String>,
}

/// The actions of one server, each as its JSON text.
pub(super) type Records = Vec<String>;

impl Actions {
    /// Asks for the last server's. One whose actions are not shown any more has none.
    pub(super) async fn ask(&self, api: &Api) -> Result<Records, ProviderError> {
        let Some(server) = self.servers.last() else { return Ok(Vec::new()) };
        let newest = api.microversion(Service::Compute).await?;
        let filters = newest.is_some_and(|version| version >= FILTERS);
        let from = self.from.strftime("%Y-%m-%dT%H:%M:%SZ");
        let query = if filters { format!("?changes-since={from}&limit={MOST}") } else { String::new() };
        let path = format!("/servers/{server}/os-instance-actions{query}");
        let body = match api.get(Service::Compute, &path).await {
            Err(e) if e.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            answer => answer?.body,
        };
        let wrong = |e: decode::Shape| {
            let call = "GET compute /servers/{id}/os-instance-actions".to_owned();
            ProviderError { kind: ErrorKind::BadAnswer, call, message: e.to_string(), hint: None }
        };
        let text = decode::text(&body).map_err(wrong)?;
        let records = decode::records(text, "instanceActions").map_err(wrong)?.take(MOST);
        records.map(|record| record.map(str::to_owned).map_err(wrong)).collect()
    }

    /// Tells of those that are new, the oldest first. Whether any server is left.
    pub(super) fn read(&mut self, records: &Records, told: &mut Told, out: &mut impl FnMut(RawEvent)) -> bool {
        let Some(server) = self.servers.pop() else { return false };
        for record in records.iter().rev() {
            if event::moved(record).is_some_and(|at| at < self.from.as_microsecond()) {
                continue;
            }
            let event = event::of_action(self.watch, &server, record);
            event.filter(|event| told.is_news(&event.key)).into_iter().for_each(&mut *out);
        }
        !self.servers.is_empty()
    }
}
