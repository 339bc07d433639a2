//! Amounts of memory: `512MiB`, `2GiB`, `1GB`.

use std::fmt;
use std::str::FromStr;

use super::{Value, text};
use crate::plain::Plain;

/// Bytes. `GiB` is 2³⁰, `GB` is 10⁹; a letter alone is the power of two, as in filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1000),
    ("B", 1),
];

impl ByteSize {
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }

    pub const fn gib(n: u64) -> Self {
        Self(n << 30)
    }
}

impl FromStr for ByteSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("'{text}' is not a size: {why}; write 512MiB, 2GiB or 1GB");
        let trimmed = text.trim();
        let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
        let (number, unit) = trimmed.split_at(digits);
        let unit = unit.trim();
        if number.is_empty() {
            return Err(bad("a number is missing"));
        }
        if unit.is_empty() {
            return Err(bad("a unit is missing"));
        }
        let full = if unit.len() == 1 && !unit.eq_ignore_ascii_case("B") { format!("{unit}iB") } else { unit.to_owned() };
        let found = UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&full));
        let (_, each) = found.ok_or_else(|| bad(&format!("there is no unit '{unit}'")))?;
        let bytes = number.parse::<u64>().ok().and_then(|n| n.checked_mul(*each));
        bytes.map(Self).ok_or_else(|| bad("it is too large"))
    }
}

/// The largest unit that leaves no fraction.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |(_, each): &&(&str, u64)| self.0 >= *each && self.0.is_multiple_of(*each);
        let (unit, each) = UNITS.iter().find(fits).copied().unwrap_or(("B", 1));
        write!(f, "{}{unit}", self.0 / each)
    }
}

impl Value for ByteSize {
    const FORM: &'static str = "a size: 512MiB, 2GiB, 1GB";

    fn read(plain: &Plain) -> Result<Self, String> {
        text(plain, Self::FORM)?.parse()
    }

    fn shown(&self) -> Plain {
        super::shown(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes, shown) in [
            ("2GiB", 2 << 30, "2GiB"),
            ("2g", 2 << 30, "2GiB"),
            ("1536 MiB", 1536 << 20, "1536MiB"),
            ("1GB", 1_000_000_000, "1GB"),
            ("12B", 12, "12B"),
        ] {
            let size: ByteSize = text.parse().expect(text);
            assert_eq!((size.0, size.to_string().as_str()), (bytes, shown));
        }
        for text in ["", "12", "GiB", "-1GiB", "1.5GiB", "3 bananas", "99999999999TiB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }
}
