//! The main server's life: one loop that renews, looks, decides and acts. What is worth deciding is decided by pure
//! functions beside it; here only their order stands.

use std::time::{Duration, Instant};

use stocktake_queue::Queue;
use stocktake_store::Store;
use stocktake_store::fleet::{self, NewWorker, Served, ServerState, WorkerId, WorkerState};
use stocktake_worker::Stop;
use tokio::sync::{mpsc, watch};

use crate::child::{Event, Process};
use crate::desired::desired;
use crate::error::SupervisorError;
use crate::health::{Health, TURN};
use crate::holdings::{Holdings, SCHEDULER, of_provider};
use crate::http::{self, Endpoints};
use crate::notify::Notify;
use crate::options::Options;
use crate::place::{Place, Wanted};
use crate::reconcile::{Action, actions};
use crate::roster::{End, Roster};
use crate::scheduler::Scheduler;
use crate::triggers::Triggers;

/// Events of workers that may wait for the loop.
const WAITING: usize = 256;
/// How often memory and processor time are read.
const MEASURE: Duration = Duration::from_secs(2);
/// Rows of workers are written at most so often.
const WRITE: Duration = Duration::from_secs(1);

/// Serves until asked to stop; then its workers have been stopped, too. `told`: what the settings say now, and whenever they
/// are read again, see [`Options::with`].
pub async fn serve(
    mut told: watch::Receiver<Options>,
    store: Store,
    queue: Queue,
    health: Health,
    stop: Stop,
) -> Result<(), SupervisorError> {
    let options = told.borrow_and_update().clone();
    // Before there is a row of it: a server that cannot be seen is not started.
    let listener = match options.listen {
        Some(address) => Some(http::listen(address).await?),
        None => None,
    };
    let holdings = Holdings::register(&store, &options).await?;
    health.leases_for(options.lease);
    let endpoints = listener.map(|listener| {
        let endpoints = Endpoints::new(store.clone(), queue.clone(), health.clone(), options.version.clone());
        tokio::spawn(http::serve(listener, endpoints))
    });
    let (events, heard) = mpsc::channel(WAITING);
    tracing::info!(server = %holdings.server, name = options.name, zone = options.zone, "server started");
    let server = Server {
        scheduler: Scheduler::default(),
        triggers: Triggers::default(),
        roster: Roster::default(),
        providers: Vec::new(),
        unwritten: Vec::new(),
        stopping: None,
        notify: Notify::new(),
        options,
        store,
        queue,
        health,
        holdings,
        events,
    };
    let done = server.run(heard, told, stop).await;
    if let Some(endpoints) = endpoints {
        endpoints.abort();
    }
    done
}

struct Server {
    options: Options,
    store: Store,
    queue: Queue,
    health: Health,
    holdings: Holdings,
    roster: Roster,
    scheduler: Scheduler,
    triggers: Triggers,
    providers: Vec<Served>,
    events: mpsc::Sender<Event>,
    notify: Notify,
    /// Ends of workers that the database does not know yet.
    unwritten: Vec<(WorkerId, End)>,
    /// When and why it was asked to stop.
    stopping: Option<(Instant, String)>,
}

/// Something done from time to time.
struct Every(Duration, Option<Instant>);

impl Every {
    fn is_due(&mut self) -> bool {
        let due = self.1.is_none_or(|last| last.elapsed() >= self.0);
        if due {
            self.1 = Some(Instant::now());
        }
        due
    }

    fn hurry(&mut self) {
        self.1 = None;
    }
}

impl Server {
    async fn run(
        mut self,
        mut heard: mpsc::Receiver<Event>,
        mut told: watch::Receiver<Options>,
        stop: Stop,
    ) -> Result<(), SupervisorError> {
        let mut renew = Every(self.options.lease / 3, None);
        let (mut look, mut measure) = (Every(self.options.tick, None), Every(MEASURE, None));
        let (mut write, mut tick) = (Every(WRITE, None), Every(self.options.tick, None));
        loop {
            self.health.turned();
            self.notify.turned();
            if self.stopping.is_none() && stop.was_asked() {
                let why = stop.why().unwrap_or_default();
                tracing::info!(why, "stopping: workers drain");
                self.stopping = Some((Instant::now(), why));
                self.health.stops();
                self.notify.stops();
                self.holdings.state = ServerState::Draining;
                renew.hurry();
            }
            // An error says that nobody will read the settings again.
            if told.has_changed().unwrap_or(false) {
                self.options = told.borrow_and_update().clone();
                (look.0, tick.0) = (self.options.tick, self.options.tick);
            }
            if look.is_due() {
                self.look().await;
            }
            if renew.is_due() {
                self.renew().await;
            }
            if measure.is_due() {
                self.roster.measure();
            }
            // Before anybody is judged by when he was last heard: looking may have taken long.
            while let Ok(event) = heard.try_recv() {
                self.heard(event).await;
            }
            self.reconcile().await;
            if self.stopping.is_some() && self.roster.is_empty() {
                break;
            }
            if tick.is_due() && self.stopping.is_none() {
                self.trigger().await;
            }
            if write.is_due() {
                self.write().await;
                self.notify.status(self.status());
            }
            tokio::select! {
                Some(event) = heard.recv() => self.heard(event).await,
                () = tokio::time::sleep(TURN) => {}
                () = stop.asked(), if self.stopping.is_none() => {}
            }
            while let Ok(event) = heard.try_recv() {
                self.heard(event).await;
            }
        }
        self.write().await;
        let why = self.stopping.map_or_else(String::new, |(_, why)| why);
        fleet::end_server(&self.store, self.holdings.server, &why).await?;
        tracing::info!(why, "server stopped");
        Ok(())
    }

    /// One line for people.
    fn status(&self) -> String {
        let mine = self.providers.iter().filter(|p| self.holdings.has(&of_provider(p.id))).count();
        let (state, workers) = (self.holdings.state.name(), self.roster.len());
        let trouble = self.health.current_trouble().map_or(String::new(), |trouble| format!("; {trouble}"));
        format!("{state}: {workers} workers, {mine} of {} providers{trouble}", self.providers.len())
    }

    async fn look(&mut self) {
        match fleet::served(&self.store).await {
            Ok(providers) => self.providers = providers,
            Err(error) => self.health.trouble(&error.to_string()),
        }
    }

    async fn renew(&mut self) {
        match self.holdings.renew(&self.store, &self.options, &self.providers).await {
            Ok(()) => {
                if self.holdings.state == ServerState::Starting {
                    // From its next renewal on it takes part, and others count on it.
                    self.holdings.state = ServerState::Running;
                    if let Err(error) = self.holdings.renew(&self.store, &self.options, &self.providers).await {
                        self.health.trouble(&error.to_string());
                        return;
                    }
                }
                self.health.renewed();
                self.notify.ready();
            }
            Err(error) => {
                self.health.trouble(&error.to_string());
                // Others may take this server for lost, and its workers with it: when the database is back, they are told.
                self.roster.not_written();
            }
        }
    }

    async fn reconcile(&mut self) {
        let desired = match self.stopping {
            Some(_) => std::collections::BTreeMap::new(),
            None => desired(&self.options, &self.providers, |p| self.holdings.has(&of_provider(p.id))),
        };
        let (seen, barred) = (self.roster.seen(), self.roster.barred());
        let limits = |kind: &str| self.options.limits(kind);
        for action in actions(&desired, &seen, &barred, limits, Instant::now()) {
            match action {
                Action::Start(place) => {
                    let wanted = desired[&place].clone();
                    self.start(place, wanted).await;
                }
                Action::Drain(id, why) => {
                    let why = self.stopping.as_ref().map_or(why, |_| "its server stops".to_owned());
                    tracing::info!(worker = %id, why, "asking a worker to stop");
                    self.roster.ask_to_stop(id, &why);
                }
                Action::Retire(id, why) => {
                    tracing::info!(worker = %id, why, "asking a worker to stop after its job");
                    self.roster.ask_to_retire(id, &why);
                }
                Action::Kill(id, why) => {
                    tracing::warn!(worker = %id, why, "killing a worker");
                    self.roster.kill(id, &why);
                }
            }
        }
        if let Some((since, _)) = &self.stopping
            && since.elapsed() > self.options.drain
        {
            for worker in seen {
                self.roster.kill(worker.id, "its server had no more time");
            }
        }
        if let Err(error) = self.holdings.release_left(&self.store, &self.roster).await {
            self.health.trouble(&error.to_string());
        }
    }

    async fn start(&mut self, place: Place, wanted: Wanted) {
        let id = WorkerId::new();
        let new = NewWorker {
            id,
            server: self.holdings.server,
            kind: place.kind.to_owned(),
            provider: place.provider,
            slot: place.slot,
            host: self.options.host.clone(),
            generation: wanted.generation,
            restarts: self.roster.restarts(&place),
        };
        if let Err(error) = fleet::add_worker(&self.store, &new).await {
            // The provider has just gone: looked at again at the next turn. So is it when the database is away, which is no
            // fault of this place: when it is back, nobody is to wait.
            self.health.trouble(&error.to_string());
            if !error.is_transient() {
                self.roster.unstartable(&place, &self.options.back_off());
            }
            return;
        }
        match Process::start(&self.options.program, id, &place, &wanted, self.events.clone()) {
            Ok(process) => {
                tracing::info!(worker = %id, pid = process.pid, provider = wanted.name, "{place} started");
                self.roster.add(id, place, &wanted, process);
            }
            Err(error) => {
                tracing::error!(%error, "{place} cannot be started");
                self.roster.unstartable(&place, &self.options.back_off());
                let reason = format!("its process cannot be started: {error}");
                self.end_row(id, End { state: WorkerState::Failed, reason, pid: 0 }).await;
            }
        }
    }

    async fn heard(&mut self, event: Event) {
        match event {
            Event::Said(id, line) => self.roster.said(id, line),
            Event::Ended(id, status) => {
                let Some(end) = self.roster.ended(id, status, &self.options.back_off()) else { return };
                if end.state == WorkerState::Stopped {
                    tracing::info!(worker = %id, reason = end.reason, "worker stopped");
                } else {
                    tracing::warn!(worker = %id, reason = end.reason, "worker ended");
                }
                self.end_row(id, end).await;
            }
        }
    }

    /// Writes the end down and frees what the dead process held, which nobody else will give back. Tried again until it is
    /// written: a row that never ends would keep its provider from being removed.
    async fn end_row(&mut self, id: WorkerId, end: End) {
        if let Err(error) = self.try_end_row(id, &end).await {
            self.health.trouble(&error.to_string());
            self.unwritten.push((id, end));
        }
    }

    async fn try_end_row(&self, id: WorkerId, end: &End) -> Result<(), SupervisorError> {
        let owner = id.holder(&self.options.host, end.pid);
        self.store.free_leases_of(&owner).await?;
        self.queue.free(&owner).await?;
        Ok(fleet::end_worker(&self.store, id, end.state, &end.reason).await?)
    }

    async fn write(&mut self) {
        for (id, end) in std::mem::take(&mut self.unwritten) {
            self.end_row(id, end).await;
        }
        let news = self.roster.news();
        if let Err(error) = fleet::report_workers(&self.store, &news).await {
            self.roster.not_written();
            self.health.trouble(&error.to_string());
        }
    }

    async fn trigger(&mut self) {
        let mine: Vec<_> = self.providers.iter().filter(|p| self.holdings.has(&of_provider(p.id))).cloned().collect();
        if let Err(error) = self.triggers.pull(&self.options, &self.queue, &mine).await {
            self.health.trouble(&error.to_string());
        }
        if self.holdings.has(SCHEDULER)
            && let Err(error) = self.scheduler.tick(&self.options, &self.store, &self.queue, &self.providers).await
        {
            self.health.trouble(&error.to_string());
        }
    }
}
