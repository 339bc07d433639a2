//! Values as people write them: `10GiB`, `2026-01-31`, `-2h`, `yes`. Pure: the time now is given.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use stocktake_model::Unit;

/// Factors of size suffixes, to bytes. `10G` is 10 GiB: what a person means who looks at memory and disks.
const SIZES: &[(&str, f64)] = &[
    ("", 1.0),
    ("b", 1.0),
    ("k", 1024.0),
    ("kib", 1024.0),
    ("kb", 1e3),
    ("m", 1048576.0),
    ("mib", 1048576.0),
    ("mb", 1e6),
    ("g", 1073741824.0),
    ("gib", 1073741824.0),
    ("gb", 1e9),
    ("t", 1099511627776.0),
    ("tib", 1099511627776.0),
    ("tb", 1e12),
    ("p", 1125899906842624.0),
    ("pib", 1125899906842624.0),
    ("pb", 1e15),
];
const SECONDS: &[(&str, f64)] = &[("", 1.0), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86400.0), ("w", 604800.0)];
const MHZ: &[(&str, f64)] = &[("", 1.0), ("mhz", 1.0), ("ghz", 1000.0)];
const MBPS: &[(&str, f64)] = &[("", 1.0), ("mbit/s", 1.0), ("gbit/s", 1000.0), ("m", 1.0), ("g", 1000.0)];
const PERCENT: &[(&str, f64)] = &[("", 1.0), ("%", 1.0)];
const PLAIN: &[(&str, f64)] = &[("", 1.0)];

/// A number in the unit of its column. Without a suffix it is in that unit already.
pub(super) fn number(text: &str, unit: Unit) -> Result<f64, String> {
    let trimmed = text.trim();
    let split = trimmed.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | '-' | '+')).unwrap_or(trimmed.len());
    let (digits, suffix) = trimmed.split_at(split);
    let suffix = suffix.trim().to_ascii_lowercase();
    let value: f64 = digits.parse().map_err(|_| format!("'{text}' is not a number"))?;
    let (suffixes, own) = match unit {
        Unit::Bytes => (SIZES, 1.0),
        Unit::MiB => (SIZES, 1048576.0),
        Unit::GiB => (SIZES, 1073741824.0),
        Unit::Seconds => (SECONDS, 1.0),
        Unit::MHz => (MHZ, 1.0),
        Unit::Mbps => (MBPS, 1.0),
        Unit::Percent => (PERCENT, 1.0),
        Unit::None | Unit::Count => (PLAIN, 1.0),
    };
    if suffix.is_empty() {
        return Ok(value);
    }
    let factor = suffixes.iter().find(|(name, _)| *name == suffix).map(|(_, factor)| factor);
    let factor = factor.ok_or_else(|| match unit {
        Unit::None | Unit::Count => format!("'{text}' is not a plain number"),
        unit => format!("'{suffix}' is not a unit this column understands; it is in {}", unit.symbol()),
    })?;
    Ok(value * factor / own)
}

/// Microseconds since 1970: a moment (`2026-01-31T10:00:00Z`), a day (`2026-01-31`, UTC), `now`, or a time before or
/// after now (`-2h`, `-7d`).
pub fn time(text: &str, now: Timestamp) -> Result<i64, String> {
    let bad = || format!("'{text}' is not a time; write 2026-01-31, 2026-01-31T10:00:00Z, or -2h for two hours ago");
    let text = text.trim();
    if text == "now" {
        return Ok(now.as_microsecond());
    }
    if text.starts_with(['-', '+']) {
        let seconds = number(text, Unit::Seconds).map_err(|_| bad())?;
        let span = SignedDuration::try_from_secs_f64(seconds).map_err(|_| bad())?;
        return now.checked_add(span).map(Timestamp::as_microsecond).map_err(|_| bad());
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_microsecond());
    }
    let civil = text.parse::<jiff::civil::DateTime>().map_err(|_| bad())?;
    civil.to_zoned(TimeZone::UTC).map(|z| z.timestamp().as_microsecond()).map_err(|_| bad())
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "t" | "1" | "on" => Ok(true),
        "false" | "no" | "f" | "0" | "off" => Ok(false),
        _ => Err(format!("'{text}' is neither true nor false")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_in_the_columns_unit() {
        assert_eq!(number("4096", Unit::MiB), Ok(4096.0));
        assert_eq!(number("4GiB", Unit::MiB), Ok(4096.0));
        assert_eq!(number("1.5 g", Unit::MiB), Ok(1536.0));
        assert_eq!(number("10GiB", Unit::Bytes), Ok(10737418240.0));
        assert_eq!(number("10GB", Unit::Bytes), Ok(1e10));
        assert_eq!(number("2h", Unit::Seconds), Ok(7200.0));
        assert_eq!(number("-1", Unit::None), Ok(-1.0));
        assert!(number("10GiB", Unit::Count).is_err());
        assert!(number("10 cats", Unit::Bytes).is_err());
        assert!(number("many", Unit::Bytes).is_err());
        assert!(number("", Unit::Bytes).is_err());
    }

    #[test]
    fn times() {
        let now: Timestamp = "2026-02-03T04:05:06Z".parse().expect("now");
        let day = 86_400_000_000;
        assert_eq!(time("now", now), Ok(now.as_microsecond()));
        assert_eq!(time("-2d", now), Ok(now.as_microsecond() - 2 * day));
        assert_eq!(time("1970-01-02", now), Ok(day));
        assert_eq!(time("1970-01-02T00:00:01", now), Ok(day + 1_000_000));
        assert_eq!(time("1970-01-02T01:00:00+01:00", now), Ok(day));
        assert!(time("yesterday", now).unwrap_err().contains("-2h"));
        assert!(time("-999999999999d", now).is_err());
    }
}
