//! One file a job kind.

mod check_credentials;
mod handle_events;
mod purge;
mod refresh_later;
mod refresh_provider;
mod remove_provider;
mod run_command;
mod webhook;

pub use check_credentials::CheckCredentials;
pub use handle_events::HandleEvents;
pub use purge::Purge;
pub use refresh_later::RefreshLater;
pub use refresh_provider::RefreshProvider;
pub use remove_provider::RemoveProvider;
pub use run_command::RunCommand;
pub use webhook::SendWebhook;

use std::time::Duration;

use stocktake_store::ProviderId;
use stocktake_store::StoreError;
use stocktake_store::registry::{self, ProviderRecord, RegistryError};
use stocktake_worker::Ended;

use crate::context::{Context, chain};

/// How long a job waits that found somebody else at the same thing.
const BUSY: Duration = Duration::from_secs(5);

/// The provider of a job; one that has been removed since ends the job well.
async fn provider(context: &Context, id: ProviderId) -> Result<ProviderRecord, Ended> {
    match registry::get(&context.store, id).await {
        Ok(record) => Ok(record),
        Err(RegistryError::Store(StoreError::UnknownProvider { .. })) => {
            Err(Ended::Done(Some(serde_json::json!({"left out": "the provider has been removed"}))))
        }
        Err(error) => Err(again(&error.into())),
    }
}

fn again(error: &anyhow::Error) -> Ended {
    Ended::Again(chain(error))
}
