//! Registered providers.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::vault::{self, Vault};
use super::{RegistryError, Result};
use crate::db::{ProviderId, Row, Statement};
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
}

#[derive(Debug)]
pub struct NewProvider {
    pub name: String,
    pub kind: String,
    pub zone: String,
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
}

/// What to change; what is not named stays.
#[derive(Debug, Default)]
pub struct ProviderChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub zone: Option<String>,
    /// `None` as a value removes the setting.
    pub settings: BTreeMap<String, Option<String>>,
    pub secrets: BTreeMap<String, Option<SecretString>>,
}

const COLUMNS: &str =
    "id, name, type, enabled, zone, settings, status, status_message, last_refresh_on, created_on, updated_on";

pub async fn add(store: &Store, vault: &Vault, new: NewProvider) -> Result<ProviderRecord> {
    check_name(&new.name)?;
    let keys = if new.secrets.is_empty() { None } else { Some(vault.keys(store).await?) };
    let mut tx = store.begin().await?;
    let sql = "insert into providers (name, type, zone, settings) values ($1, $2, $3, $4) \
               on conflict (name) do nothing returning id";
    let settings = json(&new.settings)?;
    let inserted = tx.query_opt(sql, &params![&new.name, new.kind, new.zone, settings]).await?;
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

pub async fn change(store: &Store, vault: &Vault, id: ProviderId, change: ProviderChange) -> Result<ProviderRecord> {
    let stores_secrets = change.secrets.values().any(Option::is_some);
    let keys = if stores_secrets { Some(vault.keys(store).await?) } else { None };
    let before = get(store, id).await?;
    let name = change.name.unwrap_or(before.name);
    check_name(&name)?;
    let mut settings = before.settings;
    for (field, value) in change.settings {
        match value {
            Some(value) => settings.insert(field, value),
            None => settings.remove(&field),
        };
    }
    let (enabled, zone) = (change.enabled.unwrap_or(before.enabled), change.zone.unwrap_or(before.zone));
    let mut tx = store.begin().await?;
    let taken = tx.query_opt("select 1 from providers where name = $1 and id <> $2", &params![&name, id]).await?;
    if taken.is_some() {
        return Err(RegistryError::NameTaken { name });
    }
    let sql = "update providers set name = $1, enabled = $2, zone = $3, settings = $4, updated_on = now() where id = $5";
    tx.execute(sql, &params![&name, enabled, zone, json(&settings)?, id]).await?;
    for (field, secret) in &change.secrets {
        let statement = if let (Some(secret), Some(keys)) = (secret, &keys) {
            Vault::store_statement(keys, id, field, secret)?
        } else {
            Statement::new("delete from credentials where provider_id = $1 and field = $2", params![id, field])
        };
        tx.execute(&statement.sql, &statement.params).await?;
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

pub async fn set_status(store: &Store, id: ProviderId, status: ProviderStatus, message: Option<&str>) -> Result<()> {
    let sql = "update providers set status = $1, status_message = $2 where id = $3";
    store.execute(sql, &params![status.name(), message, id]).await?;
    Ok(())
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
    let settings: String = row.get(5)?;
    let settings = serde_json::from_str(&settings)
        .map_err(|e| StoreError::Bug(format!("the settings of provider {id} cannot be read: {e}")))?;
    Ok(ProviderRecord {
        id,
        name: row.get(1)?,
        kind: row.get(2)?,
        enabled: row.get(3)?,
        zone: row.get(4)?,
        settings,
        secrets: vault::fields(store, id).await?,
        status: ProviderStatus::parse(&row.get::<String>(6)?),
        status_message: row.get(7)?,
        last_refresh_on: row.get(8)?,
        created_on: row.get(9)?,
        updated_on: row.get(10)?,
    })
}

/// A name is written on command lines, in filters and in addresses.
fn check_name(name: &str) -> Result<()> {
    let bad = |why| Err(RegistryError::BadName { name: name.to_owned(), why });
    match name {
        "" => bad("it is empty"),
        _ if name.len() > 100 => bad("it is longer than 100 characters"),
        _ if name.starts_with('-') => bad("it begins with '-'"),
        _ if name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) => Ok(()),
        _ => bad("use letters, digits, '-', '_' and '.'"),
    }
}

fn json(settings: &BTreeMap<String, String>) -> Result<String> {
    Ok(serde_json::to_string(settings).map_err(|e| StoreError::Bug(e.to_string()))?)
}
