//! What is found of a provider's credentials, kept with it.

use super::Result;
use super::standing::{CredentialState, Finding, Standing};
use crate::db::{ProviderId, Row};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

const COLUMNS: &str = "credential_state, credential_message, credential_failures";

/// Puts a finding down and says what is known now. `generation` is that of the settings it was found with: one of older
/// settings says nothing of the present ones and changes nothing. What changes nothing writes nothing.
pub async fn note_credentials(
    store: &Store,
    id: ProviderId,
    generation: i64,
    finding: &Finding,
    to_unreachable: u32,
) -> Result<Standing> {
    let read = format!("select {COLUMNS}, generation from providers where id = $1");
    let write = "update providers set credential_state = $1, credential_message = $2, credential_failures = $3, \
                 credential_since = case when credential_state = $1 then credential_since else now() end \
                 where id = $4 and generation = $5 and credential_state = $6 and credential_failures = $7";
    loop {
        let row = store.query_opt(&read, &params![id]).await?;
        let row = row.ok_or(StoreError::UnknownProvider { provider: id })?;
        let (before, present) = (standing(&row, 0)?, row.get::<i64>(3)?);
        let after = before.after(finding, to_unreachable);
        if present != generation || after == before {
            return Ok(before);
        }
        let (state, message) = (after.state.name(), after.message.as_deref());
        let (was, failed) = (before.state.name(), before.failures);
        let values = params![state, message, after.failures, id, generation, was, failed];
        // Another finding came between: this one is about what that one left. Each round, somebody's counts.
        if store.execute(write, &values).await? == 1 {
            return Ok(after);
        }
    }
}

/// From three columns in a row.
pub(crate) fn standing(row: &Row, from: usize) -> Result<Standing, StoreError> {
    Ok(Standing {
        state: CredentialState::parse(&row.get::<String>(from)?),
        message: row.get(from + 1)?,
        failures: row.get(from + 2)?,
    })
}
