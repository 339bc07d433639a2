//! When something is due by itself: an interval, a cron expression, or never. Pure: whoever asks says what time it is.
//!
//! Every host must compute the same tick, or one would be taken twice. So a tick depends on the schedule and its name
//! alone, never on when a host started or last looked. Cron expressions are in UTC: there is no hour that comes twice.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use xxhash_rust::xxh3::xxh3_64;

use crate::values::{parse_duration, show_duration};

const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_hours(366 * 24);

#[derive(Debug, Clone)]
pub enum Schedule {
    Off,
    /// From one second to 366 days.
    Every(Duration),
    /// Minute, hour, day of the month, month, day of the week.
    Cron(Box<Cron>),
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a schedule: {why}; write an interval (6h), a cron expression in UTC (0 3 * * *), or off")]
pub struct BadSchedule {
    text: String,
    why: String,
}

impl Schedule {
    /// A cron expression alone.
    pub fn parse_cron(text: &str) -> Result<Self, BadSchedule> {
        let bad = |why: String| BadSchedule { text: text.to_owned(), why };
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| bad(error.to_string()))?;
        // The 30th of February: better refused now than silent for ever.
        if cron.find_next_occurrence(&DateTime::constant(2000, 1, 1, 0, 0, 0, 0), true).is_err() {
            return Err(bad("no day ever fits it".to_owned()));
        }
        Ok(Self::Cron(Box::new(cron)))
    }

    /// The first tick after this moment, the same on every host. `name` is that of the schedule, `refresh:7`, and decides
    /// where within its interval, or how far behind a cron expression's moment up to `jitter`, its ticks lie. None: never.
    ///
    /// Whoever missed ticks asks with the present and gets one that lies ahead, so what was missed is made up for once at
    /// most.
    pub fn next_after(&self, now: Timestamp, name: &str, jitter: Duration) -> Option<Timestamp> {
        match self {
            Self::Off => None,
            Self::Every(interval) => {
                let every = millis(*interval).max(1);
                let phase = part(name, every / 1000) * 1000;
                let ticks = (now.as_millisecond() - phase).div_euclid(every) + 1;
                Timestamp::from_millisecond(ticks.checked_mul(every)?.checked_add(phase)?).ok()
            }
            Self::Cron(cron) => {
                // A tick is a moment of the expression, moved by the same way each time.
                let moved = part(name, millis(jitter) / 1000);
                let from = Timestamp::from_second(now.as_millisecond().div_euclid(1000).checked_sub(moved)?).ok()?;
                let next = cron.find_next_occurrence(&TimeZone::UTC.to_datetime(from), false).ok()?;
                let next = TimeZone::UTC.to_timestamp(next).ok()?;
                Timestamp::from_second(next.as_second().checked_add(moved)?).ok()
            }
        }
    }
}

/// From 0 to below `of`, always the same for a name.
fn part(name: &str, of: i64) -> i64 {
    // The remainder is below `of`, so it fits.
    u64::try_from(of).ok().filter(|of| *of > 0).map_or(0, |of| (xxh3_64(name.as_bytes()) % of) as i64)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl FromStr for Schedule {
    type Err = BadSchedule;

    fn from_str(text: &str) -> Result<Self, BadSchedule> {
        let bad = |why: String| BadSchedule { text: text.to_owned(), why };
        let trimmed = text.trim();
        if trimmed == "off" {
            return Ok(Self::Off);
        }
        if trimmed.starts_with('@') || trimmed.split_ascii_whitespace().count() > 2 {
            return Self::parse_cron(trimmed);
        }
        match parse_duration(trimmed) {
            Ok(interval) if (LEAST..=MOST).contains(&interval) => Ok(Self::Every(interval)),
            Ok(_) => Err(bad(format!("it is not between {} and {}", show_duration(LEAST), show_duration(MOST)))),
            Err(_) => Err(bad("it is none of the three".to_owned())),
        }
    }
}

/// As it is kept and read again.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::Every(interval) => f.write_str(&show_duration(*interval)),
            Self::Cron(cron) => f.write_str(cron.as_str()),
        }
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

#[cfg(test)]
#[path = "schedule_tests.rs"]
mod tests;
