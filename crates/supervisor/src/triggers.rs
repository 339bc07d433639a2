//! Refreshes that nobody has to ask for: when a server starts, when a provider is added, resumed or changed.

use std::collections::BTreeMap;

use stocktake_queue::{Queue, trace};
use stocktake_refresh::requests::{self, Ask};
use stocktake_store::ProviderId;
use stocktake_store::fleet::Served;
use tracing::Instrument as _;

use crate::error::SupervisorError;
use crate::options::Options;

/// What was last seen of the providers this server looks after.
#[derive(Debug, Default)]
pub(crate) struct Triggers {
    /// None: it has not looked yet.
    known: Option<BTreeMap<ProviderId, (i64, bool)>>,
}

impl Triggers {
    /// `providers`: those this server looks after now.
    pub(crate) async fn pull(
        &mut self,
        options: &Options,
        queue: &Queue,
        providers: &[Served],
    ) -> Result<(), SupervisorError> {
        for (provider, why) in self.due(options.refresh_on_start, providers) {
            tracing::info!(%provider, why, "asking for a full refresh");
            let span = tracing::info_span!("trigger", why, %provider, trace_id = tracing::field::Empty);
            trace::follow(&span, None);
            let all = [Ask::Everything];
            requests::ask(queue, provider, &all, why, requests::AT_ONCE).instrument(span).await?;
        }
        // Only now: what could not be asked for is asked for again.
        let now = providers.iter().map(|p| (p.id, (p.generation, p.enabled))).collect();
        match &mut self.known {
            // One that moved to another server and back is no new one.
            Some(known) => known.extend(now),
            None if providers.is_empty() => {}
            None => self.known = Some(now),
        }
        Ok(())
    }

    fn due(&self, on_start: bool, providers: &[Served]) -> Vec<(ProviderId, &'static str)> {
        let mut due = Vec::new();
        for provider in providers.iter().filter(|p| p.enabled && p.status != "removing") {
            let why = match &self.known {
                None if on_start => Some("server_start"),
                None => (!provider.refreshed).then_some("provider_added"),
                Some(known) => match known.get(&provider.id) {
                    // Taken over from another server: what was asked for there is still on the queue.
                    None if provider.refreshed => None,
                    None => Some("provider_added"),
                    Some((_, false)) => Some("provider_resumed"),
                    Some((generation, true)) if *generation != provider.generation => Some("provider_changed"),
                    Some(_) => None,
                },
            };
            due.extend(why.map(|why| (provider.id, why)));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use stocktake_store::registry::Standing;

    use super::*;

    fn provider(id: i64, generation: i64, enabled: bool, status: &str, refreshed: bool) -> Served {
        Served {
            id: ProviderId(id),
            name: format!("cloud{id}"),
            zone: "default".to_owned(),
            enabled,
            generation,
            status: status.to_owned(),
            credentials: Standing::unknown(),
            refreshed,
            refresh_schedule: None,
            event_source: None,
        }
    }

    #[test]
    fn each_reason_pulls_once() {
        let mut triggers = Triggers::default();
        let first = [provider(1, 1, true, "ok", true), provider(2, 1, false, "ok", true)];
        assert_eq!(triggers.due(true, &first), [(ProviderId(1), "server_start")]);
        assert_eq!(triggers.due(false, &first), []);
        triggers.known = Some(first.iter().map(|p| (p.id, (p.generation, p.enabled))).collect());
        assert_eq!(triggers.due(true, &first), []);
        let later = [
            provider(1, 2, true, "ok", true),
            provider(2, 2, true, "ok", true),
            provider(3, 1, true, "ok", false),
            provider(4, 1, true, "ok", true),
            provider(5, 1, true, "removing", false),
        ];
        let due = triggers.due(true, &later);
        let expected =
            [(ProviderId(1), "provider_changed"), (ProviderId(2), "provider_resumed"), (ProviderId(3), "provider_added")];
        assert_eq!(due, expected);
    }
}
