//! Waiting with something to look at: on a terminal, on standard error, and nowhere else. Knows what a refresh tells,
//! not how it works.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use stocktake_model::Listed;
use stocktake_provider::Progress;
use stocktake_refresh::{Observer, Phase};

use crate::app::App;
use crate::output::Paint;
use crate::output::human::thousands;

/// Watches one refresh.
pub(crate) struct Bars {
    shown: Option<Shown>,
}

struct Shown {
    all: MultiProgress,
    phase: ProgressBar,
    listings: Mutex<Listings>,
    paint: Paint,
}

/// What is being listed, with its line, and what is done.
#[derive(Default)]
struct Listings {
    running: HashMap<&'static str, (ProgressBar, u64)>,
    done: u64,
    records: u64,
}

const TICK: Duration = Duration::from_millis(120);

impl Bars {
    /// Shows nothing in a pipe, when told to be quiet, or when log lines would be torn.
    pub(crate) fn new(app: &App, what: &str) -> Self {
        let wanted = console::user_attended_stderr() && !app.global.quiet && app.global.verbose == 0;
        Self { shown: wanted.then(|| Shown::new(what, Paint::new(app.global.color_err()))) }
    }

    pub(crate) fn end(&self) {
        if let Some(shown) = &self.shown {
            shown.listings().running.drain().for_each(|(_, (bar, _))| bar.finish_and_clear());
            shown.phase.finish_and_clear();
            let _ = shown.all.clear();
        }
    }

    /// A count that goes on, for work that has no listings.
    pub(crate) fn count(&self, text: &str) {
        if let Some(shown) = &self.shown {
            shown.phase.set_message(text.to_owned());
        }
    }
}

impl Shown {
    fn new(what: &str, paint: Paint) -> Self {
        let all = MultiProgress::new();
        let phase = all.add(spinner("{spinner} {prefix} {msg} {elapsed}"));
        phase.set_prefix(what.to_owned());
        phase.enable_steady_tick(TICK);
        Self { all, phase, listings: Mutex::default(), paint }
    }

    fn listings(&self) -> MutexGuard<'_, Listings> {
        self.listings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn started(&self, listing: &'static str) {
        let bar = self.all.insert_before(&self.phase, spinner("  {spinner} {prefix:22} {msg}"));
        bar.set_prefix(listing);
        bar.enable_steady_tick(TICK);
        self.listings().running.insert(listing, (bar, 0));
    }

    fn records(&self, listing: &'static str, records: u64) {
        if let Some((bar, seen)) = self.listings().running.get_mut(listing) {
            *seen = records;
            bar.set_message(thousands(records));
        }
    }

    fn ended(&self, listing: &'static str, listed: &Listed) {
        let records = {
            let mut listings = self.listings();
            let records = listings.running.remove(listing).map_or(0, |(bar, records)| {
                bar.finish_and_clear();
                records
            });
            listings.done += 1;
            listings.records += records;
            let told = format!("collecting: {} listings, {} records", listings.done, thousands(listings.records));
            self.phase.set_message(told);
            records
        };
        let paint = self.paint;
        // What went well makes room; what did not stays to be read.
        let line = match listed {
            Listed::Complete | Listed::NotAsked { .. } => return,
            Listed::Partial { errors } => {
                format!("  {} {listing:22} {}, {}", paint.warn("!"), thousands(records), paint.warn(&errors.join("; ")))
            }
            Listed::Failed { error } => format!("  {} {listing:22} {}", paint.bad("✗"), paint.bad(error)),
        };
        let _ = self.all.println(line);
    }
}

fn spinner(template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    ProgressBar::new_spinner().with_style(style.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ "))
}

impl Observer for Bars {
    fn phase(&self, phase: Phase) {
        if let Some(shown) = &self.shown {
            shown.phase.set_message(phase.name());
        }
    }

    fn progress(&self, progress: &Progress) {
        let Some(shown) = &self.shown else { return };
        match progress {
            Progress::Started { listing } => shown.started(listing),
            Progress::Records { listing, records } => shown.records(listing, *records),
            Progress::Ended { listing, listed } => shown.ended(listing, listed),
            Progress::Notice(text) => {
                let _ = shown.all.println(format!("  {} {text}", shown.paint.warn("!")));
            }
        }
    }
}
