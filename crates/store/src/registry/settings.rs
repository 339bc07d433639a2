//! Settings of the installation: name and value. Those that are made once are made by whoever comes first.

use std::collections::BTreeMap;

use super::key::random;
use super::{RegistryError, Result};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

const SEED: &str = "seed";

/// The number that digests and key hashes of this installation start from, so that nobody outside can make two keys
/// collide. Made once.
pub async fn seed(store: &Store) -> Result<u64> {
    let fresh = u64::from_le_bytes(random().map_err(|e| RegistryError::Vault(e.into()))?);
    let text = once(store, SEED, &fresh.to_string()).await?;
    text.parse().map_err(|_| StoreError::Bug(format!("the setting '{SEED}' is '{text}', not a number")).into())
}

pub async fn setting(store: &Store, name: &str) -> Result<Option<String>> {
    let row = store.query_opt("select value from settings where name = $1", &params![name]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

pub async fn settings(store: &Store) -> Result<BTreeMap<String, String>> {
    let rows = store.query("select name, value from settings order by name", &[]).await?;
    Ok(rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, StoreError>>()?)
}

/// The value that is there, or this one if there is none. Two that come at once get the same answer.
async fn once(store: &Store, name: &str, value: &str) -> Result<String> {
    if let Some(known) = setting(store, name).await? {
        return Ok(known);
    }
    let insert = "insert into settings (name, value) values ($1, $2) on conflict (name) do nothing";
    store.execute(insert, &params![name, value]).await?;
    let known = setting(store, name).await?;
    Ok(known.ok_or_else(|| StoreError::Bug(format!("the setting '{name}' vanished")))?)
}
