//! This server's row, and what it is assigned: kept by prolonging leases, shared with the other servers of its zone by
//! [`crate::share`].
//!
//! A server that cannot reach the database for longer than its lease goes on with what it has: it cannot know whether
//! others took over, its workers reach no further than itself, and whatever they still save is fenced by the refresh
//! lease. When the database is back, what others took is given up at once.

use std::collections::{BTreeMap, BTreeSet};

use stocktake_store::fleet::{self, NewServer, Served, ServerId, ServerState};
use stocktake_store::{ProviderId, Store};

use crate::error::SupervisorError;
use crate::options::Options;
use crate::proc;
use crate::roster::Roster;
use crate::share::whose;

pub(crate) const SCHEDULER: &str = "role:scheduler";

#[derive(Debug)]
pub(crate) struct Holdings {
    pub(crate) server: ServerId,
    pub(crate) state: ServerState,
    /// Name → token.
    held: BTreeMap<String, i64>,
    /// What this server should have by the servers there are.
    mine: BTreeSet<String>,
}

pub(crate) fn of_provider(provider: ProviderId) -> String {
    format!("provider:{provider}")
}

impl Holdings {
    pub(crate) async fn register(store: &Store, options: &Options) -> Result<Self, SupervisorError> {
        let new = NewServer {
            name: options.name.clone(),
            host: options.host.clone(),
            pid: std::process::id(),
            version: options.version.clone(),
            zone: options.zone.clone(),
            roles: options.roles.clone(),
        };
        let server = fleet::register_server(store, &new, options.lease).await?;
        Ok(Self { server, state: ServerState::Starting, held: BTreeMap::new(), mine: BTreeSet::new() })
    }

    /// Prolongs what is held, takes what is free and this server's, and says what was lost.
    pub(crate) async fn renew(
        &mut self,
        store: &Store,
        options: &Options,
        providers: &[Served],
    ) -> Result<(), SupervisorError> {
        let usage = proc::usage(std::process::id()).map_or((0, 0), |(rss, cpu)| (rss, cpu.as_millis() as u64));
        fleet::renew_server(store, self.server, self.state, usage, options.lease).await?;
        let kept = fleet::keep(store, self.server, &self.held, options.lease).await?;
        for what in self.held.keys().filter(|what| !kept.contains_key(*what)) {
            tracing::warn!(what, "another server has taken over; giving it up");
        }
        self.held = kept;
        let lost = fleet::settle_lost_servers(store).await?;
        if lost > 0 {
            tracing::warn!(servers = lost, "servers were lost; the others take over what they did");
        }
        self.mine =
            if self.state == ServerState::Running { self.share(store, options, providers).await? } else { BTreeSet::new() };
        for what in &self.mine {
            if !self.held.contains_key(what)
                && let Some(token) = fleet::take(store, what, self.server, options.lease).await?
            {
                tracing::info!(what, "taken over");
                self.held.insert(what.clone(), token);
            }
        }
        Ok(())
    }

    async fn share(
        &self,
        store: &Store,
        options: &Options,
        providers: &[Served],
    ) -> Result<BTreeSet<String>, SupervisorError> {
        let servers = fleet::servers(store, false).await?;
        let mut mine = BTreeSet::new();
        let able = |role: &str, zone: Option<&str>| -> Vec<ServerId> {
            let fits = servers.iter().filter(|s| s.works() && s.roles.iter().any(|has| has == role));
            fits.filter(|s| zone.is_none_or(|zone| s.zone == zone)).map(|s| s.id).collect()
        };
        let (refreshers, schedulers) = (able("refresh", Some(&options.zone)), able("scheduler", None));
        let things = providers.iter().filter(|p| p.zone == options.zone).map(|p| of_provider(p.id));
        mine.extend(things.filter(|what| whose(what, &refreshers) == Some(self.server)));
        if whose(SCHEDULER, &schedulers) == Some(self.server) {
            mine.insert(SCHEDULER.to_owned());
        }
        Ok(mine)
    }

    /// Whether this server has it and should have it.
    pub(crate) fn has(&self, what: &str) -> bool {
        self.held.contains_key(what) && self.mine.contains(what)
    }

    /// Gives back what is another server's as soon as nobody here works for it any more.
    pub(crate) async fn release_left(&mut self, store: &Store, roster: &Roster) -> Result<(), SupervisorError> {
        let left: Vec<_> = self.held.iter().filter(|(what, _)| !self.mine.contains(*what)).collect();
        let left: Vec<_> = left.into_iter().map(|(what, token)| (what.clone(), *token)).collect();
        for (what, token) in left {
            let provider = what.strip_prefix("provider:").and_then(|id| id.parse().ok()).map(ProviderId);
            if provider.is_none_or(|provider| !roster.has_provider(provider)) {
                fleet::release(store, &what, self.server, token).await?;
                self.held.remove(&what);
                tracing::info!(what, "given back");
            }
        }
        Ok(())
    }
}
