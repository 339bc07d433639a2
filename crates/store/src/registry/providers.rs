//! Registered providers.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::credentials::standing;
use super::standing::Standing;
use super::vault::{self, Vault};
use super::{RegistryError, Result};
use crate::db::{ProviderId, Row};
use crate::error::StoreError;
use crate::params;
use crate::query::nearest;
use crate::store::Store;

/// What was last heard of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderStatus {
    /// Nobody has asked yet.
    New,
    Ok,
    /// The last run or test saw only a part.
    Partial,
    Failed,
    /// Its inventory is being deleted.
    Removing,
}

impl ProviderStatus {
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Removing => "removing",
        }
    }

    fn parse(text: &str) -> Self {
        let all = [Self::Ok, Self::Partial, Self::Failed, Self::Removing];
        all.into_iter().find(|s| s.name() == text).unwrap_or(Self::New)
    }
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct ProviderRecord {
    pub id: ProviderId,
    pub name: String,
    /// The word of its provider type: `openstack`.
    #[serde(rename = "type")]
    pub kind: String,
    pub enabled: bool,
    pub zone: String,
    /// In the clear; secrets are apart.
    pub settings: BTreeMap<String, String>,
    /// Names of the secrets that are stored.
    pub secrets: Vec<String>,
    pub status: ProviderStatus,
    pub status_message: Option<String>,
    /// When the last run that saved something ended, in microseconds since 1970.
    #[serde(serialize_with = "super::moment::maybe")]
    pub last_refresh_on: Option<i64>,
    #[serde(serialize_with = "super::moment::one")]
    pub created_on: i64,
    #[serde(serialize_with = "super::moment::one")]
    pub updated_on: i64,
    /// Raised by each change that workers must notice: settings, secrets, zone, pausing and resuming.
    pub generation: i64,
    /// When it is refreshed without being asked: an interval, a cron expression, off; none: as the settings say.
    pub refresh_schedule: Option<String>,
    /// How its events come: `amqp`, `polling`; none: not at all.
    pub event_source: Option<String>,
    /// Whether it can be signed in to, as far as is known.
    pub credentials: Standing,
    /// Since when the credentials are in that state.
    #[serde(serialize_with = "super::moment::one")]
    pub credentials_since: i64,
}

#[derive(Debug)]
pub struct NewProvider {
    pub name: String,
    pub kind: String,
    pub zone: String,
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
    /// How its events come, as its type says of these settings.
    pub event_source: Option<String>,
}

const COLUMNS: &str = "id, name, type, enabled, zone, settings, status, status_message, last_refresh_on, created_on, updated_on, generation, \
     refresh_schedule, credential_since, credential_state, credential_message, credential_failures, event_source";

pub async fn add(store: &Store, vault: &Vault, new: NewProvider) -> Result<ProviderRecord> {
    check_name(&new.name)?;
    let keys = if new.secrets.is_empty() { None } else { Some(vault.keys(store).await?) };
    let mut tx = store.begin().await?;
    let sql = "insert into providers (name, type, zone, settings, event_source) values ($1, $2, $3, $4, $5) \
               on conflict (name) do nothing returning id";
    let settings = json(&new.settings)?;
    let inserted = tx.query_opt(sql, &params![&new.name, new.kind, new.zone, settings, new.event_source]).await?;
    let id: ProviderId = inserted.ok_or_else(|| RegistryError::NameTaken { name: new.name.clone() })?.get(0)?;
    if let Some(keys) = keys {
        for (field, secret) in &new.secrets {
            let statement = Vault::store_statement(&keys, id, field, secret)?;
            tx.execute(&statement.sql, &statement.params).await?;
        }
    }
    tx.commit().await?;
    get(store, id).await
}

/// In the order of their names.
pub async fn list(store: &Store) -> Result<Vec<ProviderRecord>> {
    let rows = store.query(&format!("select {COLUMNS} from providers order by name"), &[]).await?;
    let mut records = Vec::with_capacity(rows.len());
    for row in &rows {
        records.push(record(store, row).await?);
    }
    Ok(records)
}

pub async fn get(store: &Store, id: ProviderId) -> Result<ProviderRecord> {
    let row = store.query_opt(&format!("select {COLUMNS} from providers where id = $1"), &params![id]).await?;
    record(store, &row.ok_or(StoreError::UnknownProvider { provider: id })?).await
}

/// By name.
pub async fn find(store: &Store, name: &str) -> Result<ProviderRecord> {
    let row = store.query_opt(&format!("select {COLUMNS} from providers where name = $1"), &params![name]).await?;
    match row {
        Some(row) => record(store, &row).await,
        None => Err(unknown(store, name).await?),
    }
}

async fn unknown(store: &Store, name: &str) -> Result<RegistryError> {
    let rows = store.query("select name from providers order by name limit 20", &[]).await?;
    let names = rows.iter().map(|row| row.get::<String>(0)).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let known = match (nearest(name, &names), names.is_empty()) {
        (_, true) => "none is registered yet; `stocktake provider add` registers one".to_owned(),
        (Some(near), _) => format!("did you mean '{near}'?"),
        (None, _) => format!("there are {}", names.join(", ")),
    };
    Ok(RegistryError::NoProvider { name: name.to_owned(), known })
}

async fn record(store: &Store, row: &Row) -> Result<ProviderRecord> {
    let id: ProviderId = row.get(0)?;
    Ok(ProviderRecord {
        id,
        name: row.get(1)?,
        kind: row.get(2)?,
        enabled: row.get(3)?,
        zone: row.get(4)?,
        settings: parse_settings(id, &row.get::<String>(5)?)?,
        secrets: vault::fields(store, id).await?,
        status: ProviderStatus::parse(&row.get::<String>(6)?),
        status_message: row.get(7)?,
        last_refresh_on: row.get(8)?,
        created_on: row.get(9)?,
        updated_on: row.get(10)?,
        generation: row.get(11)?,
        refresh_schedule: row.get(12)?,
        credentials_since: row.get(13)?,
        credentials: standing(row, 14)?,
        event_source: row.get(17)?,
    })
}

/// A name is written on command lines, in filters and in addresses.
pub(super) fn check_name(name: &str) -> Result<()> {
    let bad = |why| Err(RegistryError::BadName { name: name.to_owned(), why });
    match name {
        "" => bad("it is empty"),
        _ if name.len() > 100 => bad("it is longer than 100 characters"),
        _ if name.starts_with('-') => bad("it begins with '-'"),
        _ if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) => Ok(()),
        _ => bad("use letters, digits, '-', '_' and '.'"),
    }
}

pub(super) fn parse_settings(id: ProviderId, text: &str) -> Result<BTreeMap<String, String>> {
    let parsed = serde_json::from_str(text);
    Ok(parsed.map_err(|e| StoreError::Bug(format!("the settings of provider {id} cannot be read: {e}")))?)
}

pub(super) fn json(settings: &BTreeMap<String, String>) -> Result<String> {
    Ok(serde_json::to_string(settings).map_err(|e| StoreError::Bug(e.to_string()))?)
}
