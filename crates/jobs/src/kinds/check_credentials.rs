//! Tries whether a provider can still be signed in to, when nothing else shows it: also where its workers were stopped
//! because it could not.

use serde::{Deserialize, Serialize};
use serde_json::json;
use stocktake_provider::ConnectError;
use stocktake_queue::{Lane, Priority};
use stocktake_refresh::findings;
use stocktake_store::ProviderId;
use stocktake_store::registry::{self, ProviderStatus};
use stocktake_worker::{Doing, Ended};

use super::{again, provider};
use crate::context::Context;
use crate::job::Job;
use crate::lanes;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CheckCredentials {
    pub provider: ProviderId,
}

impl Job for CheckCredentials {
    const KIND: &'static str = "check_credentials";
    const PRIORITY: Priority = Priority::LOW;
    /// It is asked for again anyway.
    const MAX_ATTEMPTS: u16 = 1;

    fn lane(&self) -> Lane {
        Lane::shared(lanes::GENERIC)
    }

    fn merge_key(&self) -> Option<String> {
        Some(format!("{}:{}", Self::KIND, self.provider))
    }

    async fn run(self, context: &Context, doing: &Doing) -> Ended {
        let record = match provider(context, self.provider).await {
            Ok(record) => record,
            Err(ended) => return ended,
        };
        if !record.enabled || record.status == ProviderStatus::Removing {
            return Ended::Done(Some(json!({"left out": "nobody works on the provider"})));
        }
        doing.report.doing(format!("checking the credentials of {}", record.name));
        let finding = match context.connect(&record).await {
            Ok(provider) => tokio::select! {
                report = provider.test() => findings::of_test(&report),
                () = doing.stop.asked() => {
                    return Ended::HandBack { why: "it was interrupted".to_owned(), after: std::time::Duration::ZERO };
                }
            },
            // A key file or database that cannot be read says nothing of the credentials.
            Err(error) => match error.downcast_ref::<ConnectError>() {
                Some(settings) => findings::of_settings(settings),
                None => return again(&error),
            },
        };
        let enough = context.settings.credentials.failures_to_unreachable;
        match registry::note_credentials(&context.store, record.id, record.generation, &finding, enough).await {
            Ok(standing) => Ended::Done(Some(json!({"provider": record.name, "state": standing.state}))),
            Err(error) => again(&error.into()),
        }
    }
}
