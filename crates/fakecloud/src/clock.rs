//! Time as OpenStack writes it, and where "now" comes from.
//!
//! Rows of the untouched cloud lie in the past at fixed moments, so the same seed gives the same bytes for ever; only
//! what changes after the start takes its time from the [`Clock`]. Knows nothing of rows.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The moment the simulated cloud began: 2026-01-05T08:00:00Z. Every untouched row is younger than this by a fixed amount.
pub(crate) const GENESIS: u64 = 1_767_600_000;

/// Where "now" comes from.
#[derive(Debug)]
pub(crate) enum Clock {
    /// The machine's own clock, so many seconds ahead of it: what a client that asks `changes-since` compares with.
    Wall(i64),
    /// Starts where it is told and goes on one second per change, for tests that compare bytes after churn.
    Steps(AtomicU64),
}

impl Clock {
    /// Seconds since the epoch, without moving a stepping clock.
    pub(crate) fn now(&self) -> u64 {
        match self {
            Self::Wall(ahead) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(GENESIS, |d| d.as_secs());
                now.saturating_add_signed(*ahead)
            }
            Self::Steps(at) => at.load(Ordering::Relaxed),
        }
    }

    /// The moment of a change; moves a stepping clock on.
    pub(crate) fn tick(&self) -> u64 {
        match self {
            Self::Wall(_) => self.now(),
            Self::Steps(at) => at.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

struct Civil {
    year: u64,
    month: u64,
    day: u64,
    seconds: u64,
}

/// Days to a date by Howard Hinnant's `civil_from_days`, for dates after 1970.
fn civil(at: u64) -> Civil {
    let days = at / 86_400 + 719_468;
    let era = days / 146_097;
    let doe = days % 146_097;
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    Civil { year: yoe + era * 400 + u64::from(month <= 2), month, day: doy - (153 * mp + 2) / 5 + 1, seconds: at % 86_400 }
}

fn format(at: u64, separator: char, tail: &str) -> String {
    let c = civil(at);
    let digits = |out: &mut String, value: u64| {
        out.push(char::from(b'0' + (value / 10) as u8));
        out.push(char::from(b'0' + (value % 10) as u8));
    };
    let mut out = String::with_capacity(27);
    digits(&mut out, c.year / 100);
    digits(&mut out, c.year % 100);
    for (mark, value) in
        [('-', c.month), ('-', c.day), (separator, c.seconds / 3_600), (':', c.seconds / 60 % 60), (':', c.seconds % 60)]
    {
        out.push(mark);
        digits(&mut out, value);
    }
    out.push_str(tail);
    out
}

/// `2026-11-22T08:28:29Z`: nova's created and updated, neutron, glance.
pub(crate) fn zulu(at: u64) -> String {
    format(at, 'T', "Z")
}

/// `2026-11-22T08:31:00.000000`: cinder, and nova's younger attributes.
pub(crate) fn micros(at: u64) -> String {
    format(at, 'T', ".000000")
}

/// `2026-11-22T09:34:09.000000Z`: keystone tokens.
pub(crate) fn micros_zulu(at: u64) -> String {
    format(at, 'T', ".000000Z")
}

/// `2026-11-22 07:32:57`: neutron agents.
pub(crate) fn spaced(at: u64) -> String {
    format(at, ' ', "")
}

/// `Sun, 22 Nov 2026 08:24:11 GMT`: the header `Date`.
pub(crate) fn http(at: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let c = civil(at);
    let (day, month) = (DAYS[(at / 86_400 % 7) as usize], MONTHS[c.month as usize - 1]);
    let (hour, minute, second) = (c.seconds / 3_600, c.seconds / 60 % 60, c.seconds % 60);
    format!("{day}, {:02} {month} {} {hour:02}:{minute:02}:{second:02} GMT", c.day, c.year)
}

/// Reads `2026-11-22T08:24:11`, with or without fraction, with `Z`, an offset of zero or nothing at the end.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<u64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let tail = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let zone_is_utc = matches!(tail, "" | "Z" | "z" | "+00:00" | "-00:00" | "+0000" | " 00:00");
    if !zone_is_utc || !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    let y = year - u64::from(month <= 2);
    let doy = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let doe = y % 400 * 365 + y % 400 / 4 - y % 400 / 100 + doy;
    let days = (y / 400 * 146_097 + doe).checked_sub(719_468)?;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_reads_back() {
        assert_eq!(zulu(GENESIS), "2026-01-05T08:00:00Z");
        assert_eq!(micros(951_782_400), "2000-02-29T00:00:00.000000");
        assert_eq!(spaced(1_709_251_199), "2024-02-29 23:59:59");
        assert_eq!(http(1_709_251_199), "Thu, 29 Feb 2024 23:59:59 GMT");
        assert_eq!(http(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT", "the example of RFC 9110");
        for at in [0, 951_782_400, GENESIS, 4_102_444_799] {
            assert_eq!(parse(&zulu(at)), Some(at));
            assert_eq!(parse(&micros(at)), Some(at));
        }
        assert_eq!(parse("2026-11-22T08:24:11+02:00"), None);
        assert_eq!(parse("yesterday"), None);
    }
}
