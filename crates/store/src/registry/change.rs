//! Changes to a registered provider. What workers must notice raises its generation: they compare it with the one they
//! started with.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::providers::{self, ProviderRecord, ProviderStatus};
use super::vault::Vault;
use super::{RegistryError, Result};
use crate::db::{ProviderId, Statement};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

/// What to change; what is not named stays.
#[derive(Debug, Default)]
pub struct ProviderChange {
    pub name: Option<String>,
    pub enabled: Option<bool>,
    pub zone: Option<String>,
    /// `None` as a value removes the setting.
    pub settings: BTreeMap<String, Option<String>>,
    pub secrets: BTreeMap<String, Option<SecretString>>,
    /// How its events come with what is changed here, or that they do not. By itself it raises nothing: whether there should
    /// be a catcher is looked at anew each time.
    pub event_source: Option<Option<String>>,
}

/// Changes it in one transaction. Other settings, secrets, another zone, pausing and resuming are a new generation; another
/// name is not. With other settings or secrets nothing is known of the credentials any more.
pub async fn change(store: &Store, vault: &Vault, id: ProviderId, change: ProviderChange) -> Result<ProviderRecord> {
    let stores_secrets = change.secrets.values().any(Option::is_some);
    let keys = if stores_secrets { Some(vault.keys(store).await?) } else { None };
    let mut tx = store.begin().await?;
    // Holds the row, so that of two who change it at once neither undoes the other's.
    tx.execute("update providers set updated_on = now() where id = $1", &params![id]).await?;
    let row = tx.query_opt("select name, enabled, zone, settings from providers where id = $1", &params![id]).await?;
    let row = row.ok_or(StoreError::UnknownProvider { provider: id })?;
    let (was_enabled, was_zone): (bool, String) = (row.get(1)?, row.get(2)?);
    let before = providers::parse_settings(id, &row.get::<String>(3)?)?;
    let name = change.name.map_or_else(|| row.get(0), Ok)?;
    providers::check_name(&name)?;
    let taken = tx.query_opt("select 1 from providers where name = $1 and id <> $2", &params![&name, id]).await?;
    if taken.is_some() {
        return Err(RegistryError::NameTaken { name });
    }
    let mut settings = before.clone();
    for (field, value) in change.settings {
        match value {
            Some(value) => settings.insert(field, value),
            None => settings.remove(&field),
        };
    }
    let mut secrets_changed = 0;
    for (field, secret) in &change.secrets {
        let statement = if let (Some(secret), Some(keys)) = (secret, &keys) {
            Vault::store_statement(keys, id, field, secret)?
        } else {
            Statement::new("delete from credentials where provider_id = $1 and field = $2", params![id, field])
        };
        secrets_changed += tx.execute(&statement.sql, &statement.params).await?;
    }
    let (enabled, zone) = (change.enabled.unwrap_or(was_enabled), change.zone.unwrap_or_else(|| was_zone.clone()));
    let reconnects = secrets_changed > 0 || settings != before;
    let raised = i64::from(reconnects || enabled != was_enabled || zone != was_zone);
    let sql = "update providers set name = $1, enabled = $2, zone = $3, settings = $4, generation = generation + $5 \
               where id = $6";
    tx.execute(sql, &params![&name, enabled, zone, providers::json(&settings)?, raised, id]).await?;
    if reconnects {
        let forget = "update providers set credential_state = 'unknown', credential_message = null, \
                      credential_failures = 0, credential_since = now() where id = $1";
        tx.execute(forget, &params![id]).await?;
    }
    if let Some(source) = change.event_source {
        tx.execute("update providers set event_source = $1 where id = $2", &params![source, id]).await?;
    }
    tx.commit().await?;
    providers::get(store, id).await
}

/// Lets nobody work on it until it is resumed; what is asked for meanwhile waits. Says whether it was not paused already.
pub async fn pause(store: &Store, id: ProviderId) -> Result<bool> {
    enable(store, id, false).await
}

/// Says whether it was paused.
pub async fn resume(store: &Store, id: ProviderId) -> Result<bool> {
    enable(store, id, true).await
}

async fn enable(store: &Store, id: ProviderId, enabled: bool) -> Result<bool> {
    let sql = "update providers set enabled = $1, generation = generation + 1, updated_on = now() \
               where id = $2 and enabled <> $1";
    let changed = store.execute(sql, &params![enabled, id]).await? == 1;
    if !changed {
        // There is a difference between one that is so already and one that is not there.
        providers::get(store, id).await?;
    }
    Ok(changed)
}

/// When it is refreshed without being asked; none: as the settings say. Whether the text is a schedule, the caller has
/// checked. No new generation: whoever asks for what is due reads it anew each time.
pub async fn set_schedule(store: &Store, id: ProviderId, schedule: Option<&str>) -> Result<()> {
    let sql = "update providers set refresh_schedule = $1, updated_on = now() where id = $2";
    match store.execute(sql, &params![schedule, id]).await? {
        0 => Err(StoreError::UnknownProvider { provider: id }.into()),
        _ => Ok(()),
    }
}

/// What was last heard of it.
pub async fn set_status(store: &Store, id: ProviderId, status: ProviderStatus, message: Option<&str>) -> Result<()> {
    let sql = "update providers set status = $1, status_message = $2 where id = $3";
    store.execute(sql, &params![status.name(), message, id]).await?;
    Ok(())
}
