//! The workers of this server: their processes, what each last said, and the places they left.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use stocktake_store::fleet::{WorkerId, WorkerReport, WorkerState};
use stocktake_worker::{StatusLine, WorkerStage};

use crate::child::Process;
use crate::place::{Place, Wanted};
use crate::proc;
use crate::reconcile::{Seen, Stage};
use crate::vacancy::{BackOff, Vacancy};

/// A worker's row is written anew at least so often while it lives.
const HEARTBEAT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) process: Process,
    pub(crate) place: Place,
    generation: i64,
    settings: u64,
    stage: Stage,
    since: Instant,
    started: Instant,
    heard: Instant,
    progressed: Instant,
    line: StatusLine,
    rss: u64,
    cpu: Duration,
    /// Why it was asked to stop, and whether it was killed after all.
    asked: Option<String>,
    /// Whether it may finish its job first.
    retiring: bool,
    killed: bool,
    /// Whether its row is behind, and what is new since it was written.
    stale: bool,
    news: (bool, bool),
    written: Option<Instant>,
}

/// How a worker ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) state: WorkerState,
    pub(crate) reason: String,
    pub(crate) pid: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Roster {
    workers: BTreeMap<WorkerId, Worker>,
    vacancies: BTreeMap<Place, Vacancy>,
}

impl Roster {
    pub(crate) fn add(&mut self, id: WorkerId, place: Place, wanted: &Wanted, process: Process) {
        let now = Instant::now();
        let worker = Worker {
            process,
            place,
            generation: wanted.generation,
            settings: wanted.settings,
            stage: Stage::Starting,
            since: now,
            started: now,
            heard: now,
            progressed: now,
            line: StatusLine::default(),
            rss: 0,
            cpu: Duration::ZERO,
            asked: None,
            retiring: false,
            killed: false,
            stale: true,
            news: (false, false),
            written: None,
        };
        self.workers.insert(id, worker);
    }

    pub(crate) fn said(&mut self, id: WorkerId, line: StatusLine) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let now = Instant::now();
        worker.heard = now;
        worker.news.0 = true;
        if line.ticks != worker.line.ticks {
            worker.progressed = now;
            worker.news.1 = true;
        }
        let stage = match line.stage {
            WorkerStage::Starting => Stage::Starting,
            WorkerStage::Running | WorkerStage::Failed => Stage::Running,
            WorkerStage::Draining => Stage::Draining,
        };
        // One that was asked to stop drains, whatever it said before it heard; one that retires says when it does.
        if stage != worker.stage && (worker.asked.is_none() || worker.retiring) {
            (worker.stage, worker.since) = (stage, now);
        }
        let words = |line: &StatusLine| (line.stage, line.job, line.doing.clone(), line.progress.clone());
        worker.stale |= words(&line) != words(&worker.line);
        worker.line = line;
    }

    pub(crate) fn ask_to_stop(&mut self, id: WorkerId, why: &str) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.process.ask_to_stop();
        worker.asked.get_or_insert_with(|| why.to_owned());
        worker.retiring = false;
        (worker.stage, worker.since, worker.stale) = (Stage::Draining, Instant::now(), true);
    }

    pub(crate) fn ask_to_retire(&mut self, id: WorkerId, why: &str) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.process.ask_to_retire();
        (worker.asked, worker.retiring) = (Some(why.to_owned()), true);
    }

    pub(crate) fn kill(&mut self, id: WorkerId, why: &str) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.process.kill();
        worker.retiring = false;
        let before = worker.asked.take().map_or(String::new(), |asked| format!("{asked}; "));
        worker.asked = Some(format!("{before}{why}"));
        // Its end is heard of in a moment; it must not be killed again meanwhile.
        (worker.killed, worker.stage, worker.since) = (true, Stage::Draining, Instant::now());
    }

    /// Takes a worker off and says how it ended, and when its place is filled again.
    pub(crate) fn ended(&mut self, id: WorkerId, status: io::Result<ExitStatus>, back_off: &BackOff) -> Option<End> {
        let worker = self.workers.remove(&id)?;
        let now = Instant::now();
        let vacancy = self.vacancies.entry(worker.place.clone()).or_default();
        let (state, mut reason) = match (worker.asked, worker.killed) {
            (Some(why), true) => (WorkerState::Killed, why),
            (Some(why), false) => (WorkerState::Stopped, why),
            (None, _) => (WorkerState::Failed, how(&worker.line, status)),
        };
        if state == WorkerState::Stopped {
            vacancy.left();
        } else {
            vacancy.failed(now - worker.started, now, back_off);
            let wait = vacancy.not_before.map_or(Duration::ZERO, |at| at - now);
            let wait = format!("next start in {} s", wait.as_secs_f32().round());
            reason = if vacancy.loops(back_off) {
                format!("{reason}; crash loop: {} ends in a row, {wait}", vacancy.failures)
            } else {
                format!("{reason}; {wait}")
            };
        }
        Some(End { state, reason, pid: worker.process.pid })
    }

    /// A worker that could not even be started.
    pub(crate) fn unstartable(&mut self, place: &Place, back_off: &BackOff) {
        self.vacancies.entry(place.clone()).or_default().failed(Duration::ZERO, Instant::now(), back_off);
    }

    pub(crate) fn restarts(&self, place: &Place) -> u32 {
        self.vacancies.get(place).map_or(0, |vacancy| vacancy.restarts)
    }

    pub(crate) fn barred(&self) -> BTreeMap<Place, Instant> {
        self.vacancies.iter().filter_map(|(place, vacancy)| Some((place.clone(), vacancy.not_before?))).collect()
    }

    /// Reads memory and processor time of all.
    pub(crate) fn measure(&mut self) {
        for worker in self.workers.values_mut() {
            if let Some((rss, cpu)) = proc::usage(worker.process.pid) {
                (worker.rss, worker.cpu) = (rss, cpu);
            }
        }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        let seen = |(id, worker): (&WorkerId, &Worker)| Seen {
            id: *id,
            place: worker.place.clone(),
            generation: worker.generation,
            settings: worker.settings,
            stage: worker.stage,
            since: worker.since,
            heard: worker.heard,
            progressed: worker.progressed,
            busy: worker.line.job.is_some(),
            retiring: worker.retiring,
            doing: worker.line.doing.clone(),
            rss: worker.rss,
        };
        self.workers.iter().map(seen).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.workers.len()
    }

    pub(crate) fn has_provider(&self, provider: stocktake_store::ProviderId) -> bool {
        self.workers.values().any(|worker| worker.place.provider == Some(provider))
    }

    /// What is new of the workers: those whose words changed, and each once in a while for its heartbeat.
    pub(crate) fn news(&mut self) -> Vec<WorkerReport> {
        let now = Instant::now();
        let mut reports = Vec::new();
        for (id, worker) in &mut self.workers {
            let due = worker.written.is_none_or(|at| now - at >= HEARTBEAT);
            if !worker.stale && !due {
                continue;
            }
            let (heard, progressed) = std::mem::take(&mut worker.news);
            (worker.stale, worker.written) = (false, Some(now));
            reports.push(WorkerReport {
                id: *id,
                state: match worker.stage {
                    Stage::Starting => WorkerState::Starting,
                    Stage::Running => WorkerState::Running,
                    Stage::Draining => WorkerState::Draining,
                },
                pid: Some(worker.process.pid),
                heard,
                progressed,
                job: worker.line.job,
                doing: worker.line.doing.clone(),
                progress: worker.line.progress.clone(),
                rss_bytes: Some(worker.rss),
                cpu_millis: Some(worker.cpu.as_millis() as u64),
            });
        }
        reports
    }

    /// What was reported did not arrive.
    pub(crate) fn not_written(&mut self) {
        self.workers.values_mut().for_each(|worker| worker.stale = true);
    }
}

fn how(line: &StatusLine, status: io::Result<ExitStatus>) -> String {
    let how = match status {
        Ok(status) => match (status.code(), status.signal()) {
            (_, Some(signal)) => format!("its process was ended by signal {signal}"),
            (Some(code), _) => format!("its process ended with code {code}"),
            _ => "its process ended".to_owned(),
        },
        Err(error) => format!("its process cannot be waited for: {error}"),
    };
    match &line.doing {
        Some(why) if line.stage == WorkerStage::Failed => format!("{why} ({how})"),
        Some(doing) => format!("{how} while {doing}"),
        None => how,
    }
}
