//! What jobs are given: the database, the queue, the secrets, the settings, and the provider types there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anyhow::Context as _;
use stocktake_provider::{Configuration, EventSource, Provider, ProviderType, Traffic};
use stocktake_queue::Queue;
use stocktake_settings::Settings;
use stocktake_store::registry::{ProviderRecord, Vault};
use stocktake_store::{ProviderId, Store};

use crate::handling::Handling;

/// By provider, with the generation of the settings it was connected with.
type Connected = BTreeMap<ProviderId, (Settled, Arc<dyn Provider>)>;

/// When a provider was registered, and the generation of its settings: an id may be given again after a removal.
type Settled = (i64, i64);

#[derive(Debug)]
pub struct Context {
    pub store: Store,
    pub queue: Queue,
    pub vault: Vault,
    pub settings: Settings,
    pub types: Vec<Arc<dyn ProviderType>>,
    connected: Mutex<Connected>,
    pub(crate) handling: Handling,
    webhooks: OnceLock<stocktake_http::Client>,
}

impl Context {
    pub fn new(store: Store, queue: Queue, vault: Vault, settings: Settings, types: Vec<Arc<dyn ProviderType>>) -> Self {
        Self {
            store,
            queue,
            vault,
            settings,
            types,
            connected: Mutex::default(),
            handling: Handling::default(),
            webhooks: OnceLock::new(),
        }
    }

    pub fn provider_type(&self, record: &ProviderRecord) -> anyhow::Result<&Arc<dyn ProviderType>> {
        let found = self.types.iter().find(|known| known.name() == record.kind);
        found.with_context(|| format!("this program knows no provider type '{}'", record.kind))
    }

    /// The provider, ready to talk. Kept from job to job, and with it its session, until its settings change.
    pub async fn connect(&self, record: &ProviderRecord) -> anyhow::Result<Arc<dyn Provider>> {
        let settled = (record.created_on, record.generation);
        if let Some((known, provider)) = self.lock().get(&record.id)
            && *known == settled
        {
            return Ok(Arc::clone(provider));
        }
        let (kind, configuration) = self.configuration(record).await?;
        let provider = kind.connect(&configuration, Traffic::Live).with_context(|| amiss(record))?;
        self.lock().insert(record.id, (settled, Arc::clone(&provider)));
        Ok(provider)
    }

    /// Where the provider tells what happens in it. None: nowhere, by its settings.
    pub async fn event_source(&self, record: &ProviderRecord) -> anyhow::Result<Option<Arc<dyn EventSource>>> {
        let (kind, configuration) = self.configuration(record).await?;
        kind.event_source(&configuration).with_context(|| amiss(record))
    }

    /// Its type, and all that its type is told.
    async fn configuration(&self, record: &ProviderRecord) -> anyhow::Result<(&Arc<dyn ProviderType>, Configuration)> {
        let secrets = self.vault.secrets(&self.store, record.id).await?;
        let mut configuration = Configuration { settings: record.settings.clone(), secrets };
        let kind = self.provider_type(record)?;
        house_settings(&self.settings, kind.as_ref(), &mut configuration);
        Ok((kind, configuration))
    }

    /// The client that tells others. Made when it is first needed: few installations have rules.
    pub(crate) fn webhooks(&self) -> anyhow::Result<&stocktake_http::Client> {
        if let Some(client) = self.webhooks.get() {
            return Ok(client);
        }
        let options = stocktake_http::Options { redirects: false, ..stocktake_http::Options::default() };
        let client = stocktake_http::client(&options).context("webhooks cannot be sent")?;
        Ok(self.webhooks.get_or_init(|| client))
    }

    fn lock(&self) -> MutexGuard<'_, Connected> {
        self.connected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn amiss(record: &ProviderRecord) -> String {
    format!("the settings of {} do not do; correct them with `stocktake provider edit {}`", record.name, record.name)
}

/// What the settings of the house say about a provider whose own do not, where its kind can be told.
pub fn house_settings(settings: &Settings, kind: &dyn ProviderType, configuration: &mut Configuration) {
    const IN_FLIGHT: &str = "in_flight";
    if kind.form().fields.iter().any(|field| field.name == IN_FLIGHT) {
        let requests = settings.refresh.requests_in_flight.to_string();
        configuration.settings.entry(IN_FLIGHT.to_owned()).or_insert(requests);
    }
}

/// An error with all its causes, a line each.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut lines: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if lines.last().is_none_or(|last| !last.contains(&cause)) {
            lines.push(cause);
        }
    }
    lines.join("\n")
}
