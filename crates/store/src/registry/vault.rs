//! Secrets of providers: sealed on the way into the database, opened on the way out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::key::{KeyError, Keys};
use super::seal::{self, OpenError, Place};
use crate::db::{ProviderId, Statement};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the stored secret '{field}' of provider {provider} cannot be opened: {source}")]
    Open { provider: ProviderId, field: String, source: OpenError },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where the keys are. They are read when they are first needed: who looks at the inventory needs none.
#[derive(Debug, Clone)]
pub struct Vault {
    key_file: PathBuf,
}

impl Vault {
    pub fn new(key_file: impl Into<PathBuf>) -> Self {
        Self { key_file: key_file.into() }
    }

    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// The keys; the key file is made when nothing was ever sealed.
    pub async fn keys(&self, store: &Store) -> Result<Keys, VaultError> {
        let sealed = store.query_opt("select 1 from credentials limit 1", &[]).await?.is_some();
        Ok(Keys::open_or_create(&self.key_file, sealed)?)
    }

    /// The secrets of a provider. One that cannot be opened is an error: it is never taken for absent.
    pub async fn secrets(&self, store: &Store, provider: ProviderId) -> Result<BTreeMap<String, SecretString>, VaultError> {
        let sql = "select field, sealed from credentials where provider_id = $1 order by field";
        let rows = store.query(sql, &params![provider]).await?;
        if rows.is_empty() {
            return Ok(BTreeMap::new());
        }
        let keys = Keys::open_or_create(&self.key_file, true)?;
        let mut secrets = BTreeMap::new();
        for row in rows {
            let (field, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let opened = seal::open(&keys, Place { provider_id: provider.0, field: &field }, &sealed);
            let secret = opened.map_err(|source| VaultError::Open { provider, field: field.clone(), source })?;
            secrets.insert(field, secret);
        }
        Ok(secrets)
    }

    /// The statement that stores a secret, in place of an earlier one.
    pub(super) fn store_statement(
        keys: &Keys,
        provider: ProviderId,
        field: &str,
        secret: &SecretString,
    ) -> Result<Statement, VaultError> {
        let sealed = seal::seal(keys, Place { provider_id: provider.0, field }, secret)?;
        let sql = "insert into credentials (provider_id, field, sealed) values ($1, $2, $3) \
                   on conflict (provider_id, field) do update set sealed = excluded.sealed, updated_on = now()";
        Ok(Statement::new(sql, params![provider, field, sealed]))
    }
}

/// Names of the secrets a provider has, without opening them.
pub(super) async fn fields(store: &Store, provider: ProviderId) -> Result<Vec<String>, StoreError> {
    let rows =
        store.query("select field from credentials where provider_id = $1 order by field", &params![provider]).await?;
    rows.iter().map(|row| row.get(0)).collect()
}
