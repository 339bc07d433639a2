//! Lengths of time as people write them: `500ms`, `15s`, `1h30m`, `7d`.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Value, text};
use crate::plain::Plain;

/// Milliseconds, largest first. A day is 24 hours.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Whole numbers with units, added up. The error says what is wrong.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let bad = |why: &str| format!("'{text}' is not a duration: {why}; write 500ms, 15s, 1h30m or 7d");
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(bad("it is empty"));
    }
    let mut millis = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() {
            return Err(bad("a number is missing"));
        }
        if unit.is_empty() {
            return Err(bad("a unit is missing"));
        }
        let Some((_, each)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(bad(&format!("there is no unit '{unit}'")));
        };
        let part = number.parse::<u64>().ok().and_then(|n| n.checked_mul(*each)).and_then(|m| m.checked_add(millis));
        millis = part.ok_or_else(|| bad("it is too long"))?;
        rest = tail.trim_start();
    }
    Ok(Duration::from_millis(millis))
}

/// The shortest text that reads as the same duration, to the millisecond. One day is `24h`, two are `2d`.
pub fn show_duration(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, each) in UNITS {
        let days_of_hours = unit == "d" && (rest < 2 * each || rest % each != 0);
        if rest >= each && !days_of_hours {
            let _ = write!(text, "{}{unit}", rest / each);
            rest %= each;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

impl Value for Duration {
    const FORM: &'static str = "a duration: 500ms, 15s, 1h30m, 7d";

    fn read(plain: &Plain) -> Result<Self, String> {
        parse_duration(text(plain, Self::FORM)?)
    }

    fn shown(&self) -> Plain {
        Plain::Text(show_duration(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_shown() {
        let cases = [("500ms", 500), ("1s", 1000), ("90s", 90_000), ("1h30m", 5_400_000), ("1h 30m", 5_400_000)];
        for (text, millis) in cases {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        let shown =
            [(0, "0s"), (500, "500ms"), (90_000, "1m30s"), (86_400_000, "24h"), (604_800_000, "7d"), (1001, "1s1ms")];
        for (millis, text) in shown {
            assert_eq!(show_duration(Duration::from_millis(millis)), text);
        }
        assert_eq!(show_duration(Duration::from_hours(49)), "49h");
    }

    #[test]
    fn what_is_no_duration_is_told() {
        for (text, why) in [
            ("", "it is empty"),
            ("15", "a unit is missing"),
            ("s", "a number is missing"),
            ("-1s", "a number is missing"),
            ("1.5h", "a unit is missing"),
            ("3 weeks", "a unit is missing"),
            ("3weeks", "there is no unit 'weeks'"),
            ("99999999999999d", "it is too long"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_the_same(millis in 0_u64..u64::MAX / 2) {
            let duration = Duration::from_millis(millis);
            proptest::prop_assert_eq!(parse_duration(&show_duration(duration)), Ok(duration));
        }
    }
}
