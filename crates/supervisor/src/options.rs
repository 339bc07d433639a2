//! What a main server is told by the settings.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use stocktake_settings::{Schedule, Settings};

use crate::child::Program;
use crate::limits::Limits;
use crate::vacancy::BackOff;

/// All spans of time are by this host's monotonic clock, but `lease`, which is by the database's.
#[derive(Debug, Clone)]
pub struct Options {
    /// As people would look for it.
    pub name: String,
    pub host: String,
    pub version: String,
    /// It looks after the providers of its zone.
    pub zone: String,
    /// Which kinds of workers it may start, and `scheduler`.
    pub roles: Vec<String>,
    /// How long it is taken for alive without a word; prolonged three times as often.
    pub lease: Duration,
    /// Where it is seen from outside; None: nowhere.
    pub listen: Option<SocketAddr>,
    /// How often providers and their settings are looked at.
    pub tick: Duration,
    /// How long its workers may take to stop when it stops.
    pub drain: Duration,
    /// How often an idle worker says that it lives.
    pub heartbeat: Duration,
    pub start_limit: Duration,
    pub stop_limit: Duration,
    /// With a job and without getting anywhere.
    pub standstill_limit: Duration,
    /// Bytes of resident memory, by kind of worker.
    pub memory_limit: BTreeMap<String, u64>,
    /// A worker that takes so many times its limit is killed, not asked.
    pub memory_kill_factor: f64,
    pub restart_first: Duration,
    pub restart_most: Duration,
    /// So many early ends in a row are a crash loop.
    pub crash_loop_after: u32,
    /// Workers of kinds that are not a provider's own.
    pub per_server: BTreeMap<String, u32>,
    /// Whether every provider is refreshed when the server starts.
    pub refresh_on_start: bool,
    /// When providers without a schedule of their own are refreshed.
    pub refresh_schedule: Schedule,
    /// Up to so much later, by the schedule's name.
    pub refresh_jitter: Duration,
    /// How often credentials are checked when nothing else shows whether they work.
    pub credentials_every: Duration,
    /// Raised when settings change that workers read at their start: those from before are replaced.
    pub settings_generation: u64,
    pub program: Program,
}

/// Who a server is.
#[derive(Debug, Clone)]
pub struct Identity {
    pub name: String,
    pub host: String,
    pub version: String,
}

impl Options {
    pub fn new(settings: &Settings, identity: Identity, program: Program) -> Self {
        let Settings { server, workers, memory, refresh, events, credentials, .. } = settings;
        Self {
            name: identity.name,
            host: identity.host,
            version: identity.version,
            zone: server.zone.clone(),
            roles: server.roles.names().into_iter().map(str::to_owned).collect(),
            lease: server.lease,
            listen: server.listen.0,
            tick: server.tick,
            drain: server.drain_timeout,
            heartbeat: workers.heartbeat,
            start_limit: workers.start_timeout,
            stop_limit: workers.stop_timeout,
            standstill_limit: workers.progress_timeout,
            memory_limit: [
                ("refresh", memory.refresh),
                ("generic", memory.generic),
                ("event_catcher", memory.event_catcher),
                ("event_handler", memory.event_handler),
                ("actions", memory.actions),
            ]
            .map(|(kind, limit)| (kind.to_owned(), limit.0))
            .into(),
            memory_kill_factor: memory.kill_factor,
            restart_first: workers.backoff_first,
            restart_most: workers.backoff_max,
            crash_loop_after: workers.crash_loop_after,
            per_server: [
                ("generic", workers.generic),
                ("event_handler", workers.event_handler),
                // Without rules there is nothing to do.
                ("actions", if events.rules.is_empty() { 0 } else { workers.actions }),
            ]
            .map(|(kind, count)| (kind.to_owned(), count))
            .into(),
            refresh_on_start: refresh.on_start,
            refresh_schedule: refresh.schedule.clone(),
            refresh_jitter: refresh.jitter,
            credentials_every: credentials.check_every,
            settings_generation: 0,
            program,
        }
    }

    /// By settings that were read again. What can only change with a new start stays as it is. `program`: what
    /// workers are started with from now on. `workers_too`: whether those there are must be replaced.
    pub fn with(&self, settings: &Settings, program: Program, workers_too: bool) -> Self {
        let identity = Identity { name: self.name.clone(), host: self.host.clone(), version: self.version.clone() };
        Self {
            zone: self.zone.clone(),
            roles: self.roles.clone(),
            lease: self.lease,
            listen: self.listen,
            refresh_on_start: self.refresh_on_start,
            settings_generation: self.settings_generation + u64::from(workers_too),
            ..Self::new(settings, identity, program)
        }
    }

    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|has| has == role)
    }

    pub(crate) fn limits(&self, kind: &str) -> Limits {
        let memory = self.memory_limit.get(kind).copied().unwrap_or(u64::MAX);
        Limits {
            start: self.start_limit,
            stop: self.stop_limit,
            silence: self.heartbeat * 3 + Duration::from_secs(15),
            standstill: self.standstill_limit,
            memory,
            memory_kill: (memory as f64 * self.memory_kill_factor) as u64,
        }
    }

    pub(crate) fn back_off(&self) -> BackOff {
        BackOff { first: self.restart_first, most: self.restart_most, crash_loop: self.crash_loop_after }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Those of an installation whose owner set nothing, but for two generic workers.
    pub(crate) fn options() -> Options {
        let here = || "here".to_owned();
        let identity = Identity { name: here(), host: here(), version: "0".to_owned() };
        let mut options = Options::new(&Settings::default(), identity, Program::this(Vec::new()));
        options.per_server.insert("generic".to_owned(), 2);
        options
    }

    #[test]
    fn what_needs_a_new_start_waits_for_one() {
        let said = [
            ("SERVER__ZONE", "east"),
            ("SERVER__ROLES", "refresh"),
            ("SERVER__LEASE", "20s"),
            ("SERVER__LISTEN", "off"),
            ("SERVER__TICK", "2s"),
            ("REFRESH__ON_START", "false"),
            ("WORKERS__GENERIC", "4"),
            ("MEMORY__REFRESH", "1GiB"),
        ];
        let environment = said.map(|(name, value)| (format!("STOCKTAKE__{name}"), value.to_owned())).into();
        let inputs = stocktake_settings::Inputs { environment, ..Default::default() };
        let read = stocktake_settings::load(&inputs).expect("settings").settings;
        let old = options();
        let new = old.with(&read, old.program.clone(), true);
        let fixed = |o: &Options| (o.zone.clone(), o.roles.clone(), o.lease, o.listen, o.refresh_on_start);
        assert_eq!(fixed(&new), fixed(&old));
        let live = |o: &Options| (o.tick, o.per_server["generic"], o.limits("refresh").memory, o.settings_generation);
        assert_eq!(live(&new), (Duration::from_secs(2), 4, 1 << 30, 1));
        assert_eq!(new.with(&read, old.program.clone(), false).settings_generation, 1);
    }

    #[test]
    fn limits_follow_the_kind() {
        let limits = options().limits("refresh");
        assert_eq!((limits.memory, limits.memory_kill), (2 << 30, 3 << 30));
        assert!(limits.silence > options().heartbeat * 2, "one lost line is no silence");
        assert_eq!(options().limits("other").memory, u64::MAX);
    }
}
