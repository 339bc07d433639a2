//! Timestamps as OpenStack's services write them, read by hand: a server has five, and a general parser would cost more
//! than the rest of its record.
//!
//! `2026-11-22T08:28:28Z`, `2026-11-22T08:34:06.000000`, `2026-11-22 07:32:57`, `2026-11-22T08:28:28+00:00`. Those
//! without a zone are UTC.

/// Microseconds since 1970-01-01T00:00:00Z; none when it is no such time.
pub(crate) fn micros(text: &str) -> Option<i64> {
    let b = text.as_bytes();
    let (year, month, day) = (digits(b, 0, 4)?, digits(b, 5, 2)?, digits(b, 8, 2)?);
    let (hour, minute, second) = (digits(b, 11, 2)?, digits(b, 14, 2)?, digits(b, 17, 2)?);
    let shape = b[4] == b'-' && b[7] == b'-' && matches!(b[10], b'T' | b' ' | b't') && b[13] == b':' && b[16] == b':';
    let possible = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day) && hour < 24 && minute < 60;
    if !shape || !possible || second > 60 {
        return None;
    }
    let (fraction, rest) = fraction(&b[19..])?;
    let offset = offset_seconds(rest)?;
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - offset;
    Some(seconds * 1_000_000 + fraction)
}

fn digits(b: &[u8], at: usize, count: usize) -> Option<i64> {
    let mut value = 0;
    for digit in b.get(at..at + count)? {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Some(value)
}

/// Microseconds after the point, and what follows them.
fn fraction(b: &[u8]) -> Option<(i64, &[u8])> {
    let Some(b) = b.strip_prefix(b".") else { return Some((0, b)) };
    let len = b.iter().take_while(|d| d.is_ascii_digit()).count();
    let mut micros = 0;
    for place in 0..6 {
        micros = micros * 10 + b.get(place).filter(|_| place < len).map_or(0, |d| i64::from(d - b'0'));
    }
    (len > 0).then_some((micros, &b[len..]))
}

fn offset_seconds(b: &[u8]) -> Option<i64> {
    let sign = match b.first() {
        None => return Some(0),
        Some(b'Z' | b'z') => return (b.len() == 1).then_some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let minutes = match b.len() {
        3 => 0,
        5 => digits(b, 3, 2)?,
        6 if b[3] == b':' => digits(b, 4, 2)?,
        _ => return None,
    };
    Some(sign * (digits(b, 1, 2)? * 3_600 + minutes * 60))
}

const fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar: years are counted from March, so that a leap day comes last
/// (H. Hinnant, "chrono-compatible low-level date algorithms").
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::micros;

    #[test]
    fn agrees_with_a_general_parser() {
        for text in [
            "1970-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2000-02-29T12:30:45Z",
            "2024-02-29T23:59:59.999999Z",
            "2026-11-22T08:28:28+00:00",
            "2026-11-22T08:28:28.5-05:30",
            "2100-03-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
        ] {
            let expected: jiff::Timestamp = text.parse().expect("a time");
            assert_eq!(micros(text), Some(expected.as_microsecond()), "{text}");
        }
    }

    #[test]
    fn times_without_a_zone_are_utc() {
        let expected = micros("2026-11-22T08:34:06Z");
        for text in ["2026-11-22T08:34:06.000000", "2026-11-22 08:34:06", "2026-11-22T08:34:06", "2026-11-22T08:34:06+00"] {
            assert_eq!(micros(text), expected, "{text}");
        }
        assert_eq!(micros("2026-11-22T08:34:06.000001"), expected.map(|t| t + 1));
        assert_eq!(micros("2026-11-22T08:34:06.0000019"), expected.map(|t| t + 1));
    }

    #[test]
    fn nonsense_is_not_a_time() {
        for text in [
            "",
            "now",
            "2026-11-22",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-22T24:00:00Z",
            "2026-11-22T00:60:00Z",
            "2026/11/22T00:00:00Z",
            "2026-11-22T00:00:00Zulu",
            "2026-11-22T00:00:00.",
            "2026-11-22T00:00:00+1",
            "２026-11-22T00:00:00Z",
            "2026-11-22T00:00:0",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
