//! Every setting there is: one long table. The first sentences of a setting's help say what it does, the last where its
//! default comes from.

use std::time::Duration;

use crate::key::Key;
use crate::plain::Plain;
use crate::schedule::Schedule;
use crate::section::{Raw, Section, section};
use crate::values::{Address, ByteSize, Collector, Headers, Listen, LogFormat, Roles};

section! {
    /// Where the inventory is.
    database = Database {
        /// The inventory's address; empty: a SQLite file in the data directory. STOCKTAKE_DATABASE and --database say the
        /// same. A password in it is never shown. Default: nothing to set up for the first try.
        url: Address = Address::default() => Restart;
        /// The file with the keys that stored secrets are encrypted with; empty: stocktake.key beside a SQLite inventory, in
        /// the data directory for PostgreSQL. STOCKTAKE_KEY_FILE says the same.
        key_file: String = String::new() => Restart;
    }
}

section! {
    /// A main server: what this host does, and how it is seen.
    server = Server {
        /// The group of providers and servers it belongs to: it works on providers of its zone alone. Default: the zone that
        /// `provider add` gives.
        zone: String = "default".to_owned() => Restart;
        /// What it may take upon itself. Default: everything, for an installation with one server.
        roles: Roles = Roles::all() => Restart;
        /// How long it counts as alive without a sign of life; another server takes its providers over after that. Default:
        /// half of the 30 s within which a lost host is to be replaced.
        lease: Duration = Duration::from_secs(15), in Duration::from_secs(2)..=Duration::from_mins(10) => Restart;
        /// How often it compares the workers that should run with those that do. Default: a person who edits a provider does
        /// not wait longer than that.
        tick: Duration = Duration::from_secs(1), in Duration::from_millis(100)..=Duration::from_mins(1) => Live;
        /// Where /livez, /readyz and /metrics are served over HTTP. Default: on this host alone, since it asks for no password.
        listen: Listen = Listen::local(9440) => Restart;
        /// How long it waits for its workers when it is stopped, before it kills them. Default: below the 90 s that systemd
        /// waits.
        drain_timeout: Duration = Duration::from_mins(1), in Duration::ZERO..=Duration::from_hours(1) => Live;
    }
}

section! {
    /// Worker processes: how many, and when one is given up.
    workers = Workers {
        /// Workers for jobs that belong to no provider's own worker. Default: enough for one host; more share the queue.
        generic: u32 = 1, in 0..=64 => Live;
        /// Workers that read, link and route events. Default: one handles thousands in a second.
        event_handler: u32 = 1, in 0..=64 => Live;
        /// Workers that send the webhooks and run the commands of rules, one at a time each; none are started without
        /// `events.rules`. Default: enough unless many receivers are slow; those wait for each other.
        actions: u32 = 1, in 0..=64 => Live;
        /// How often a worker reports how far it is. Default: what ManageIQ's workers do.
        heartbeat: Duration = Duration::from_secs(10), in Duration::from_millis(100)..=Duration::from_mins(5) => NewWorkers;
        /// A worker that holds a job and gets nowhere for so long is replaced. Default: ten minutes, as ManageIQ gives a
        /// message; a single slow API call ends long before.
        progress_timeout: Duration = Duration::from_mins(10), in Duration::from_secs(1)..=Duration::from_hours(24) => Live;
        /// A worker that is not ready so long after its start is killed. Default: far above what a start takes, so that a busy
        /// host kills nothing.
        start_timeout: Duration = Duration::from_mins(1), in Duration::from_secs(1)..=Duration::from_hours(1) => Live;
        /// A worker that was asked to end and still runs so long after is killed; its job is done by another. Default: the
        /// server's own time for ending.
        stop_timeout: Duration = Duration::from_mins(1), in Duration::ZERO..=Duration::from_hours(1) => Live;
        /// How long a place stays empty after its worker ended by itself; doubled for each end that follows. Default: at once
        /// for people, slow enough for a processor.
        backoff_first: Duration = Duration::from_secs(1), in Duration::from_millis(100)..=Duration::from_hours(1) => Live;
        /// The longest that a place stays empty. Default: so long may a cause that was removed go unnoticed.
        backoff_max: Duration = Duration::from_mins(5), in Duration::from_millis(100)..=Duration::from_hours(24) => Live;
        /// So many ends in a row without a job done are called a crash loop. Default: what a passing trouble does not reach.
        crash_loop_after: u32 = 5, in 2..=1000 => Live;
    }
}

section! {
    /// How much memory a worker process may hold, by what its work is. Above it, it is replaced when its job is done.
    memory = Memory {
        /// A refresh worker. Default: what ManageIQ gives one; a large cloud needs a fraction of it, see `docs/performance.md`.
        refresh: ByteSize = ByteSize::gib(2), in ByteSize::mib(16)..=ByteSize::gib(1024) => Live;
        /// A generic worker. Default: what ManageIQ gives one.
        generic: ByteSize = ByteSize::gib(1), in ByteSize::mib(16)..=ByteSize::gib(1024) => Live;
        /// An event catcher. Default: what ManageIQ gives one.
        event_catcher: ByteSize = ByteSize::gib(2), in ByteSize::mib(16)..=ByteSize::gib(1024) => Live;
        /// An event handler. Default: what ManageIQ gives one.
        event_handler: ByteSize = ByteSize::gib(1), in ByteSize::mib(16)..=ByteSize::gib(1024) => Live;
        /// A worker for actions of rules, without the commands it runs. Default: as a generic worker.
        actions: ByteSize = ByteSize::gib(1), in ByteSize::mib(16)..=ByteSize::gib(1024) => Live;
        /// A worker above its limit by this factor is killed at once. Default: room for a large cloud's last page, not for a
        /// leak.
        kill_factor: f64 = 1.5, in 1.0..=100.0 => Live;
    }
}

section! {
    /// The queue of jobs.
    queue = Queue {
        /// How long a job stays with a worker that gives no sign of life; another takes it up after that. Default: several
        /// heartbeats, and within the 30 s in which a lost host is to be replaced.
        lease: Duration = Duration::from_secs(25), in Duration::from_secs(2)..=Duration::from_hours(1) => NewWorkers;
        /// How often workers look for jobs without having been woken. Default: a lost wake-up delays a job by that, and an idle
        /// system asks its database no more often.
        poll: Duration = Duration::from_secs(30), in Duration::from_millis(100)..=Duration::from_hours(1) => NewWorkers;
        /// How long jobs that are done or cancelled are kept to be looked at; done jobs `handle_events` and `refresh_later` are
        /// not, they come by the thousand. Default: a week, as ManageIQ keeps tasks.
        keep_finished: Duration = Duration::from_hours(7 * 24), in Duration::ZERO..=Duration::from_hours(3660 * 24) => NewWorkers;
    }
}

section! {
    /// Refreshes that nobody asked for by hand, and how requests are gathered.
    refresh = Refresh {
        /// When a provider is read in full without being asked: an interval, a cron expression, or off. `provider edit
        /// --refresh-every` and `--refresh-cron` say it for one. Default: 24h, as in ManageIQ; events keep it current between.
        schedule: Schedule = Schedule::Every(Duration::from_hours(24)) => Live;
        /// A cron expression's moment comes later by up to this, for each provider always by the same, so that not all are
        /// read at once. Intervals are spread over their whole length. Default: unnoticed in a day, enough for a few hundred.
        jitter: Duration = Duration::from_mins(5), in Duration::ZERO..=Duration::from_hours(24) => Live;
        /// How long a request waits for others to be served with it. Default: changes come in bursts of about a second.
        debounce: Duration = Duration::from_secs(1), in Duration::ZERO..=Duration::from_mins(10) => Live;
        /// However many requests follow, the first waits no longer. Default: people call it at once.
        debounce_max: Duration = Duration::from_secs(5), in Duration::ZERO..=Duration::from_hours(1) => Live;
        /// Whether every enabled provider is read when a server starts. Default: yes, what changed meanwhile is unknown.
        on_start: bool = true => Restart;
        /// How long a provider stays with a refresh that gives no sign of life; another may refresh it after that, and the
        /// first one can save no more. Default: several renewals, as for jobs on the queue.
        lease: Duration = Duration::from_secs(25), in Duration::from_secs(2)..=Duration::from_hours(1) => NewWorkers;
        /// API requests at once to a provider whose own settings do not say. Default: what the HTTP client takes by itself.
        requests_in_flight: u32 = 8, in 1..=64 => NewWorkers;
    }
}

section! {
    /// What happens in the providers' systems: how it is caught, where it leads, how long it is kept.
    events = Events {
        /// A file with routes that go before those the providers bring, see `docs/events.md`; empty: none. Default: theirs alone.
        routes: String = String::new() => NewWorkers;
        /// A file with rules: what is done when something happens, see `docs/rules.md`; empty: none.
        rules: String = String::new() => NewWorkers;
        /// How long what an event asks for waits for more to be asked. Default: what belongs together comes within that, and
        /// nobody notices it.
        debounce: Duration = Duration::from_millis(100), in Duration::ZERO..=Duration::from_mins(1) => NewWorkers;
        /// However many events follow, the first waits no longer. Default: half of the second within which a change is shown.
        debounce_max: Duration = Duration::from_millis(500), in Duration::ZERO..=Duration::from_mins(10) => NewWorkers;
        /// At most so many events are caught, stored and handled at once. Default: beyond it, storing gets no cheaper.
        batch: u32 = 500, in 1..=10_000 => NewWorkers;
        /// How long a source that fails is left alone at first, and then twice as long each time. Default: as a worker's place.
        backoff_first: Duration = Duration::from_secs(1), in Duration::from_millis(10)..=Duration::from_hours(1) => NewWorkers;
        /// The longest that it is left alone. Default: so long may a broker that is back go unnoticed.
        backoff_max: Duration = Duration::from_mins(1), in Duration::from_millis(10)..=Duration::from_hours(24) => NewWorkers;
        /// How long events are kept. Default: six months, as in ManageIQ.
        keep: Duration = Duration::from_hours(180 * 24), in Duration::from_hours(1)..=Duration::from_hours(3660 * 24) => NewWorkers;
    }
}

section! {
    /// Whether providers can still be signed in to.
    credentials = Credentials {
        /// How often each provider's credentials are tried. Default: an hour, as in ManageIQ.
        check_every: Duration = Duration::from_hours(1), in Duration::from_secs(1)..=Duration::from_hours(7 * 24) => Live;
        /// So many failures in a row that say nothing of the credentials make a provider unreachable. Default: one or two are
        /// a restart on the other side.
        failures_to_unreachable: u32 = 3, in 1..=1000 => NewWorkers;
    }
}

section! {
    /// What the server and its workers write to standard error.
    log = Log {
        /// What is told: error, warn, info, debug, trace, or a filter by parts (`info,stocktake_http=debug`). STOCKTAKE_LOG says
        /// the same. Default: each run and each worker, not each call.
        filter: String = "info".to_owned() => NewWorkers;
        /// Text for people or json for machines. Default: text.
        format: LogFormat = LogFormat::Text => Restart;
    }
}

section! {
    /// OpenTelemetry traces: a refresh from who asked for it to the rows it wrote, sent over OTLP.
    traces = Traces {
        /// Where a collector takes OTLP over HTTP; `/v1/traces` is added unless it has a path. Empty: no traces.
        /// OTEL_EXPORTER_OTLP_ENDPOINT says the same. Default: none, and then nothing of it costs anything.
        endpoint: Collector = Collector::default() => Restart;
        /// What is sent with every batch, such as a token: `name=value,name=value`, as OTEL_EXPORTER_OTLP_HEADERS has it, which
        /// says the same. Values are never shown. Default: nothing.
        headers: Headers = Headers::default() => Restart;
        /// What share of the traces is kept, decided by who begins one and heeded by all that follow. Default: all; refreshes
        /// are few.
        sample: f64 = 1.0, in 0.0..=1.0 => Restart;
        /// What the processes are called there. OTEL_SERVICE_NAME says the same. Default: the program's name.
        service: String = "stocktake".to_owned() => Restart;
    }
}

section! {
    /// Records of past refreshes.
    runs = Runs {
        /// How long they are kept; the last of each provider stays. Default: a month, to compare with.
        keep: Duration = Duration::from_hours(30 * 24), in Duration::from_hours(1)..=Duration::from_hours(3660 * 24) => NewWorkers;
    }
}

macro_rules! tree {
    ($($section:ident: $component:ty,)+) => {
        /// All of it.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Settings {
            $(pub $section: $component,)+
        }

        impl Settings {
            /// Every setting, in the order of the reference.
            pub fn keys() -> Vec<Key> {
                [$(<$component>::keys(),)+].concat()
            }

            /// Names of the sections, each with its one line.
            pub(crate) fn sections() -> Vec<(&'static str, &'static str)> {
                vec![$((<$component>::NAME, <$component>::ABOUT.trim_ascii()),)+]
            }

            pub(crate) fn set(&mut self, key: &Key, raw: &Raw) -> Result<(), String> {
                match key.section {
                    $(stringify!($section) => self.$section.set(key.name, raw),)+
                    _ => Err("it does not exist".to_owned()),
                }
            }

            /// The value as it may be shown.
            pub fn shown(&self, key: &Key) -> Option<Plain> {
                match key.section {
                    $(stringify!($section) => self.$section.shown(key.name),)+
                    _ => None,
                }
            }

            /// Section and name of the settings in which two differ, secrets among them.
            pub(crate) fn differing(&self, other: &Self) -> Vec<(&'static str, &'static str)> {
                let mut found = Vec::new();
                $(found.extend(self.$section.differing(&other.$section).into_iter().map(|name| (stringify!($section), name)));)+
                found
            }
        }
    };
}

tree! {
    database: Database,
    server: Server,
    workers: Workers,
    memory: Memory,
    queue: Queue,
    refresh: Refresh,
    events: Events,
    credentials: Credentials,
    log: Log,
    traces: Traces,
    runs: Runs,
}
