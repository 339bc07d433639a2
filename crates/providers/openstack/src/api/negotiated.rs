//! The microversion a service and we agreed on: asked for once by many, and again after a while or when the service does not
//! know it any more. Services are upgraded and taken back, and a worker lives for weeks.

use std::future::Future;
use std::time::Duration;

use stocktake_provider::ProviderError;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::service::Version;

/// How long it is taken for good. A newer service only has more to tell; an older one says that it was asked for too much.
const HOLDS: Duration = Duration::from_hours(1);

#[derive(Debug, Default)]
pub(super) struct Negotiated(Mutex<Option<Known>>);

#[derive(Debug, Clone, Copy)]
struct Known {
    version: Option<Version>,
    since: Instant,
}

impl Known {
    fn holds(&self, now: Instant) -> bool {
        now.duration_since(self.since) < HOLDS
    }
}

impl Negotiated {
    /// Who comes while another asks waits for that answer. A failure is not remembered.
    pub(super) async fn get_or_ask<F>(&self, ask: impl FnOnce() -> F) -> Result<Option<Version>, ProviderError>
    where
        F: Future<Output = Result<Option<Version>, ProviderError>>,
    {
        let mut known = self.0.lock().await;
        if let Some(known) = known.filter(|known| known.holds(Instant::now())) {
            return Ok(known.version);
        }
        let version = ask().await?;
        *known = Some(Known { version, since: Instant::now() });
        Ok(version)
    }

    /// Forgets what was known when the service, asked at this time, said that it does not know that version: but not what was
    /// agreed on since, because of another such answer.
    pub(super) async fn doubt(&self, asked: Instant) {
        let mut known = self.0.lock().await;
        if known.is_some_and(|known| known.since <= asked) {
            *known = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(negotiated: &Negotiated, answer: u16) -> Option<u16> {
        let version = Ok(Some(Version::new(2, answer)));
        negotiated.get_or_ask(|| std::future::ready(version)).await.expect("a version").map(|version| version.minor)
    }

    #[tokio::test]
    async fn a_version_holds_until_it_is_doubted() {
        let negotiated = Negotiated::default();
        assert_eq!(asked(&negotiated, 93).await, Some(93));
        assert_eq!(asked(&negotiated, 60).await, Some(93));
        let before = Instant::now();
        negotiated.doubt(before).await;
        assert_eq!(asked(&negotiated, 60).await, Some(60));
        // A question from before the new agreement was answered late.
        negotiated.doubt(before).await;
        assert_eq!(asked(&negotiated, 93).await, Some(60));
    }

    #[test]
    fn a_version_holds_for_an_hour() {
        let known = Known { version: None, since: Instant::now() };
        assert!(known.holds(known.since + HOLDS - Duration::from_secs(1)));
        assert!(!known.holds(known.since + HOLDS));
    }
}
