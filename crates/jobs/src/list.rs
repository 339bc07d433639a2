//! Every job kind there is, and the way from a row of the queue to what it does.

use std::sync::Arc;
use std::time::Duration;

use stocktake_provider::BoxFuture;
use stocktake_worker::{Doing, Ended, Work};

use crate::context::Context;
use crate::job::Job;
use crate::kinds::{
    CheckCredentials, HandleEvents, Purge, RefreshLater, RefreshProvider, RemoveProvider, RunCommand, SendWebhook,
};

/// A job kind as data.
#[derive(Debug, Clone, Copy)]
pub struct KindOfJob {
    pub name: &'static str,
    run: fn(Arc<Context>, Doing) -> BoxFuture<'static, Ended>,
}

pub const ALL: &[KindOfJob] = &[
    KindOfJob::of::<RefreshProvider>(),
    KindOfJob::of::<RemoveProvider>(),
    KindOfJob::of::<CheckCredentials>(),
    KindOfJob::of::<HandleEvents>(),
    KindOfJob::of::<RefreshLater>(),
    KindOfJob::of::<Purge>(),
    KindOfJob::of::<SendWebhook>(),
    KindOfJob::of::<RunCommand>(),
];

impl KindOfJob {
    const fn of<J: Job>() -> Self {
        Self { name: J::KIND, run: |context, doing| Box::pin(run::<J>(context, doing)) }
    }
}

async fn run<J: Job>(context: Arc<Context>, doing: Doing) -> Ended {
    match serde_json::from_value::<J>(doing.job.payload.clone()) {
        Ok(job) => job.run(&context, &doing).await,
        Err(error) => Ended::Never(format!("the payload is not that of a job '{}': {error}", J::KIND)),
    }
}

/// Does jobs of all kinds.
#[derive(Debug, Clone)]
pub struct Jobs {
    pub context: Arc<Context>,
}

impl Work for Jobs {
    fn run(&self, doing: Doing) -> BoxFuture<'static, Ended> {
        let Some(kind) = ALL.iter().find(|kind| kind.name == doing.job.kind) else {
            let why = format!("this program knows no job kind '{}'; a newer one may have put it", doing.job.kind);
            // A rolling upgrade: an older worker leaves it to a newer one.
            return Box::pin(async { Ended::HandBack { why, after: Duration::from_secs(30) } });
        };
        (kind.run)(Arc::clone(&self.context), doing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_have_one_name() {
        let names: std::collections::BTreeSet<_> = ALL.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), ALL.len());
    }
}
