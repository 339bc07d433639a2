//! Values as people read them: `8 GiB`, `3 d ago`. Machine formats never come here.

use stocktake_model::Unit;

pub(crate) const NOTHING: &str = "–";

/// A number with its unit, in the unit a person would choose.
pub(crate) fn number(value: i64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => size(value, 0),
        Unit::MiB => size(value, 2),
        Unit::GiB => size(value, 3),
        Unit::Seconds => seconds(value),
        Unit::None | Unit::Count => value.to_string(),
        Unit::Percent => format!("{value} %"),
        Unit::MHz | Unit::Mbps => format!("{value} {}", unit.symbol()),
    }
}

pub(crate) fn float(value: f64, unit: Unit) -> String {
    let text = format!("{value:.2}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    match unit {
        Unit::None | Unit::Count => text.to_owned(),
        unit => format!("{text} {}", unit.symbol()),
    }
}

/// Bytes: `1.5 MiB`.
pub(crate) fn bytes(value: u64) -> String {
    size(i64::try_from(value).unwrap_or(i64::MAX), 0)
}

const SIZES: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

fn size(value: i64, mut step: usize) -> String {
    let mut shown = value as f64;
    // Small counts of bytes are exact things: an MTU, a block.
    if step == 0 && value < 10_000 {
        return format!("{value} B");
    }
    // −1 and the like mean "no limit" in quotas; they are not sizes.
    if value < 0 {
        return value.to_string();
    }
    while shown >= 1024.0 && step + 1 < SIZES.len() {
        shown /= 1024.0;
        step += 1;
    }
    let digits = usize::from(shown.fract() != 0.0 && shown < 100.0);
    format!("{shown:.digits$} {}", SIZES[step])
}

/// `1 h 12 min`, the two largest parts.
pub(crate) fn seconds(total: i64) -> String {
    let parts = [(86400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = total.max(0);
    let mut shown = Vec::new();
    for (size, name) in parts {
        if rest >= size && shown.len() < 2 {
            shown.push(format!("{} {name}", rest / size));
        }
        rest %= size;
        if shown.len() == 1 && rest * 20 < total {
            break;
        }
    }
    if shown.is_empty() { "0 s".to_owned() } else { shown.join(" ") }
}

/// `840 ms`, `12.4 s`, `3 min 5 s`.
pub(crate) fn millis(value: u64) -> String {
    match value {
        0..1000 => format!("{value} ms"),
        1000..60_000 => format!("{:.1} s", value as f64 / 1000.0),
        _ => seconds((value / 1000) as i64),
    }
}

/// How long ago a moment was; both in microseconds since 1970.
pub(crate) fn ago(moment: i64, now: i64) -> String {
    let (gone, ahead) = ((now - moment) / 1_000_000, moment > now);
    let seconds = gone.abs();
    let (value, unit) = match seconds {
        0..5 => return "now".to_owned(),
        5..60 => (seconds, "s"),
        60..3600 => (seconds / 60, "min"),
        3600..86400 => (seconds / 3600, "h"),
        86400..31_536_000 => (seconds / 86400, "d"),
        _ => (seconds / 31_536_000, "y"),
    };
    if ahead { format!("in {value} {unit}") } else { format!("{value} {unit} ago") }
}

/// `2026-01-31T10:00:00Z`, as machine formats write it too.
pub(crate) fn moment(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |t| t.to_string())
}

/// `1 row`, `2 rows`, `12,345 rows`.
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// `12,345`
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(number(8192, Unit::MiB), "8 GiB");
        assert_eq!(number(1536, Unit::MiB), "1.5 GiB");
        assert_eq!(number(512, Unit::MiB), "512 MiB");
        assert_eq!(number(20, Unit::GiB), "20 GiB");
        assert_eq!(number(2048, Unit::GiB), "2 TiB");
        assert_eq!(number(0, Unit::Bytes), "0 B");
        assert_eq!(number(1500, Unit::Bytes), "1500 B");
        assert_eq!(number(13_287_936, Unit::Bytes), "12.7 MiB");
        assert_eq!(number(-1, Unit::MiB), "-1");
        assert_eq!(number(i64::MAX, Unit::GiB), "8589934592 EiB");
    }

    #[test]
    fn spans() {
        assert_eq!(seconds(0), "0 s");
        assert_eq!(seconds(61), "1 min");
        assert_eq!(seconds(75), "1 min 15 s");
        assert_eq!(seconds(4320), "1 h 12 min");
        assert_eq!(seconds(90_000), "1 d");
        assert_eq!(seconds(100_000), "1 d 3 h");
        assert_eq!(millis(840), "840 ms");
        assert_eq!(millis(12_400), "12.4 s");
        assert_eq!(ago(0, 3_000_000), "now");
        assert_eq!(ago(0, 3 * 86_400_000_000), "3 d ago");
        assert_eq!(ago(120_000_000, 0), "in 2 min");
    }

    #[test]
    fn counts() {
        assert_eq!((thousands(7), thousands(1234), thousands(1_234_567)), ("7".into(), "1,234".into(), "1,234,567".into()));
        assert_eq!(counted(1, "row", "rows"), "1 row");
        assert_eq!(float(0.5, Unit::None), "0.5");
        assert_eq!(float(16.0, Unit::Percent), "16 %");
    }
}
