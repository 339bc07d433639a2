//! What is known of a provider's credentials: put down after a try, and told to people.

use stocktake_store::Store;
use stocktake_store::registry::{self, Finding, ProviderRecord};

use crate::app::App;
use crate::output::human::{ago, counted};

/// Puts down what a try with the record's settings showed.
pub(crate) async fn note(app: &App, store: &Store, record: &ProviderRecord, finding: &Finding) -> anyhow::Result<()> {
    let to_unreachable = app.settings()?.credentials.failures_to_unreachable;
    registry::note_credentials(store, record.id, record.generation, finding, to_unreachable).await?;
    Ok(())
}

/// `valid, since 2 h ago`, `invalid, since 5 min ago; 1 failure in a row: POST identity …`
pub(super) fn words(record: &ProviderRecord, now: i64) -> String {
    let known = &record.credentials;
    let mut text = format!("{}, since {}", known.state.name(), ago(record.credentials_since, now));
    if known.stops_workers() {
        text.push_str("; nothing is tried until the settings change");
    } else if known.failures > 0 {
        let failures = counted(known.failures.unsigned_abs(), "failure", "failures");
        text.extend(["; ", &failures, " in a row"]);
    }
    if let Some(message) = &known.message {
        text.extend([": ", message.as_str()]);
    }
    text
}
